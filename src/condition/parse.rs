//! Reads a condition, and says what is wrong with one that cannot be read.

use super::ConditionError;
use super::check::check;
use super::comparison::Comparison;
use super::fact::Fact;
use super::glob::Glob;
use super::json::Segment;
use super::operator::Operator;
use super::piece::Piece;
use super::side::{Side, What};
use crate::error::nearest;

/// Reads a whole condition.
pub fn condition(text: &str) -> Result<Comparison, ConditionError> {
    let whole = Piece::of(text);
    let (at, sign, operator) = operator(whole.text).ok_or_else(|| no_operator(whole))?;
    let (left, right) = (whole.to(at).trimmed(), whole.from(at + sign).trimmed());
    let comparison = Comparison { text: whole.text.to_owned(), left: side(left)?, operator, right: side(right)? };
    check(&comparison, left, right)?;
    Ok(comparison)
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

/// Operators of other languages, and what is meant by them here.
const FOREIGN: [(&str, &str); 6] =
    [("=>", ">="), ("=<", "<="), ("===", "=="), ("!==", "!="), ("<>", "!="), ("=~", "==")];

/// The first signs that stand together, and where.
fn signs(text: &str) -> Option<(usize, &str)> {
    let is_sign = |c: char| matches!(c, '=' | '<' | '>' | '!' | '~');
    let at = text.find(is_sign)?;
    let length = text[at..].find(|c| !is_sign(c)).unwrap_or(text.len() - at);
    Some((at, &text[at..at + length]))
}

/// What is wrong with a condition in which no operator was found.
pub fn no_operator(whole: Piece<'_>) -> ConditionError {
    if whole.text.is_empty() {
        return whole.wrong("the condition is empty").suggest("[STATUS] == 200");
    }
    let spaced = |at: usize, sign: &str, instead: &str| {
        let (left, right) = (whole.text[..at].trim(), whole.text[at + sign.len()..].trim());
        let right = if right.is_empty() { "…" } else { right };
        format!("{left} {instead} {right}")
    };
    if let Some((at, sign)) = signs(whole.text)
        && let Some((_, meant)) = FOREIGN.iter().find(|(foreign, _)| *foreign == sign)
    {
        let wrong = whole.from(at).to(sign.len()).wrong(format!("`{sign}` is no operator"));
        return wrong.suggest(match sign {
            "=~" => format!("{} == pat(*{}*)", whole.text[..at].trim(), whole.text[at + 2..].trim()),
            _ => spaced(at, sign, meant),
        });
    }
    for (sign, _) in Operator::ALL {
        if let Some(at) = whole.text.find(sign) {
            let nothing = whole.text[at + sign.len()..].trim().is_empty();
            let what = if nothing { "nothing stands after" } else { "a space belongs on each side of" };
            let wrong = whole.from(at).to(sign.len()).wrong(format!("{what} `{sign}`"));
            return if nothing { wrong } else { wrong.suggest(spaced(at, sign, sign)) };
        }
    }
    if let Some(at) = whole.text.find('=') {
        return whole
            .from(at)
            .to(1)
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
    let upper = name.to_ascii_uppercase();
    match Fact::named(&upper) {
        Some(Fact::Header(_)) => match rest.text.strip_prefix('.') {
            Some(header) if !header.is_empty() => Ok(Some(Fact::Header(header.to_owned()))),
            _ => Err(rest.wrong("`[HEADERS]` needs the name of a header").suggest("[HEADERS].content-type")),
        },
        Some(Fact::Body(_)) => path(rest, &upper).map(|path| Some(Fact::Body(path))),
        Some(Fact::Stdout(_)) => path(rest, &upper).map(|path| Some(Fact::Stdout(path))),
        Some(fact) if rest.text.is_empty() => Ok(Some(fact)),
        Some(_) => Err(rest.wrong(format!("nothing can follow `[{name}]`")).suggest(format!("[{name}]"))),
        None => Err(unknown(piece.to(end + 1), &upper)),
    }
}

fn unknown(placeholder: Piece<'_>, name: &str) -> ConditionError {
    if name == "DOMAIN_EXPIRATION" {
        let message = "opsctl asks no whois server, so it never sees when the registration of a domain ends";
        return placeholder.wrong(message).suggest("[CERTIFICATE_EXPIRATION] > 7d");
    }
    let suggestion = nearest(name, Fact::names()).map_or_else(placeholders, |near| format!("[{near}]"));
    placeholder.wrong(format!("`{}` is nothing a probe can see", placeholder.text)).suggest(suggestion)
}

/// Every placeholder there is, in one line.
pub fn placeholders() -> String {
    let all: Vec<String> = Fact::names().map(|name| format!("[{name}]")).collect();
    all.join(", ").replace("[HEADERS]", "[HEADERS].name")
}

/// Keys after dots and numbers in brackets: `.a.b[0][1].c`.
fn path(piece: Piece<'_>, root: &str) -> Result<Vec<Segment>, ConditionError> {
    let example = || format!("[{root}].items[0].name");
    let mut segments = Vec::new();
    let mut rest = piece;
    while !rest.text.is_empty() {
        let bracket = rest.text.starts_with('[');
        if !bracket && !rest.text.starts_with('.') {
            return Err(rest.wrong("a path goes on with `.key` or `[0]`").suggest(example()));
        }
        let after = &rest.text[1..];
        let end = 1 + after.find(if bracket { &[']'][..] } else { &['.', '['][..] }).unwrap_or(after.len());
        let name = &rest.text[1..end];
        if bracket {
            if !rest.text[end..].starts_with(']') {
                return Err(rest.wrong("`[` is never closed").suggest(format!("{}]", rest.text)));
            }
            let Ok(index) = name.parse() else {
                let wrong = rest.to(end + 1).wrong(format!("`{name}` is no place in an array; they count from 0"));
                return Err(wrong.suggest(example()));
            };
            segments.push(Segment::Index(index));
        } else if name.is_empty() {
            return Err(rest.to(1).wrong("a key is missing after the dot").suggest(example()));
        } else {
            segments.push(Segment::Key(name.to_owned()));
        }
        rest = rest.from(end + usize::from(bracket));
    }
    Ok(segments)
}
