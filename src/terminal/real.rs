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
    colour_out: bool,
    colour_err: bool,
    is_dumb: bool,
    can_ask: bool,
    keyboard: Keyboard,
    live: Option<Live>,
    out_is_closed: bool,
    lost: Option<String>,
}

impl RealTerminal {
    /// Looks at the streams and the environment once.
    pub fn new(colour: ColourChoice, no_input: bool) -> Self {
        let environment = Environment::read();
        Self {
            colour_out: environment.colour(colour, io::stdout().is_terminal()),
            colour_err: environment.colour(colour, io::stderr().is_terminal()),
            is_dumb: environment.is_dumb(),
            can_ask: !no_input && io::stdin().is_terminal() && io::stderr().is_terminal(),
            keyboard: Keyboard::default(),
            live: None,
            out_is_closed: false,
            lost: None,
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
        if self.out_is_closed {
            return;
        }
        let mut out = io::stdout().lock();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            self.out_is_closed = true;
            if error.kind() != ErrorKind::BrokenPipe {
                self.lost = Some(format!("the output could not be written: {error}"));
            }
        }
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
            is_dumb: self.is_dumb,
        })
    }
}

impl Terminal for RealTerminal {
    fn print(&mut self, text: &str) {
        self.aside(|this| this.write_out(text));
    }

    fn say(&mut self, text: &str) {
        // There is no second place to complain when stderr is gone.
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.aside(|_| drop(io::stderr().write_all(format!("{text}{end}").as_bytes())));
    }

    fn look_out(&self) -> Look {
        Look { width: width(io::stdout().as_fd()), colour: self.colour_out }
    }

    fn look_err(&self) -> Look {
        Look { width: width(io::stderr().as_fd()), colour: self.colour_err }
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
        if io::stderr().is_terminal() && !self.is_dumb {
            self.live = Some(Live::begin(label, self.look_err().width));
        }
    }

    fn live(&mut self, text: &str) {
        match &mut self.live {
            Some(live) => live.push(text),
            None => self.say(text),
        }
    }

    fn end_live(&mut self) {
        if self.live.take().is_some() && self.can_ask {
            self.keyboard.forget();
        }
    }

    fn lost_output(&self) -> Option<&str> {
        self.lost.as_deref()
    }
}
