//! Rows and columns, readable without colour and in a narrow terminal.

use comfy_table::{Attribute, Color, ContentArrangement, LineStyle, Table, TableStyle};

use super::look::{Look, Style};
use super::wrap::{columns, fit};
use crate::ground::plain_line;

/// Narrower than this a table cannot be read; it is then wider than the page.
const NARROWEST: usize = 20;

const LINES: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// The room that is left for a cell that may be cut off is at least this.
const NARROWEST_CELL: usize = 16;

/// One cell: a text and, if wanted, its style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    style: Option<Style>,
    may_be_cut: bool,
}

impl Cell {
    /// A cell in a style.
    pub fn painted(style: Style, text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Some(style), may_be_cut: false }
    }

    /// A cell in the last column that is cut off where it does not fit, so that its row stays a line.
    pub fn cut(text: impl Into<String>) -> Self {
        Self { may_be_cut: true, ..text.into().into() }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: None, may_be_cut: false }
    }
}

/// A table as text that ends with a newline. Control characters in cells are taken out; long cells wrap.
pub fn table<R, C>(look: Look, header: &[&str], rows: R) -> String
where
    R: IntoIterator<Item = Vec<C>>,
    C: Into<Cell>,
{
    let mut table = Table::new();
    table.load_style(LINES).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.width.max(NARROWEST)).unwrap_or(u16::MAX));
    table.force_no_tty();
    if look.colour {
        table.enforce_styling();
    }
    let heading = |title: &&str| drawn(look, &Cell::painted(Style::Heading, *title));
    table.set_header(header.iter().map(heading).collect::<Vec<_>>());
    let mut rows: Vec<Vec<Cell>> = rows.into_iter().map(|row| row.into_iter().map(Into::into).collect()).collect();
    cut(&mut rows, header, look.width);
    for row in &rows {
        table.add_row(row.iter().map(|cell| drawn(look, cell)).collect::<Vec<_>>());
    }
    let last = table.column_count().saturating_sub(1);
    for column in table.column_iter_mut() {
        // A blank junction stands between two columns already.
        column.set_padding((0, u16::from(column.index < last)));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Cuts what may be cut of the last column to the room that the other columns leave.
fn cut(rows: &mut [Vec<Cell>], header: &[&str], width: usize) {
    let Some((_, before)) = header.split_last() else { return };
    let widest = |(place, title): (usize, &&str)| {
        let cells = rows.iter().filter_map(|row| row.get(place)).map(|cell| columns(&plain_line(&cell.text)));
        // Two blanks stand between two columns.
        cells.chain([columns(title)]).max().unwrap_or(0) + 2
    };
    let used: usize = before.iter().enumerate().map(widest).sum();
    let left = width.saturating_sub(used).max(NARROWEST_CELL);
    for cell in rows.iter_mut().filter_map(|row| row.get_mut(before.len())).filter(|cell| cell.may_be_cut) {
        cell.text = fit(&plain_line(&cell.text), left);
    }
}

fn drawn(look: Look, cell: &Cell) -> comfy_table::Cell {
    let drawn = comfy_table::Cell::new(plain_line(&cell.text));
    match cell.style.filter(|_| look.colour) {
        None => drawn,
        Some(Style::Heading | Style::Strong) => drawn.add_attribute(Attribute::Bold),
        Some(Style::Good) => drawn.fg(Color::DarkGreen),
        Some(Style::Warn) => drawn.fg(Color::DarkYellow),
        Some(Style::Bad) => drawn.fg(Color::DarkRed).add_attribute(Attribute::Bold),
        Some(Style::Faint) => drawn.add_attribute(Attribute::Dim),
        Some(Style::Command) => drawn.fg(Color::DarkCyan),
        Some(Style::Key) => drawn.fg(Color::DarkCyan).add_attribute(Attribute::Bold),
        Some(Style::Stress) => drawn.add_attribute(Attribute::Italic),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, table};
    use crate::view::look::{Look, Style};
    use crate::view::wrap::columns;

    #[test]
    fn columns_line_up() {
        let text = table(Look::PLAIN, &["Id", "Title"], [vec!["db-connection", "Database connection"], vec!["x", ""]]);
        insta::assert_snapshot!(text, @r"
        Id             Title
        ──────────────────────────────────
        db-connection  Database connection
        x
        ");
    }

    #[test]
    fn long_cells_wrap_and_control_characters_go() {
        let look = Look { width: 30, colour: false };
        let long = "one\u{1b}[2J two\nthree four five six seven eight nine ten";
        let text = table(look, &["Id", "Text"], [vec!["a", long]]);
        assert!(text.lines().all(|line| columns(line) <= 30), "{text}");
        assert!(!text.contains('\u{1b}'));
        for word in long.split([' ', '\n']).skip(1) {
            assert!(text.contains(word), "{word} is missing in {text}");
        }
    }

    #[test]
    fn a_row_with_a_cell_that_may_be_cut_stays_a_line() {
        let look = Look { width: 34, colour: false };
        let rows = [vec![Cell::from("db-connection"), Cell::cut("Database\nconnection is lost")]];
        insta::assert_snapshot!(table(look, &["Id", "Title"], rows), @"
        Id             Title
        ──────────────────────────────────
        db-connection  Database connectio…
        ");
    }

    #[test]
    fn colour_comes_only_when_asked_for() {
        let rows = || [vec![Cell::painted(Style::Bad, "failed"), Cell::from("x")]];
        assert!(!table(Look::PLAIN, &["A", "B"], rows()).contains('\u{1b}'));
        assert!(table(Look { width: 80, colour: true }, &["A", "B"], rows()).contains('\u{1b}'));
    }
}
