//! What a command prints, on its way to the screen and the journal.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::{Instant, sleep_until};

use super::kept::Kept;
use super::text::Cleaner;
use super::{Ending, Finished};
use crate::redact::{Redactor, StreamRedactor};

/// An unfinished line is shown when nothing has come for this long.
const QUIET: Duration = Duration::from_millis(100);

const PIECE: usize = 32 * 1024;

/// The reading ends of the two pipes; None once closed.
pub struct Pipes {
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

impl Pipes {
    /// Takes the pipes from the child.
    pub fn of(child: &mut Child) -> Self {
        Self { stdout: child.stdout.take(), stderr: child.stderr.take() }
    }
}

/// One of the two streams. Secrets are looked for before cleaning, which could tear one apart, and again in the
/// cleaned text, where an escape sequence may have hidden one.
struct Side {
    raw: Kept,
    redact: StreamRedactor,
    clean: Cleaner,
}

impl Side {
    fn new(redactor: &Redactor) -> Self {
        Self { raw: Kept::default(), redact: redactor.stream(), clean: Cleaner::default() }
    }

    fn push(&mut self, piece: &[u8]) -> String {
        self.raw.push(piece);
        self.clean.push(&self.redact.push(piece))
    }

    fn close(&mut self) -> String {
        let mut text = self.clean.push(&self.redact.finish());
        text.push_str(&self.clean.finish());
        text
    }
}

/// Both streams, what was shown of them, and the door to the screen.
pub struct Output<'a> {
    stdout: Side,
    stderr: Side,
    redact: StreamRedactor,
    kept: Kept,
    quiet_at: Option<Instant>,
    live: &'a mut (dyn FnMut(&str) + Send),
}

impl<'a> Output<'a> {
    /// Nothing yet.
    pub fn new(redactor: &Redactor, live: &'a mut (dyn FnMut(&str) + Send)) -> Self {
        let (stdout, stderr) = (Side::new(redactor), Side::new(redactor));
        Self { stdout, stderr, redact: redactor.stream(), kept: Kept::default(), quiet_at: None, live }
    }

    /// Reads until both pipes are closed. Nothing is lost when the future is dropped before.
    pub async fn read(&mut self, pipes: &mut Pipes) {
        let (mut out, mut err) = (vec![0; PIECE], vec![0; PIECE]);
        while pipes.stdout.is_some() || pipes.stderr.is_some() {
            let quiet_at = self.quiet_at;
            tokio::select! {
                length = next(&mut pipes.stdout, &mut out), if pipes.stdout.is_some() => {
                    let text = if length == 0 { self.stdout.close() } else { self.stdout.push(&out[..length]) };
                    self.show(&text);
                }
                length = next(&mut pipes.stderr, &mut err), if pipes.stderr.is_some() => {
                    let text = if length == 0 { self.stderr.close() } else { self.stderr.push(&err[..length]) };
                    self.show(&text);
                }
                () = sleep_until(quiet_at.unwrap_or_else(Instant::now)), if quiet_at.is_some() => self.pause(),
            }
        }
    }

    fn show(&mut self, text: &str) {
        let text = self.redact.push(text.as_bytes());
        self.emit(&text);
        let open = self.stdout.clean.is_open() || self.stderr.clean.is_open();
        self.quiet_at = open.then(|| Instant::now() + QUIET);
    }

    fn emit(&mut self, text: &[u8]) {
        if !text.is_empty() {
            self.kept.push(text);
            (self.live)(&String::from_utf8_lossy(text));
        }
    }

    fn pause(&mut self) {
        let text = self.stdout.clean.pause() + &self.stderr.clean.pause();
        self.show(&text);
        // What is still held cannot be shown before more of it comes.
        self.quiet_at = None;
    }

    /// Adds a line of our own.
    pub fn remark(&mut self, line: &str) {
        self.show(line);
    }

    /// The end: everything held back comes out.
    pub fn finish(mut self, ending: Ending, duration: Duration) -> Finished {
        let text = self.stdout.close() + &self.stderr.close();
        self.show(&text);
        let rest = self.redact.finish();
        self.emit(&rest);
        let (output, truncated_bytes) = self.kept.into_text();
        let (stdout, left_out) = self.stdout.raw.into_text();
        let (stderr, _) = self.stderr.raw.into_text();
        Finished { ending, duration, output, stdout, stdout_is_cut: left_out > 0, stderr, truncated_bytes }
    }
}

/// The length of the next piece; a pipe that ends or fails is closed and gives 0.
async fn next(pipe: &mut Option<impl AsyncRead + Unpin>, piece: &mut [u8]) -> usize {
    let Some(reader) = pipe else { return 0 };
    let length = reader.read(piece).await.unwrap_or(0);
    if length == 0 {
        *pipe = None;
    }
    length
}
