//! A line of text that is being typed.

use unicode_width::UnicodeWidthChar as _;

use super::keys::Key;

/// The characters typed so far and where the cursor stands among them.
#[derive(Default)]
pub struct Editor {
    text: Vec<char>,
    cursor: usize,
}

/// What a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The line goes on.
    Typing,
    /// The line is complete.
    Complete,
    /// There will be no line.
    Interrupted,
}

impl Editor {
    /// Takes a key.
    pub fn press(&mut self, key: Key) -> Outcome {
        match key {
            Key::Enter => return Outcome::Complete,
            Key::Interrupt => return Outcome::Interrupted,
            Key::EndOfInput if self.text.is_empty() => return Outcome::Interrupted,
            Key::Char(c) => {
                self.text.insert(self.cursor, c);
                self.cursor += 1;
            }
            Key::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            Key::Delete | Key::EndOfInput if self.cursor < self.text.len() => {
                self.text.remove(self.cursor);
            }
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            Key::Home => self.cursor = 0,
            Key::End => self.cursor = self.text.len(),
            Key::KillBefore => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            Key::KillAfter => self.text.truncate(self.cursor),
            Key::KillWord => {
                let before = &self.text[..self.cursor];
                let word = before.iter().rposition(|c| !c.is_whitespace()).unwrap_or(0);
                let begin = before[..word].iter().rposition(|c| c.is_whitespace()).map_or(0, |space| space + 1);
                self.text.drain(begin..self.cursor);
                self.cursor = begin;
            }
            _ => {}
        }
        Outcome::Typing
    }

    /// The whole line.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// What of the line is shown in `room` columns, before and after the cursor; the cursor needs one of them.
    pub fn visible(&self, room: usize) -> (String, String) {
        let mut left = room.saturating_sub(1);
        let mut fits = |c: &&char| {
            let needed = c.width().unwrap_or(0);
            let fits = needed <= left;
            left -= if fits { needed } else { left };
            fits
        };
        let mut before: Vec<char> = self.text[..self.cursor].iter().rev().take_while(&mut fits).copied().collect();
        before.reverse();
        let after = self.text[self.cursor..].iter().take_while(&mut fits).collect();
        (before.into_iter().collect(), after)
    }
}

#[cfg(test)]
mod tests {
    use super::{Editor, Outcome};
    use crate::terminal::keys::Key;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::default();
        for c in text.chars() {
            assert_eq!(editor.press(Key::Char(c)), Outcome::Typing);
        }
        editor
    }

    fn after(text: &str, keys: &[Key]) -> String {
        let mut editor = typed(text);
        for key in keys {
            editor.press(*key);
        }
        editor.text()
    }

    #[test]
    fn the_usual_keys_edit() {
        assert_eq!(after("abc", &[Key::Left, Key::Backspace, Key::Char('ü')]), "aüc");
        assert_eq!(after("abc", &[Key::Home, Key::Delete, Key::End, Key::Backspace, Key::Delete]), "b");
        assert_eq!(after("one two  ", &[Key::KillWord]), "one ");
        assert_eq!(after("one", &[Key::KillWord, Key::KillWord, Key::Backspace]), "");
        assert_eq!(after("abcd", &[Key::Left, Key::Left, Key::KillBefore]), "cd");
        assert_eq!(after("abcd", &[Key::Left, Key::Left, Key::KillAfter, Key::Right, Key::Other]), "ab");
    }

    #[test]
    fn end_of_input_counts_only_on_an_empty_line() {
        assert_eq!(typed("").press(Key::EndOfInput), Outcome::Interrupted);
        assert_eq!(typed("x").press(Key::EndOfInput), Outcome::Typing);
        assert_eq!(typed("x").press(Key::Interrupt), Outcome::Interrupted);
        assert_eq!(typed("x").press(Key::Enter), Outcome::Complete);
    }

    #[test]
    fn the_part_around_the_cursor_is_visible() {
        let mut editor = typed("0123456789");
        assert_eq!(editor.visible(20), ("0123456789".to_owned(), String::new()));
        assert_eq!(editor.visible(5), ("6789".to_owned(), String::new()));
        editor.press(Key::Home);
        assert_eq!(editor.visible(5), (String::new(), "0123".to_owned()));
        assert_eq!(typed("日本語").visible(4).0, "語");
    }
}
