//! Texts with variables as Gatus writes them: `$NAME` and `${NAME}`, with `$$` for a dollar sign.

use super::notes::Notes;

/// A text, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Phrase {
    pieces: Vec<Piece>,
    /// Where something was named that cannot be an environment variable.
    has_odd_names: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Variable(String),
}

impl Phrase {
    /// Takes a text apart. What names no variable that could ever be set comes to nothing, as it does in Gatus.
    pub fn new(text: &str) -> Self {
        let mut phrase = Self { pieces: Vec::new(), has_odd_names: false };
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            phrase.plain(&rest[..at]);
            rest = phrase.dollar(&rest[at + 1..]);
        }
        phrase.plain(rest);
        phrase
    }

    /// Takes in what follows a dollar sign; gives the rest.
    fn dollar<'a>(&mut self, after: &'a str) -> &'a str {
        if let Some(rest) = after.strip_prefix('$') {
            self.plain("$");
            return rest;
        }
        let (name, rest) = match after.strip_prefix('{') {
            Some(inside) => inside.split_once('}').unwrap_or(("", inside)),
            None => match after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                // One of the shell's own: Go takes the one character for a name.
                Some(0) if after.starts_with(['*', '#', '@', '!', '?', '-']) => after.split_at(1),
                Some(0) => {
                    self.plain("$");
                    return after;
                }
                _ if after.is_empty() => {
                    self.plain("$");
                    return after;
                }
                _ if after.starts_with(|c: char| c.is_ascii_digit()) => after.split_at(1),
                end => after.split_at(end.unwrap_or(after.len())),
            },
        };
        if is_name(name) {
            self.pieces.push(Piece::Variable(name.to_owned()));
        } else {
            self.has_odd_names = true;
        }
        rest
    }

    fn plain(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Plain(before)) => before.push_str(text),
            _ => self.pieces.push(Piece::Plain(text.to_owned())),
        }
    }

    /// The text as it is written here, with `${NAME}` for each variable.
    pub fn text(&self) -> String {
        self.text_with(str::to_owned)
    }

    /// Like [`Phrase::text`], with what stands between the variables changed.
    pub fn text_with(&self, change: impl Fn(&str) -> String) -> String {
        let written = |piece: &Piece| match piece {
            Piece::Plain(text) => change(text),
            Piece::Variable(name) => format!("${{{name}}}"),
        };
        self.pieces.iter().map(written).collect()
    }

    /// The text when no variable stands in it.
    pub fn fixed(&self) -> Option<String> {
        (!self.has_variables() && !self.has_odd_names).then(|| self.text())
    }

    /// The text for a place where variables are filled in; `at` is where it stands.
    pub fn filled(&self, at: &str, notes: &mut Notes) -> String {
        self.remark(at, notes);
        if self.pieces.iter().any(|piece| matches!(piece, Piece::Plain(text) if has_lookalike(text))) {
            notes.leave(at, "a `${NAME}` that was escaped is a variable here: nothing escapes it");
        }
        self.text()
    }

    /// Says what came to nothing.
    pub fn remark(&self, at: &str, notes: &mut Notes) {
        if self.has_odd_names {
            notes.leave(at, "a `$` names something that is no variable; Gatus puts nothing there, and so does this");
        }
    }

    /// Whether variables stand in it.
    pub fn has_variables(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Variable(_)))
    }
}

fn has_lookalike(text: &str) -> bool {
    text.split("${").skip(1).any(|rest| rest.split_once('}').is_some_and(|(name, _)| is_name(name)))
}

/// Whether a text can be the name of an environment variable.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::Phrase;
    use crate::import::notes::Notes;

    #[test]
    fn variables_and_dollar_signs_are_told_apart() {
        for (written, expected) in [
            ("https://$HOST/x", "https://${HOST}/x"),
            ("${HOST}:${PORT}", "${HOST}:${PORT}"),
            ("$A$B", "${A}${B}"),
            ("$A_1-x", "${A_1}-x"),
            ("pat(*$$5*)", "pat(*$5*)"),
            ("$$$A", "$${A}"),
            ("5$ and $, and $", "5$ and $, and $"),
            ("query($$id: ID)", "query($id: ID)"),
            ("x$1y", "xy"),
            ("${FOO:-bar}!", "!"),
            ("${}x", "x"),
            ("${open", "open"),
            ("$*x", "x"),
            ("", ""),
        ] {
            assert_eq!(Phrase::new(written).text(), expected, "{written}");
        }
    }

    #[test]
    fn what_has_variables_is_not_fixed() {
        assert_eq!(Phrase::new("a$$b").fixed().as_deref(), Some("a$b"));
        for text in ["$A", "${A}", "x${A:-b}"] {
            assert_eq!(Phrase::new(text).fixed(), None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_said_is_said() {
        for (written, remarks) in [("$${A}", 1), ("$${a b}", 0), ("${A:-b}", 1), ("$${A}${B:-c}", 2), ("$A", 0)] {
            let mut notes = Notes::default();
            Phrase::new(written).filled("body", &mut notes);
            assert_eq!(notes.left_out.len(), remarks, "{written}: {:?}", notes.left_out);
        }
    }
}
