//! A failure as the operator reads it: what, why, and the way out.

use std::fmt::Write as _;

use crate::error::{Error, Kind};
use crate::ground::plain;
use crate::view::look::{Look, Style, paint};
use crate::view::wrap::folded;

/// What went wrong, its causes, and the ways out.
pub fn failure_text(look: Look, error: &Error) -> String {
    let (style, word) = match error.kind {
        Kind::Negative => (Style::Bad, "bad"),
        Kind::InputNeeded => (Style::Warn, "input needed"),
        Kind::Interrupted => (Style::Warn, "interrupted"),
        Kind::Usage | Kind::Definition | Kind::Environment | Kind::Said(_) => (Style::Bad, "error"),
    };
    let message = folded(&format!("{word}: {}", plain(&error.message).trim_end()), look.width);
    let mut text = message.replacen(word, &paint(look, style, word), 1);
    for cause in &error.causes {
        let _ = write!(text, "\n{}", folded(&format!("  because: {}", plain(cause).trim_end()), look.width));
    }
    for hint in &error.hints {
        let _ = write!(text, "\n{}", folded(&format!("  → {}", plain(hint).trim_end()), look.width));
    }
    text
}
