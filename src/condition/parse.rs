//! Reads a condition, and says what is wrong with one that cannot be right.

use super::glob::Glob;
use super::json::Segment;
use super::number::Number;
use super::side::{Fact, Side, What, quantity};
use super::{Condition, Operator};
use crate::error::nearest;

const PLACEHOLDERS: [&str; 7] =
    ["[STATUS]", "[RESPONSE_TIME]", "[BODY]", "[HEADERS].name", "[CONNECTED]", "[EXIT_CODE]", "[STDOUT]"];

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    /// What is wrong, in words.
    pub message: String,
    /// Where it begins, in characters from 1.
    pub column: usize,
    /// What to write instead, or what to look at.
    pub suggestion: Option<String>,
}

/// A piece of the condition and where it begins, in bytes.
#[derive(Clone, Copy)]
struct Piece<'a> {
    whole: &'a str,
    text: &'a str,
    start: usize,
}

impl<'a> Piece<'a> {
    fn of(whole: &'a str) -> Self {
        Self { whole, text: whole, start: 0 }.trimmed()
    }

    fn trimmed(self) -> Self {
        let text = self.text.trim_start();
        Self { start: self.start + self.text.len() - text.len(), text: text.trim_end(), ..self }
    }

    fn from(self, offset: usize) -> Self {
        Self { text: &self.text[offset..], start: self.start + offset, ..self }
    }

    fn to(self, end: usize) -> Self {
        Self { text: &self.text[..end], ..self }
    }

    fn wrong(self, message: impl Into<String>) -> ConditionError {
        let column = self.whole[..self.start].chars().count() + 1;
        ConditionError { message: message.into(), column, suggestion: None }
    }
}

impl ConditionError {
    fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

/// Reads a whole condition.
pub fn condition(text: &str) -> Result<Condition, ConditionError> {
    let whole = Piece::of(text);
    let (at, sign, operator) = operator(whole.text).ok_or_else(|| no_operator(whole))?;
    let (left, right) = (whole.to(at).trimmed(), whole.from(at + sign).trimmed());
    let condition = Condition { text: whole.text.to_owned(), left: side(left)?, operator, right: side(right)? };
    check(&condition, left, right)?;
    Ok(condition)
}

/// The first operator with spaces around it: where, how long with its spaces, which. One inside parentheses only
/// counts when there is no other, for then a parenthesis was forgotten.
fn operator(text: &str) -> Option<(usize, usize, Operator)> {
    let (mut depth, mut inside) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ' ' => {
                let rest = &text[at + 1..];
                let here = |sign: &str| rest.strip_prefix(sign).is_some_and(|rest| rest.starts_with(' '));
                let found = Operator::ALL.into_iter().find(|(sign, _)| here(sign));
                match found.map(|(sign, operator)| (at, sign.len() + 2, operator)) {
                    found @ Some(_) if depth == 0 => return found,
                    found => inside = inside.or(found),
                }
            }
            _ => {}
        }
    }
    inside
}

fn no_operator(whole: Piece<'_>) -> ConditionError {
    if whole.text.is_empty() {
        return whole.wrong("the condition is empty").suggest("[STATUS] == 200");
    }
    let spaced = |at: usize, sign: &str, instead: &str| {
        let (left, right) = (whole.text[..at].trim(), whole.text[at + sign.len()..].trim());
        let right = if right.is_empty() { "…" } else { right };
        format!("{left} {instead} {right}")
    };
    for (sign, _) in Operator::ALL {
        if let Some(at) = whole.text.find(sign) {
            let nothing = whole.text[at + sign.len()..].trim().is_empty();
            let what = if nothing { "nothing stands after" } else { "a space belongs on each side of" };
            let wrong = whole.from(at).wrong(format!("{what} `{sign}`"));
            return if nothing { wrong } else { wrong.suggest(spaced(at, sign, sign)) };
        }
    }
    if let Some(at) = whole.text.find('=') {
        return whole
            .from(at)
            .wrong("`=` is no operator; `==` asks whether two sides are equal")
            .suggest(spaced(at, "=", "=="));
    }
    let instead = match whole.text {
        text if text.starts_with("has(") => format!("{text} == true"),
        text if text.eq_ignore_ascii_case("[CONNECTED]") => format!("{text} == true"),
        text if text.starts_with('[') => format!("{text} == …"),
        _ => "[STATUS] == 200".to_owned(),
    };
    whole.wrong("a condition compares two sides with ==, !=, <=, >=, < or >").suggest(instead)
}

