//! A program in a pseudo-terminal, and what it showed there.

use std::io::ErrorKind;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use expectrl::process::unix::{UnixProcess, WaitStatus};
use expectrl::session::OsSession;
use expectrl::{Expect, Session};
use opsctl::ground::plain;

use super::PATIENCE;

/// A program in a pseudo-terminal of 80 columns.
pub struct Pty {
    session: OsSession,
    raw: Vec<u8>,
    read: usize,
    is_over: bool,
}

impl Pty {
    pub(super) fn spawn(mut command: Command) -> Self {
        // Standard input is the terminal, which is there already when the program begins.
        command.stdin(Stdio::inherit());
        let session = Session::spawn(command).unwrap();
        Self { session, raw: Vec::new(), read: 0, is_over: false }
    }

    /// All that was shown, without control sequences.
    pub fn shown(&self) -> String {
        plain(&self.raw())
    }

    /// All that was sent to the terminal.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Waits until this is shown after what was expected before.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> &mut Self {
        let begun = Instant::now();
        loop {
            let shown = self.shown();
            if let Some(at) = shown.get(self.read..).and_then(|rest| rest.find(text)) {
                self.read += at + text.len();
                return self;
            }
            assert!(!self.is_over, "it ended without showing `{text}`:\n{shown}");
            assert!(begun.elapsed() < PATIENCE, "it does not show `{text}`:\n{shown}");
            self.take();
        }
    }

    /// Types a line.
    #[track_caller]
    pub fn send_line(&mut self, line: &str) -> &mut Self {
        // A line as the key sends it: a return, which the terminal makes a new line of where it is asked to.
        self.send(&format!("{line}\r"))
    }

    /// Types keys.
    #[track_caller]
    pub fn send(&mut self, keys: &str) -> &mut Self {
        Expect::send(&mut self.session, keys).unwrap();
        self
    }

    /// Types Ctrl-C.
    #[track_caller]
    pub fn interrupt(&mut self) -> &mut Self {
        self.send("\u{3}")
    }

    /// The program's process id.
    pub fn pid(&self) -> i32 {
        self.process().pid().as_raw()
    }

    /// Waits for the end; gives the exit code (128 and the signal's number after a signal) and all that was shown.
    #[track_caller]
    pub fn finish(&mut self) -> (i32, String) {
        let begun = Instant::now();
        loop {
            self.take();
            match self.process().status() {
                Ok(WaitStatus::Exited(_, code)) => return (code, self.rest()),
                Ok(WaitStatus::Signaled(_, signal, _)) => return (128 + signal as i32, self.rest()),
                _ => assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.shown()),
            }
        }
    }

    fn process(&self) -> &UnixProcess {
        self.session.get_process()
    }

    fn rest(&mut self) -> String {
        while !self.is_over && self.take() {}
        self.shown()
    }

    /// Reads what there is; tells whether there was anything.
    fn take(&mut self) -> bool {
        let mut buffer = [0; 4096];
        match self.session.try_read(&mut buffer) {
            Ok(0) => self.is_over = true,
            Ok(length) => {
                self.raw.extend_from_slice(&buffer[..length]);
                return true;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(10)),
            // Linux says so when the other side of the terminal is closed.
            Err(_) => self.is_over = true,
        }
        false
    }
}
