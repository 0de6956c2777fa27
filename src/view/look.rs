//! How wide the page is, whether it has colour, and the few styles there are.

use colored::Colorize as _;

/// What a view has to know about where its text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns to write in.
    pub width: usize,
    /// Whether escape sequences for colour may be written.
    pub colour: bool,
}

impl Look {
    /// 80 columns without colour: a pipe, a file, a test.
    pub const PLAIN: Self = Self { width: 80, colour: false };
}

/// What a piece of text is; never the only sign of it, since colour may be off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A heading.
    Heading,
    /// It went well.
    Good,
    /// Look here.
    Warn,
    /// It went wrong.
    Bad,
    /// Beside the point.
    Faint,
    /// A command or other literal text.
    Command,
    /// A key to press or a name to type.
    Key,
    /// Stressed strongly.
    Strong,
    /// Stressed.
    Stress,
}

/// The text in a style; as it is when the look has no colour. Each line is painted by itself.
pub fn paint(look: Look, style: Style, text: &str) -> String {
    if !look.colour || text.is_empty() {
        return text.to_owned();
    }
    // The crate would look at the environment and at stdout; here the look alone decides.
    colored::control::set_override(true);
    let lines = text.split('\n').map(|line| if line.is_empty() { String::new() } else { paint_line(style, line) });
    lines.collect::<Vec<_>>().join("\n")
}

fn paint_line(style: Style, line: &str) -> String {
    let painted = match style {
        Style::Heading | Style::Strong => line.bold(),
        Style::Good => line.green(),
        Style::Warn => line.yellow(),
        Style::Bad => line.red().bold(),
        Style::Faint => line.dimmed(),
        Style::Command => line.cyan(),
        Style::Key => line.cyan().bold(),
        Style::Stress => line.italic(),
    };
    painted.to_string()
}

#[cfg(test)]
mod tests {
    use super::{Look, Style, paint};

    #[test]
    fn nothing_is_added_without_colour() {
        assert_eq!(paint(Look::PLAIN, Style::Bad, "failed"), "failed");
    }

    #[test]
    fn every_line_is_painted_by_itself() {
        let look = Look { colour: true, ..Look::PLAIN };
        assert_eq!(paint(look, Style::Good, "a\n\nb"), "\u{1b}[32ma\u{1b}[0m\n\n\u{1b}[32mb\u{1b}[0m");
        assert_eq!(paint(look, Style::Good, ""), "");
    }
}