fn side(piece: Piece<'_>) -> Result<Side, ConditionError> {
    if piece.text.is_empty() {
        return Err(piece
            .wrong("one side of the comparison is empty")
            .suggest("len([BODY]) == 0 asks for an empty text"));
    }
    Ok(Side { text: piece.text.to_owned(), what: what(piece)? })
}

fn what(piece: Piece<'_>) -> Result<What, ConditionError> {
    for name in ["len", "has", "pat", "any"] {
        let Some(rest) = piece.text.strip_prefix(name).filter(|rest| rest.starts_with('(')) else { continue };
        let Some(inner) = rest.strip_suffix(')') else {
            return Err(piece.wrong(format!("`{name}(` is never closed")).suggest(format!("{})", piece.text)));
        };
        let inner = piece.from(name.len() + 1).to(inner.len() - 1).trimmed();
        return match name {
            "len" => measured(inner, name).map(What::Length),
            "has" => measured(inner, name).map(What::Has),
            "pat" => Glob::parse(inner.text).map(What::Pattern).map_err(|problem| inner.wrong(problem)),
            _ => any(inner),
        };
    }
    Ok(match fact(piece)? {
        Some(fact) => What::Fact(fact),
        None => What::Literal(piece.text.to_owned()),
    })
}

fn measured(inner: Piece<'_>, name: &str) -> Result<Fact, ConditionError> {
    fact(inner)?.ok_or_else(|| {
        inner.wrong(format!("`{name}()` looks at something that was seen")).suggest(format!("{name}([BODY].items)"))
    })
}

fn any(inner: Piece<'_>) -> Result<What, ConditionError> {
    let texts: Vec<String> = inner.text.split(',').map(|text| text.trim().to_owned()).collect();
    if texts.iter().any(String::is_empty) {
        return Err(inner.wrong("`any()` has an empty choice").suggest("any(200, 204)"));
    }
    Ok(What::Any(texts))
}

/// A placeholder with what follows it; none when the text is no placeholder.
fn fact(piece: Piece<'_>) -> Result<Option<Fact>, ConditionError> {
    let Some(end) = piece.text.strip_prefix('[').and_then(|rest| rest.find(']')).map(|end| end + 1) else {
        return Ok(None);
    };
    let name = &piece.text[1..end];
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphabetic() || c == '_' || c == '-') {
        return Ok(None); // [1,2] is a text
    }
    let rest = piece.from(end + 1);
    let plain = |fact: Fact| {
        if rest.text.is_empty() {
            return Ok(Some(fact));
        }
        Err(rest.wrong(format!("nothing can follow `[{name}]`")).suggest(format!("[{name}]")))
    };
    match name.to_ascii_uppercase().as_str() {
        "STATUS" => plain(Fact::Status),
        "RESPONSE_TIME" => plain(Fact::ResponseTime),
        "CONNECTED" => plain(Fact::Connected),
        "EXIT_CODE" => plain(Fact::ExitCode),
        "STDOUT" => plain(Fact::Stdout),
        "BODY" if rest.text.is_empty() => Ok(Some(Fact::Body)),
        "BODY" => path(rest).map(|path| Some(Fact::BodyPath(path))),
        "HEADERS" => match rest.text.strip_prefix('.') {
            Some(header) if !header.is_empty() => Ok(Some(Fact::Header(header.to_owned()))),
            _ => Err(rest.wrong("`[HEADERS]` needs the name of a header").suggest("[HEADERS].content-type")),
        },
        upper => {
            let wanted = format!("[{upper}]");
            let near = nearest(&wanted, PLACEHOLDERS.iter().map(|known| known.trim_end_matches(".name")));
            let suggestion = near.map_or_else(|| PLACEHOLDERS.join(", "), str::to_owned);
            Err(piece.wrong(format!("`[{name}]` is nothing a probe can see")).suggest(suggestion))
        }
    }
}

