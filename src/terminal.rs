//! The only door to stdout, stderr and prompts.
//!
//! Prompts are drawn by dialoguer's themes, but read by our own key loop: dialoguer's loop answers Ctrl-C by raising
//! SIGINT, which ends the process half-way or, where the signal is handled, stops the next command instead; it takes
//! any other handled signal for Ctrl-C; it ignores Ctrl-D; and its password prompt leaves the echo off. Here the
//! terminal is in raw mode for the length of a prompt, so Ctrl-C is a key like any other.

mod colour;
mod editor;
mod keys;
mod live;
mod menu;
mod prompt;
#[cfg(test)]
mod pty;
mod real;
mod scripted;

use crate::error::Error;
pub use crate::view::look::Look;
pub use colour::ColourChoice;
pub use real::RealTerminal;
pub use scripted::{Scripted, Shown};

/// Where results, conversation and questions go.
pub trait Terminal: Send {
    /// A result, to stdout, as it is; ends with a newline.
    fn print(&mut self, text: &str);
    /// Conversation, to stderr; a newline is added where it has none at its end.
    fn say(&mut self, text: &str);
    /// Conversation in prose: like [`Terminal::say`], with long lines broken between words.
    fn tell(&mut self, text: &str) {
        let width = self.look_err().width;
        self.say(&crate::view::wrap::folded(text, width));
    }
    /// How text for [`Terminal::print`] is to look.
    fn look_out(&self) -> Look;
    /// How text for [`Terminal::say`] is to look.
    fn look_err(&self) -> Look;
    /// Whether there is somebody to ask.
    fn can_ask(&self) -> bool;
    /// A line of text, without the spaces around it.
    fn ask(&mut self, question: &Question<'_>) -> Result<String, AskError>;
    /// A line of text that is not shown while it is typed; never empty.
    fn ask_secret(&mut self, prompt: &str) -> Result<String, AskError>;
    /// The index of one of `items`, of which there is at least one.
    fn pick(&mut self, prompt: &str, items: &[String], default: usize) -> Result<usize, AskError>;
    /// Yes or no.
    fn confirm(&mut self, prompt: &str, default: bool) -> Result<bool, AskError>;
    /// Shows a status line with a running time while a command runs; nothing on a pipe.
    fn begin_live(&mut self, label: &str);
    /// Output of the command, above the status line. It may come in unfinished lines.
    fn live(&mut self, text: &str);
    /// A picture above the status line, in place of the one before; it goes away with the line. Nothing on a pipe.
    fn picture(&mut self, text: &str);
    /// Takes the status line away. What was typed meanwhile is forgotten: it must not answer the next question.
    fn end_live(&mut self);
    /// Whether somebody still reads the results; no more when the reader of a pipe is gone.
    fn has_reader(&self) -> bool;
    /// Why a result could not be written, if so. A reader that has seen enough (`| head`) is no failure.
    fn lost_output(&self) -> Option<&str>;
}

/// A check of an answer; the error is shown and the question asked again.
pub type Check<'a> = &'a dyn Fn(&str) -> Result<(), String>;

/// A question that is answered with a line of text.
#[derive(Clone)]
pub struct Question<'a> {
    /// What is asked.
    pub prompt: String,
    /// What Enter alone means.
    pub default: Option<String>,
    /// Whether there may be no answer.
    pub allow_empty: bool,
    /// What the answer must satisfy.
    pub check: Option<Check<'a>>,
}

impl<'a> Question<'a> {
    /// A question that wants an answer.
    pub fn new(prompt: impl Into<String>) -> Self {
        Self { prompt: prompt.into(), default: None, allow_empty: false, check: None }
    }

    /// What Enter alone means.
    #[must_use]
    pub fn default(mut self, default: impl Into<String>) -> Self {
        self.default = Some(default.into());
        self
    }

    /// No answer is fine too.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.allow_empty = true;
        self
    }

    /// What the answer must satisfy.
    #[must_use]
    pub fn check(mut self, check: Check<'a>) -> Self {
        self.check = Some(check);
        self
    }

    /// The answer a typed line gives, or what is wrong with it.
    fn accept(&self, line: &str) -> Result<String, String> {
        let line = line.trim();
        let answer = if line.is_empty() { self.default.as_deref().unwrap_or_default() } else { line };
        if answer.is_empty() && !self.allow_empty {
            return Err("an answer is needed here (Ctrl-C to leave)".to_owned());
        }
        match self.check {
            Some(check) if !answer.is_empty() => check(answer).map(|()| answer.to_owned()),
            _ => Ok(answer.to_owned()),
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Ctrl-C, Ctrl-D, or the terminal is gone.
    #[error("interrupted")]
    Interrupted,
    /// No terminal, or `--no-input`.
    #[error("input is needed, and there is nobody to ask")]
    NobodyToAsk,
}

impl From<AskError> for Error {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Interrupted => Self::interrupted("stopped at a question; nothing was done"),
            AskError::NobodyToAsk => Self::input_needed(error.to_string()),
        }
    }
}
