//! The status line at the bottom while a command runs.

use std::fmt;
use std::io::{self, Write as _};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::ground::plain_line;
use crate::view::wrap::fit;

const STATUS: &str = "{spinner} {time} {wide_msg}";
// The unfinished line of the output stands above the status.
const STATUS_BELOW_TEXT: &str = "{prefix}\n{spinner} {time} {wide_msg}";

/// Output above a line with a label and the time that has passed.
pub struct Live {
    bar: ProgressBar,
    open: String,
    width: usize,
}

impl Live {
    /// Shows the line on stderr, which is a terminal.
    pub fn begin(label: &str, width: usize) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style(STATUS));
        bar.set_message(plain_line(label));
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, open: String::new(), width }
    }

    /// Shows output; an unfinished line goes on with the next.
    pub fn push(&mut self, text: &str) {
        self.open.push_str(text);
        let whole = match self.open.rfind('\n') {
            Some(end) => self.open.drain(..=end).collect::<String>(),
            None => String::new(),
        };
        self.bar.set_style(style(if self.open.is_empty() { STATUS } else { STATUS_BELOW_TEXT }));
        self.bar.set_prefix(fit(&self.open, self.width.saturating_sub(1)));
        if let Some(lines) = whole.strip_suffix('\n') {
            self.bar.println(lines);
        }
    }

    /// Shows a picture of several lines above the status, in place of the one before; at most so many of its lines.
    pub fn picture(&mut self, text: &str, most: usize) {
        let lines = text.lines().take(most.max(1)).map(|line| fit(line, self.width.saturating_sub(1)));
        self.bar.set_style(style(STATUS_BELOW_TEXT));
        self.bar.set_prefix(lines.collect::<Vec<_>>().join("\n"));
        self.bar.tick();
    }

    /// Runs something that writes to the terminal, with the status line out of the way.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        if !self.open.is_empty() {
            let _ = writeln!(io::stderr(), "{}", self.open);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    style.with_key("time", |state: &ProgressState, out: &mut dyn fmt::Write| {
        let seconds = state.elapsed().as_secs();
        let _ = write!(out, "{}:{:02}", seconds / 60, seconds % 60);
    })
}