/// Keys after dots and numbers in brackets: `.a.b[0][1].c`.
fn path(piece: Piece<'_>) -> Result<Vec<Segment>, ConditionError> {
    const EXAMPLE: &str = "[BODY].items[0].name";
    let mut segments = Vec::new();
    let mut rest = piece;
    while !rest.text.is_empty() {
        let bracket = rest.text.starts_with('[');
        if !bracket && !rest.text.starts_with('.') {
            return Err(rest.wrong("a path goes on with `.key` or `[0]`").suggest(EXAMPLE));
        }
        let after = &rest.text[1..];
        let end = 1 + after.find(if bracket { &[']'][..] } else { &['.', '['][..] }).unwrap_or(after.len());
        let name = &rest.text[1..end];
        if bracket {
            let index =
                name.parse().map_err(|_| rest.wrong(format!("`{name}` is no place in an array; they count from 0")));
            segments.push(Segment::Index(index.map_err(|wrong| wrong.suggest(EXAMPLE))?));
            if !rest.text[end..].starts_with(']') {
                return Err(rest.wrong("`[` is never closed").suggest(format!("{}]", rest.text)));
            }
        } else if name.is_empty() {
            return Err(rest.wrong("a key is missing after the dot").suggest(EXAMPLE));
        } else {
            segments.push(Segment::Key(name.to_owned()));
        }
        rest = rest.from(end + usize::from(bracket));
    }
    Ok(segments)
}

/// Refuses what could never hold, or always would.
fn check(condition: &Condition, left: Piece<'_>, right: Piece<'_>) -> Result<(), ConditionError> {
    let seen = |side: &Side| matches!(side.what, What::Fact(_) | What::Length(_) | What::Has(_));
    if !seen(&condition.left) && !seen(&condition.right) {
        let wrong = left.wrong("neither side is something a probe can see");
        return Err(wrong.suggest(PLACEHOLDERS.join(", ")));
    }
    check_pair(condition.operator, &condition.left, &condition.right, right)?;
    check_pair(condition.operator, &condition.right, &condition.left, left)
}

/// Holds `other`, which stands at `piece`, against what `one` can be.
fn check_pair(operator: Operator, one: &Side, other: &Side, piece: Piece<'_>) -> Result<(), ConditionError> {
    let choices: Vec<&str> = match &other.what {
        What::Literal(text) => vec![text],
        What::Any(texts) => texts.iter().map(String::as_str).collect(),
        _ => vec![],
    };
    if operator.is_ordering() {
        let orderable = match &other.what {
            What::Fact(Fact::Connected) | What::Has(_) | What::Pattern(_) | What::Any(_) => false,
            What::Literal(text) => quantity(text).is_some(),
            What::Fact(_) | What::Length(_) => true,
        };
        return if orderable {
            Ok(())
        } else {
            let wrong = piece.wrong(format!("`{}` has no order: it is no number and no duration", piece.text));
            Err(wrong.suggest("[RESPONSE_TIME] < 500ms"))
        };
    }
    let misfit = |fits: fn(&str) -> bool| choices.iter().find(|text| !fits(text));
    match &one.what {
        What::Length(_) => number_wanted(misfit(|text| Number::parse(text).is_some()), one, piece),
        What::Fact(fact) if fact.is_number() => number_wanted(misfit(|text| Number::parse(text).is_some()), one, piece),
        What::Has(_) | What::Fact(Fact::Connected) => match misfit(|text| matches!(text, "true" | "false")) {
            Some(text) => {
                let wrong = piece.wrong(format!("`{}` is true or false, never `{text}`", one.text));
                Err(wrong.suggest(format!("{} == true", one.text)))
            }
            None => Ok(()),
        },
        What::Fact(Fact::BodyPath(_)) => match misfit(|text| !is_quoted(text)) {
            Some(text) => {
                let bare = text.trim_matches(['"', '\'']);
                Err(piece.wrong("a text is written without quotes").suggest(format!(
                    "{} {} {bare}",
                    one.text,
                    operator.sign()
                )))
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn number_wanted(misfit: Option<&&str>, one: &Side, piece: Piece<'_>) -> Result<(), ConditionError> {
    match misfit {
        Some(text) => Err(piece.wrong(format!("`{}` is a number, never `{text}`", one.text))),
        None => Ok(()),
    }
}

fn is_quoted(text: &str) -> bool {
    text.len() > 1 && ['"', '\''].iter().any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
}
