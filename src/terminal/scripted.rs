//! A terminal for tests: it answers from a script and remembers what it was shown.

use std::collections::VecDeque;

use super::{AskError, Look, Question, Terminal};

/// The scripted answer that stands for Ctrl-C.
const INTERRUPT: &str = "^C";

/// One thing that was shown, in the order it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// A result.
    Printed(String),
    /// Conversation.
    Said(String),
    /// A question, and what the script answered.
    Asked(String, String),
    /// The label of a status line that began.
    LiveBegan(String),
    /// Output of a command.
    Live(String),
    /// A picture above a status line.
    Picture(String),
    /// A status line ended.
    LiveEnded,
}

/// Answers questions from a list; once it is used up, every question is interrupted.
#[derive(Debug, Clone)]
pub struct Scripted {
    answers: VecDeque<String>,
    shown: Vec<Shown>,
    look: Look,
    can_ask: bool,
}

impl Scripted {
    /// Somebody who gives these answers, in this order. For a pick, an answer is an item, its beginning or its number
    /// from 1; for a confirmation `y` or `n`; the empty answer is Enter, `^C` is Ctrl-C.
    pub fn new<A: Into<String>>(answers: impl IntoIterator<Item = A>) -> Self {
        let answers = answers.into_iter().map(Into::into).collect();
        Self { answers, shown: Vec::new(), look: Look::PLAIN, can_ask: true }
    }

    /// Nobody.
    pub fn unattended() -> Self {
        Self { can_ask: false, ..Self::new(Vec::<String>::new()) }
    }

    /// The same with another look.
    #[must_use]
    pub fn with_look(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// Everything that was shown, in order.
    pub fn shown(&self) -> &[Shown] {
        &self.shown
    }

    /// All results, as stdout would have them.
    pub fn printed(&self) -> String {
        self.collect(|shown| if let Shown::Printed(text) = shown { Some(text) } else { None })
    }

    /// All conversation and command output, as stderr would have it; questions are left out.
    pub fn said(&self) -> String {
        self.collect(|shown| if let Shown::Said(text) | Shown::Live(text) = shown { Some(text) } else { None })
    }

    /// The questions that were asked, in order.
    pub fn questions(&self) -> Vec<&str> {
        let asked = self.shown.iter().filter_map(|shown| match shown {
            Shown::Asked(question, _) => Some(question.as_str()),
            _ => None,
        });
        asked.collect()
    }

    /// How many answers were not needed.
    pub fn answers_left(&self) -> usize {
        self.answers.len()
    }

    fn collect<'a>(&'a self, text: impl Fn(&'a Shown) -> Option<&'a String>) -> String {
        self.shown.iter().filter_map(text).map(String::as_str).collect()
    }

    fn answer(&mut self, question: &str) -> Result<String, AskError> {
        if !self.can_ask {
            return Err(AskError::NobodyToAsk);
        }
        let answer = self.answers.pop_front().unwrap_or_else(|| INTERRUPT.to_owned());
        self.shown.push(Shown::Asked(question.to_owned(), answer.clone()));
        if answer == INTERRUPT { Err(AskError::Interrupted) } else { Ok(answer) }
    }

    fn reject(&mut self, why: &str) {
        self.shown.push(Shown::Said(format!("{why}\n")));
    }
}

impl Terminal for Scripted {
    fn print(&mut self, text: &str) {
        self.shown.push(Shown::Printed(text.to_owned()));
    }

    fn say(&mut self, text: &str) {
        self.shown.push(Shown::Said(text.to_owned()));
    }

    fn look_out(&self) -> Look {
        self.look
    }

    fn look_err(&self) -> Look {
        self.look
    }

    fn can_ask(&self) -> bool {
        self.can_ask
    }

    fn ask(&mut self, question: &Question<'_>) -> Result<String, AskError> {
        loop {
            let line = self.answer(&question.prompt)?;
            match question.accept(&line) {
                Ok(answer) => return Ok(answer),
                Err(why) => self.reject(&why),
            }
        }
    }

    fn ask_secret(&mut self, prompt: &str) -> Result<String, AskError> {
        self.ask(&Question::new(prompt))
    }

    fn pick(&mut self, prompt: &str, items: &[String], default: usize) -> Result<usize, AskError> {
        loop {
            let answer = self.answer(prompt)?;
            if answer.is_empty() {
                return Ok(default);
            }
            let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let found = items
                .iter()
                .position(|item| *item == answer)
                .or_else(|| items.iter().position(|item| item.starts_with(&answer)))
                .or(number.filter(|index| *index < items.len()));
            match found {
                Some(index) => return Ok(index),
                None => self.reject(&format!("`{answer}` is none of: {}", items.join(", "))),
            }
        }
    }

    fn confirm(&mut self, prompt: &str, default: bool) -> Result<bool, AskError> {
        loop {
            match self.answer(prompt)?.as_str() {
                "" => return Ok(default),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                other => self.reject(&format!("`{other}` is neither y nor n")),
            }
        }
    }

    fn begin_live(&mut self, label: &str) {
        self.shown.push(Shown::LiveBegan(label.to_owned()));
    }

    fn live(&mut self, text: &str) {
        self.shown.push(Shown::Live(text.to_owned()));
    }

    fn picture(&mut self, text: &str) {
        self.shown.push(Shown::Picture(text.to_owned()));
    }

    fn end_live(&mut self) {
        self.shown.push(Shown::LiveEnded);
    }

    fn has_reader(&self) -> bool {
        true
    }

    fn lost_output(&self) -> Option<&str> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Scripted, Shown};
    use crate::terminal::{AskError, Question, Terminal};

    #[test]
    fn answers_come_from_the_script() {
        let mut terminal = Scripted::new(["", "db", "sec", "3", "", "n", "^C"]);
        let items = ["first", "second", "third"].map(str::to_owned);
        assert_eq!(terminal.ask(&Question::new("Service?")), Ok("db".to_owned()));
        assert_eq!(terminal.pick("Which?", &items, 0), Ok(1));
        assert_eq!(terminal.pick("Which?", &items, 0), Ok(2));
        assert_eq!(terminal.confirm("Sure?", true), Ok(true));
        assert_eq!(terminal.confirm("Sure?", true), Ok(false));
        assert_eq!(terminal.ask_secret("Token?"), Err(AskError::Interrupted));
        assert_eq!(terminal.ask_secret("Token?"), Err(AskError::Interrupted));
        assert_eq!(terminal.questions().len(), 8);
        assert!(terminal.said().contains("an answer is needed"));
    }

    #[test]
    fn what_is_shown_is_kept_in_order() {
        let mut terminal = Scripted::unattended();
        terminal.say("a\n");
        terminal.print("b\n");
        terminal.begin_live("c");
        terminal.live("d\n");
        terminal.end_live();
        assert_eq!(terminal.confirm("Sure?", true), Err(AskError::NobodyToAsk));
        assert_eq!((terminal.printed().as_str(), terminal.said().as_str()), ("b\n", "a\nd\n"));
        assert_eq!(terminal.shown()[2], Shown::LiveBegan("c".to_owned()));
        assert_eq!(terminal.shown().len(), 5);
    }
}
