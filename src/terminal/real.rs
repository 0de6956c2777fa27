//! The terminal the process was started in.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;

use super::colour::{ColourChoice, Environment, height, width};
use super::keys::{Keyboard, RawMode};
use super::live::Live;
use super::prompt::Prompter;
use super::{AskError, Look, Question, Terminal};

/// Stdin, stdout and stderr.
pub struct RealTerminal {
    environment: Environment,
    colour: ColourChoice,
    can_ask: bool,
    keyboard: Keyboard,
    live: Option<Live>,
    /// Whether command output without a status line has ended within a line.
    is_within_line: bool,
    out: Out,
}

/// Whether stdout still takes something.
enum Out {
    Open,
    /// Its reader has seen enough.
    Closed,
    /// It failed; why.
    Lost(String),
}

impl RealTerminal {
    /// Looks at the environment and at who is there, once.
    pub fn new(colour: ColourChoice, no_input: bool) -> Self {
        Self {
            environment: Environment::read(),
            colour,
            can_ask: !no_input && io::stdin().is_terminal() && io::stderr().is_terminal(),
            keyboard: Keyboard::default(),
            live: None,
            is_within_line: false,
            out: Out::Open,
        }
    }

    fn aside<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> T {
        let live = self.live.take();
        let done = match &live {
            Some(live) => live.aside(|| write(self)),
            None => write(self),
        };
        self.live = live;
        done
    }

    fn write_out(&mut self, text: &str) {
        if !matches!(self.out, Out::Open) {
            return;
        }
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            self.out = match error.kind() {
                ErrorKind::BrokenPipe => Out::Closed,
                _ => Out::Lost(format!("the output could not be written: {error}")),
            };
        }
    }

    // There is no second place to complain when stderr is gone.
    fn write_err(&mut self, text: &str) {
        self.aside(|_| drop(io::stderr().write_all(text.as_bytes())));
    }

    fn prompt<T>(&mut self, ask: impl FnOnce(&mut Prompter<'_>) -> Result<T, AskError>) -> Result<T, AskError> {
        if !self.can_ask {
            return Err(AskError::NobodyToAsk);
        }
        self.end_live();
        let look = self.look_err();
        let _raw = RawMode::enter().map_err(|_| AskError::NobodyToAsk)?;
        ask(&mut Prompter {
            keys: &mut self.keyboard,
            out: &mut io::stderr(),
            look,
            height: height(io::stderr().as_fd()),
            is_dumb: self.environment.is_dumb(),
        })
    }
}

impl Terminal for RealTerminal {
    fn print(&mut self, text: &str) {
        self.aside(|this| this.write_out(text));
    }

    fn say(&mut self, text: &str) {
        self.write_err(text);
        if !text.ends_with('\n') {
            self.write_err("\n");
        }
    }

    fn look_out(&self) -> Look {
        let stream = io::stdout();
        Look { width: width(stream.as_fd()), colour: self.environment.colour(self.colour, stream.is_terminal()) }
    }

    fn look_err(&self) -> Look {
        let stream = io::stderr();
        Look { width: width(stream.as_fd()), colour: self.environment.colour(self.colour, stream.is_terminal()) }
    }

    fn can_ask(&self) -> bool {
        self.can_ask
    }

    fn ask(&mut self, question: &Question<'_>) -> Result<String, AskError> {
        self.prompt(|prompter| prompter.ask(question))
    }

    fn ask_secret(&mut self, prompt: &str) -> Result<String, AskError> {
        self.prompt(|prompter| prompter.ask_secret(prompt))
    }

    fn pick(&mut self, prompt: &str, items: &[String], default: usize) -> Result<usize, AskError> {
        self.prompt(|prompter| prompter.pick(prompt, items, default))
    }

    fn confirm(&mut self, prompt: &str, default: bool) -> Result<bool, AskError> {
        self.prompt(|prompter| prompter.confirm(prompt, default))
    }

    fn begin_live(&mut self, label: &str) {
        self.end_live();
        if io::stderr().is_terminal() && !self.environment.is_dumb() {
            self.live = Some(Live::begin(label, self.look_err().width));
        }
    }

    fn live(&mut self, text: &str) {
        if let Some(live) = &mut self.live {
            live.push(text);
        } else if !text.is_empty() {
            self.is_within_line = !text.ends_with('\n');
            self.write_err(text);
        }
    }

    fn picture(&mut self, text: &str) {
        let most = height(io::stderr().as_fd()).saturating_sub(3);
        if let Some(live) = &mut self.live {
            live.picture(text, most);
        }
    }

    fn end_live(&mut self) {
        if std::mem::take(&mut self.is_within_line) {
            self.write_err("\n");
        }
        if self.live.take().is_some() && self.can_ask {
            self.keyboard.forget();
        }
    }

    fn has_reader(&self) -> bool {
        matches!(self.out, Out::Open)
    }

    fn lost_output(&self) -> Option<&str> {
        if let Out::Lost(why) = &self.out { Some(why) } else { None }
    }
}
