//! Whether a stream gets colour, and how wide it is.

use std::env;
use std::os::fd::AsFd;

use rustix::termios::tcgetwinsize;

/// The columns of what has no width of its own.
const WIDTH: usize = 80;
/// Longer lines are hard to read.
const WIDEST: usize = 120;
/// In fewer columns nothing can be laid out.
const NARROWEST: usize = 20;

/// What `--color` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColourChoice {
    /// As the environment and the stream suggest.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// What the environment says about colour and the terminal's skills.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    no_color: Option<String>,
    clicolor: Option<String>,
    clicolor_force: Option<String>,
    term: Option<String>,
}

impl Environment {
    /// Reads it.
    #[allow(clippy::disallowed_methods, reason = "the terminal is an edge")]
    pub fn read() -> Self {
        let get = |name| env::var(name).ok();
        Self {
            no_color: get("NO_COLOR"),
            clicolor: get("CLICOLOR"),
            clicolor_force: get("CLICOLOR_FORCE"),
            term: get("TERM"),
        }
    }

    /// Whether the terminal can do nothing but print.
    pub fn is_dumb(&self) -> bool {
        self.term.as_deref().is_none_or(|term| term.is_empty() || term == "dumb")
    }

    /// Whether a stream gets colour.
    pub fn colour(&self, choice: ColourChoice, is_terminal: bool) -> bool {
        let is_on = |value: &Option<String>| value.as_deref().is_some_and(|value| !value.is_empty() && value != "0");
        match choice {
            ColourChoice::Always => true,
            ColourChoice::Never => false,
            ColourChoice::Auto if self.no_color.as_deref().is_some_and(|value| !value.is_empty()) => false,
            ColourChoice::Auto if is_on(&self.clicolor_force) => true,
            ColourChoice::Auto => is_terminal && !self.is_dumb() && self.clicolor.as_deref() != Some("0"),
        }
    }
}

/// The columns of a stream, within reason.
pub fn width(stream: impl AsFd) -> usize {
    let columns = tcgetwinsize(stream).map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 { WIDTH } else { columns.clamp(NARROWEST, WIDEST) }
}

/// The lines of a terminal.
pub fn height(stream: impl AsFd) -> usize {
    let rows = tcgetwinsize(stream).map_or(0, |size| usize::from(size.ws_row));
    if rows == 0 { 24 } else { rows }
}

#[cfg(test)]
mod tests {
    use super::{ColourChoice, Environment};

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let get = |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Environment {
            no_color: get("NO_COLOR"),
            clicolor: get("CLICOLOR"),
            clicolor_force: get("CLICOLOR_FORCE"),
            term: get("TERM"),
        }
    }

    #[test]
    fn colour_is_for_terminals_that_want_it() {
        let xterm = ("TERM", "xterm-256color");
        let auto = |variables: &[_], is_terminal| environment(variables).colour(ColourChoice::Auto, is_terminal);
        assert!(auto(&[xterm], true));
        assert!(!auto(&[xterm], false));
        assert!(!auto(&[("TERM", "dumb")], true));
        assert!(!auto(&[], true));
        assert!(!auto(&[xterm, ("NO_COLOR", "1")], true));
        assert!(auto(&[xterm, ("NO_COLOR", "")], true));
        assert!(!auto(&[xterm, ("CLICOLOR", "0")], true));
        assert!(auto(&[("CLICOLOR_FORCE", "1")], false));
        assert!(!auto(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!auto(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true));
    }

    #[test]
    fn the_flag_wins() {
        assert!(environment(&[("NO_COLOR", "1")]).colour(ColourChoice::Always, false));
        assert!(!environment(&[("CLICOLOR_FORCE", "1")]).colour(ColourChoice::Never, true));
    }
}
