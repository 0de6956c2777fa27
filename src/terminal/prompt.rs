//! Questions on a terminal, from the first key to the answer.

use std::fmt;
use std::io::Write;

use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};

use super::editor::{Editor, Outcome};
use super::keys::{Key, Keys};
use super::menu;
use super::{AskError, Look, Question};
use crate::ground::{plain, plain_line};
use crate::view::wrap::{columns, fit, wrap};

/// Where questions are asked. Without cursor movement (`dumb`) nothing but carriage returns is used.
pub struct Prompter<'a> {
    /// What the operator types.
    pub keys: &'a mut dyn Keys,
    /// Where the questions are drawn.
    pub out: &'a mut dyn Write,
    /// How they look.
    pub look: Look,
    /// The lines of the terminal.
    pub height: usize,
    /// Whether the terminal can do nothing but print.
    pub is_dumb: bool,
}

/// The line with the cursor.
struct Line {
    /// What stands before the answer.
    head: String,
    /// The columns in use.
    width: usize,
    /// What was written to get there.
    written: String,
}

impl Line {
    fn new(head: impl Into<String>) -> Self {
        Self { head: head.into(), width: 0, written: String::new() }
    }
}

impl Prompter<'_> {
    /// A line of text that the question accepts.
    pub fn ask(&mut self, question: &Question<'_>) -> Result<String, AskError> {
        let prompt = plain(&question.prompt);
        let default = question.default.as_deref().map(plain_line);
        let mut line = self.begin(&self.draw(|theme, out| theme.format_input_prompt(out, &prompt, default.as_deref())));
        let mut editor = Editor::default();
        loop {
            self.edit(&mut editor, &mut line, true)?;
            match question.accept(&editor.text()) {
                Ok(answer) => {
                    let room = self.room(&line);
                    self.redraw(&mut line, &fit(&plain_line(&answer), room), "");
                    self.end_line();
                    return Ok(answer);
                }
                Err(why) => self.complain(&mut line, &why),
            }
        }
    }

    /// A line of text that is not shown.
    pub fn ask_secret(&mut self, prompt: &str) -> Result<String, AskError> {
        let mut line = self.begin(&self.draw(|theme, out| theme.format_password_prompt(out, &plain(prompt))));
        loop {
            let mut editor = Editor::default();
            self.edit(&mut editor, &mut line, false)?;
            let secret = editor.text();
            if !secret.is_empty() {
                self.end_line();
                return Ok(secret);
            }
            self.complain(&mut line, "an answer is needed here (Ctrl-C to leave)");
        }
    }

    /// Yes or no, by one key.
    pub fn confirm(&mut self, prompt: &str, default: bool) -> Result<bool, AskError> {
        let header = self.draw(|theme, out| theme.format_confirm_prompt(out, &plain(prompt), None));
        let suggestion = if default { "(Enter: yes) " } else { "(Enter: no) " };
        let mut line = self.begin(&format!("{header} {suggestion}").replace("  ", " "));
        self.redraw(&mut line, "", "");
        let answer = loop {
            match self.keys.next() {
                Key::Char('y' | 'Y') => break true,
                Key::Char('n' | 'N') => break false,
                Key::Enter => break default,
                Key::Interrupt | Key::EndOfInput => return Err(self.interrupted()),
                _ => {}
            }
        };
        self.redraw(&mut line, if answer { "yes" } else { "no" }, "");
        self.end_line();
        Ok(answer)
    }

    /// The index of one of the items.
    pub fn pick(&mut self, prompt: &str, items: &[String], default: usize) -> Result<usize, AskError> {
        let items: Vec<String> = items.iter().map(|item| plain(item)).collect();
        let default = default.min(items.len().saturating_sub(1));
        if self.is_dumb {
            return self.pick_by_number(prompt, &items, default);
        }
        let header = self.draw(|theme, out| theme.format_select_prompt(out, &plain(prompt)));
        self.write(&format!("{header}\n"));
        let wrapped: Vec<Vec<String>> =
            items.iter().map(|item| wrap(item, self.look.width.saturating_sub(3))).collect();
        let drawn: Vec<[String; 2]> =
            wrapped.iter().map(|lines| [false, true].map(|is_active| self.item(lines, is_active))).collect();
        let room = self.height.saturating_sub(header.lines().count() + 2).max(3);
        let picked = menu::choose(self.keys, self.out, &drawn, room, default).ok_or(AskError::Interrupted)?;
        self.write(&drawn[picked][1]);
        Ok(picked)
    }

    fn pick_by_number(&mut self, prompt: &str, items: &[String], default: usize) -> Result<usize, AskError> {
        for (index, item) in items.iter().enumerate() {
            self.write(&format!("{:>3}. {item}\n", index + 1));
        }
        let count = items.len();
        let number = |text: &str| text.parse::<usize>().ok().filter(|number| (1..=count).contains(number));
        let check = |text: &str| number(text).map(drop).ok_or_else(|| format!("a number from 1 to {count}, please"));
        let question = Question::new(prompt).default((default + 1).to_string()).check(&check);
        self.ask(&question).map(|text| number(&text).map_or(default, |number| number - 1))
    }

    /// One item as lines, marked when it is the active one.
    fn item(&self, lines: &[String], is_active: bool) -> String {
        let first = lines.first().map_or("", String::as_str);
        let mut text = self.draw(|theme, out| theme.format_select_prompt_item(out, first, is_active));
        text.push('\n');
        for line in &lines[1.min(lines.len())..] {
            text.push_str("  ");
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    fn edit(&mut self, editor: &mut Editor, line: &mut Line, is_shown: bool) -> Result<(), AskError> {
        loop {
            let room = self.room(line);
            let (before, after) = if is_shown { editor.visible(room) } else { Default::default() };
            self.redraw(line, &before, &after);
            match editor.press(self.keys.next()) {
                Outcome::Typing => {}
                Outcome::Complete => return Ok(()),
                Outcome::Interrupted => return Err(self.interrupted()),
            }
        }
    }

    /// Draws all of a question but the part that stands before the answer. A long question gets lines of its own.
    fn begin(&mut self, question: &str) -> Line {
        let (above, last) = question.rsplit_once('\n').map_or((None, question), |(above, last)| (Some(above), last));
        if let Some(above) = above {
            self.write(&format!("{above}\n"));
        }
        if columns(&plain(last)) * 2 <= self.look.width {
            return Line::new(last);
        }
        self.write(&format!("{}\n", last.trim_end()));
        Line::new("> ")
    }

    /// The columns for the answer.
    fn room(&self, line: &Line) -> usize {
        self.look.width.saturating_sub(columns(&plain(&line.head)))
    }

    fn redraw(&mut self, line: &mut Line, before: &str, after: &str) {
        let width = columns(&plain(&line.head)) + columns(before) + columns(after);
        let blank = " ".repeat(line.width.saturating_sub(width));
        let mut text = format!("\r{}{before}", line.head);
        if !after.is_empty() || !blank.is_empty() {
            // Written again up to the cursor: no terminal is too dumb to be placed so.
            text = format!("{text}{after}{blank}{text}");
        }
        line.width = width;
        if line.written != text {
            self.write(&text);
            line.written = text;
        }
    }

    fn complain(&mut self, line: &mut Line, why: &str) {
        let error = self.draw(|theme, out| theme.format_error(out, &plain(why)));
        self.write(&format!("\n{error}\n"));
        *line = Line::new(std::mem::take(&mut line.head));
    }

    fn interrupted(&mut self) -> AskError {
        self.end_line();
        AskError::Interrupted
    }

    fn end_line(&mut self) {
        self.write("\n");
    }

    fn write(&mut self, text: &str) {
        // A terminal that cannot be written to gives no keys either, and that ends the question.
        let _ = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
    }

    fn draw(&self, format: impl FnOnce(&dyn Theme, &mut String) -> fmt::Result) -> String {
        let mut text = String::new();
        let colourful;
        let theme: &dyn Theme = if self.look.colour {
            // The theme would ask the environment again.
            console::set_colors_enabled_stderr(true);
            colourful = ColorfulTheme::default();
            &colourful
        } else {
            &SimpleTheme
        };
        let _ = format(theme, &mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::Prompter;
    use crate::terminal::keys::{Key, Keys};
    use crate::terminal::{AskError, Look, Question};

    struct Script(VecDeque<Key>);

    impl Keys for Script {
        fn next(&mut self) -> Key {
            self.0.pop_front().expect("no key left")
        }
    }

    fn typed(text: &str) -> Vec<Key> {
        text.chars().map(|c| if c == '\n' { Key::Enter } else { Key::Char(c) }).collect()
    }

    /// Runs a question with scripted keys; gives the answer and what was drawn.
    fn with<T>(keys: Vec<Key>, is_dumb: bool, ask: impl FnOnce(&mut Prompter<'_>) -> T) -> (T, String) {
        let (mut keys, mut out) = (Script(keys.into()), Vec::new());
        let look = Look { width: 40, colour: false };
        let answer = ask(&mut Prompter { keys: &mut keys, out: &mut out, look, height: 10, is_dumb });
        assert!(keys.0.is_empty(), "keys left");
        (answer, String::from_utf8(out).unwrap())
    }

    fn items(count: usize) -> Vec<String> {
        (0..count).map(|index| format!("item {index}")).collect()
    }

    #[test]
    fn a_line_is_asked_until_it_fits() {
        let is_number = |text: &str| text.parse::<u8>().map(drop).map_err(|_| "a number, please".to_owned());
        let question = Question::new("How many?").check(&is_number);
        let mut keys = typed("\nx\n");
        keys.push(Key::Backspace);
        keys.extend(typed("7\n"));
        let (answer, drawn) = with(keys, false, |prompter| prompter.ask(&question));
        assert_eq!(answer, Ok("7".to_owned()));
        assert!(drawn.contains("an answer is needed") && drawn.contains("a number, please"), "{drawn}");
        assert!(!drawn.contains('\u{1b}'));
    }

    #[test]
    fn enter_takes_the_default_or_nothing() {
        let (answer, drawn) = with(typed("\n"), false, |prompter| prompter.ask(&Question::new("Who?").default("ann")));
        assert_eq!(answer, Ok("ann".to_owned()));
        assert!(drawn.contains("Who? [ann]: "));
        assert_eq!(
            with(typed(" \n"), false, |prompter| prompter.ask(&Question::new("Why?").optional())).0,
            Ok(String::new())
        );
    }

    #[test]
    fn leaving_is_possible_everywhere() {
        for key in [Key::Interrupt, Key::EndOfInput] {
            let keys = vec![key];
            assert_eq!(with(keys.clone(), false, |p| p.ask(&Question::new("Who?"))).0, Err(AskError::Interrupted));
            assert_eq!(with(keys.clone(), false, |p| p.ask_secret("Token?")).0, Err(AskError::Interrupted));
            assert_eq!(with(keys.clone(), false, |p| p.confirm("Sure?", true)).0, Err(AskError::Interrupted));
            let (answer, drawn) = with(keys, false, |p| p.pick("Which?", &items(3), 0));
            assert_eq!(answer, Err(AskError::Interrupted));
            assert!(drawn.ends_with("\u{1b}[?25h"), "the cursor is back");
        }
    }

    #[test]
    fn a_secret_is_not_drawn() {
        let (answer, drawn) = with(typed("\nhunter2\n"), false, |prompter| prompter.ask_secret("Token"));
        assert_eq!(answer, Ok("hunter2".to_owned()));
        assert!(drawn.contains("Token") && !drawn.contains("hunter"), "{drawn}");
    }

    #[test]
    fn yes_and_no() {
        for (keys, default, answer) in
            [("y", false, true), ("xn", true, false), ("\n", true, true), ("\n", false, false)]
        {
            assert_eq!(with(typed(keys), false, |prompter| prompter.confirm("Sure?", default)).0, Ok(answer));
        }
    }

    #[test]
    fn a_pick_goes_round_and_scrolls() {
        let picked = |keys: &[Key]| with(keys.to_vec(), false, |prompter| prompter.pick("Which?", &items(30), 1));
        assert_eq!(picked(&[Key::Enter]).0, Ok(1));
        assert_eq!(picked(&[Key::Up, Key::Up, Key::Enter]).0, Ok(29));
        assert_eq!(picked(&[Key::End, Key::Down, Key::Char('j'), Key::Down, Key::Enter]).0, Ok(2));
        let (_, drawn) = picked(&[Key::End, Key::Enter]);
        let last = drawn.rsplit("\u{1b}[J").nth(1).unwrap();
        assert!(last.contains("> item 29") && !last.contains("item 1\n"), "{last:?}");
        assert_eq!(last.lines().filter(|line| line.contains("item")).count(), 7);
    }

    #[test]
    fn long_items_wrap_and_are_taken_back_whole() {
        let items = vec!["word ".repeat(12), "short".to_owned()];
        let (answer, drawn) = with(vec![Key::Down, Key::Enter], false, |prompter| prompter.pick("Which?", &items, 0));
        assert_eq!(answer, Ok(1));
        assert!(drawn.contains("\u{1b}[3A"), "{drawn:?}");
    }

    #[test]
    fn a_dumb_terminal_picks_by_number() {
        let (answer, drawn) = with(typed("9\n"), true, |prompter| prompter.pick("Which?", &items(9), 0));
        assert_eq!(answer, Ok(8));
        assert!(!drawn.contains('\u{1b}') && drawn.contains("  1. item 0\n"), "{drawn}");
    }

    #[test]
    fn a_long_question_leaves_room_for_the_answer() {
        let question = Question::new("What did you see, in as many words as you like?");
        let (answer, drawn) = with(typed("it burns\n"), false, |prompter| prompter.ask(&question));
        assert_eq!(answer, Ok("it burns".to_owned()));
        assert!(drawn.contains("like?:\n\r> "), "{drawn:?}");
    }
}
