//! Shell patterns for whole texts: `*`, `?`, `[a-z]`, `[^a-z]`, and a backslash before what is meant as it stands.

/// A pattern, checked and ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Run,
    One,
    Char(char),
    Class { inverted: bool, ranges: Vec<(char, char)> },
}

impl Part {
    fn accepts(&self, c: char) -> bool {
        match self {
            Self::Run | Self::One => true,
            Self::Char(wanted) => c == *wanted,
            Self::Class { inverted, ranges } => ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *inverted,
        }
    }
}

impl Glob {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::read(text, Dialect::Shell)
    }

    /// Reads a pattern as Go does; none when it is not one.
    pub fn go(text: &str) -> Option<Self> {
        Self::read(text, Dialect::Go).ok()
    }

    fn read(text: &str, dialect: Dialect) -> Result<Self, String> {
        let mut chars = text.chars();
        let mut parts = Vec::new();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '*' if parts.last() == Some(&Part::Run) => continue,
                '*' => Part::Run,
                '?' => Part::One,
                '\\' => Part::Char(chars.next().ok_or("the pattern ends in a backslash")?),
                '[' => class(&mut chars, dialect)?,
                c => Part::Char(c),
            });
        }
        Ok(Self(parts))
    }

    /// Whether the whole text fits. Takes at most text times pattern steps.
    pub fn matches(&self, text: &str) -> bool {
        let (mut part, mut at) = (0, 0);
        let mut retry = None; // the last run, and where in the text it may end one character later
        loop {
            let next = text[at..].chars().next();
            match (self.0.get(part), next) {
                (Some(Part::Run), _) => {
                    retry = Some((part, at));
                    part += 1;
                }
                (Some(wanted), Some(c)) if wanted.accepts(c) => {
                    part += 1;
                    at += c.len_utf8();
                }
                (None, None) => return true,
                _ => match retry {
                    Some((run, from)) if from < text.len() => {
                        let longer = from + text[from..].chars().next().map_or(1, char::len_utf8);
                        retry = Some((run, longer));
                        (part, at) = (run + 1, longer);
                    }
                    _ => return false,
                },
            }
        }
    }
}

/// How the inside of brackets is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// `!` inverts like `^`, and a bracket or hyphen may stand where it cannot be mistaken.
    Shell,
    /// Only `^` inverts, a bracket or hyphen needs its backslash, and a range that runs backwards is empty.
    Go,
}

fn class(chars: &mut std::str::Chars<'_>, dialect: Dialect) -> Result<Part, String> {
    let go = dialect == Dialect::Go;
    let inverted = chars.as_str().starts_with('^') || (!go && chars.as_str().starts_with('!'));
    if inverted {
        chars.next();
    }
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && chars.as_str().starts_with(']') {
            chars.next();
            return Ok(Part::Class { inverted, ranges });
        }
        let from = member(chars, go)?;
        let rest = chars.as_str();
        let to = if rest.starts_with('-') && (go || !rest.starts_with("-]")) {
            chars.next();
            member(chars, go)?
        } else {
            from
        };
        if to < from && !go {
            return Err(format!("the range `{from}-{to}` in the pattern runs backwards"));
        }
        ranges.push((from, to));
    }
}

fn member(chars: &mut std::str::Chars<'_>, go: bool) -> Result<char, &'static str> {
    let c = match chars.next() {
        Some('\\') => chars.next(),
        Some(']' | '-') if go => None,
        other => other,
    };
    c.ok_or("the pattern has a `[` without its `]`")
}

#[cfg(test)]
mod tests {
    use super::Glob;
    use proptest::{prop_assert, proptest};

    #[test]
    fn whole_texts_fit_or_do_not() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("*", "a/b\nc", true),
            ("", "", true),
            ("", "a", false),
            ("ok", "ok", true),
            ("ok", "ok.", false),
            ("*ok*", "it is ok now", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?", "ü", true),
            ("??", "ü", false),
            ("v[0-9].[^a-z]", "v1.X", true),
            ("v[0-9].[!a-z]", "v1.x", false),
            ("[]]", "]", true),
            ("[a-]", "-", true),
            ("[\\]a]", "]", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
        ] {
            assert_eq!(Glob::parse(pattern).unwrap().matches(text), fits, "{pattern} on {text}");
        }
        for wrong in ["[", "[a", "[]", "[^]", "a\\", "[z-a]"] {
            assert!(Glob::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn go_reads_brackets_in_its_own_way() {
        for (pattern, text, fits) in [
            ("[!a]", "!", true),
            ("[!a]", "b", false),
            ("[^a]", "b", true),
            ("[z-ab]", "b", true),
            ("[\\]\\-]", "-", true),
        ] {
            assert_eq!(Glob::go(pattern).unwrap().matches(text), fits, "{pattern} on {text}");
        }
        for wrong in ["[", "[]a]", "[a-]", "[-a]", "[a", "a\\"] {
            assert!(Glob::go(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_hard_pattern_does_not_hang() {
        let text = "a".repeat(20_000);
        assert!(!Glob::parse(&format!("{}b", "a*".repeat(50))).unwrap().matches(&text));
    }

    proptest! {
        #[test]
        fn a_text_with_its_special_characters_escaped_fits_itself(text: String) {
            let escaped: String = text.chars().flat_map(|c| ['\\', c]).collect();
            prop_assert!(Glob::parse(&escaped).unwrap().matches(&text));
        }

        #[test]
        fn no_pattern_panics(pattern: String, text: String) {
            let _ = Glob::parse(&pattern).map(|glob| glob.matches(&text));
        }

        #[test]
        fn no_pattern_of_specials_panics(pattern in r"[\\*?\[\]^!a-c\-]{0,12}", text in "[a-c\\-]{0,12}") {
            let _ = Glob::parse(&pattern).map(|glob| glob.matches(&text));
        }
    }
}
