//! Bytes from the terminal as keys, and the raw mode in which they come one by one.

use std::io;
use std::os::fd::AsFd as _;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};

use crate::process;

/// How often a question looks whether the process is asked to stop.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// A key, or a chord with Ctrl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Enter.
    Enter,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// Deletes what stands before the cursor (Ctrl-U).
    KillBefore,
    /// Deletes what stands after the cursor (Ctrl-K).
    KillAfter,
    /// Deletes the word before the cursor (Ctrl-W).
    KillWord,
    /// Ctrl-C, or the terminal is gone.
    Interrupt,
    /// Ctrl-D.
    EndOfInput,
    /// Anything else.
    Other,
}

/// Keys as they are typed.
pub trait Keys {
    /// Waits for the next key.
    fn next(&mut self) -> Key;
}

/// Keys from stdin, which is a terminal in raw mode.
#[derive(Default)]
pub struct Keyboard {
    typed: Vec<u8>,
}

impl Keyboard {
    /// Forgets what was typed ahead.
    pub fn forget(&mut self) {
        self.typed.clear();
        let _ = tcflush(io::stdin().as_fd(), QueueSelector::IFlush);
    }
}

impl Keys for Keyboard {
    fn next(&mut self) -> Key {
        loop {
            if let Some((key, length)) = decode(&self.typed) {
                self.typed.drain(..length);
                return key;
            }
            if !wait() {
                return Key::Interrupt;
            }
            let mut piece = [0; 256];
            match rustix::io::read(io::stdin().as_fd(), &mut piece) {
                Ok(0) => return Key::Interrupt,
                Ok(length) => self.typed.extend_from_slice(&piece[..length]),
                // Some signal was handled; the question still stands.
                Err(Errno::INTR) => {}
                Err(_) => return Key::Interrupt,
            }
        }
    }
}

// Waits until there is something to read; false when the process is asked to stop meanwhile.
fn wait() -> bool {
    let stdin = io::stdin();
    loop {
        if process::asked_to_stop() {
            return false;
        }
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut ready, Some(&GLANCE)) {
            Ok(0) | Err(Errno::INTR) => {}
            // What is wrong with the terminal shows in the reading.
            Ok(_) | Err(_) => return true,
        }
    }
}

/// The first key in `typed` and its length in bytes; None when more bytes are needed.
fn decode(typed: &[u8]) -> Option<(Key, usize)> {
    let key = match *typed.first()? {
        0x1b => return decode_escape(typed),
        b'\r' | b'\n' => Key::Enter,
        0x7f | 0x08 => Key::Backspace,
        0x01 => Key::Home,
        0x02 => Key::Left,
        0x03 => Key::Interrupt,
        0x04 => Key::EndOfInput,
        0x05 => Key::End,
        0x06 => Key::Right,
        0x0b => Key::KillAfter,
        b'\t' | 0x0e => Key::Down,
        0x10 => Key::Up,
        0x15 => Key::KillBefore,
        0x17 => Key::KillWord,
        0x00..=0x1f => Key::Other,
        first => return decode_character(first, typed),
    };
    Some((key, 1))
}

fn decode_character(first: u8, typed: &[u8]) -> Option<(Key, usize)> {
    let length = match first {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((Key::Other, 1)),
    };
    if typed.len() < length {
        return None;
    }
    match str::from_utf8(&typed[..length]).ok().and_then(|text| text.chars().next()) {
        Some(c) if !c.is_control() => Some((Key::Char(c), length)),
        Some(_) => Some((Key::Other, length)),
        None => Some((Key::Other, 1)),
    }
}

// A terminal sends the sequence of a key in one go, so an escape at the end of what has come is the Escape key.
fn decode_escape(typed: &[u8]) -> Option<(Key, usize)> {
    match typed.get(1) {
        None | Some(0x1b) => return Some((Key::Other, 1)),
        Some(b'[' | b'O') => {}
        Some(_) => return Some((Key::Other, 2)),
    }
    let end = 2 + typed[2..].iter().position(|byte| !(0x20..=0x3f).contains(byte))?;
    let key = match (typed[end], &typed[2..end]) {
        (b'A' | b'Z', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'C', _) => Key::Right,
        (b'D', _) => Key::Left,
        (b'H', _) | (b'~', b"1" | b"7") => Key::Home,
        (b'F', _) | (b'~', b"4" | b"8") => Key::End,
        (b'~', b"3") => Key::Delete,
        _ => Key::Other,
    };
    Some((key, end + 1))
}

/// The terminal in raw mode: keys come at once, none is echoed, none raises a signal. Dropping it, also when
/// unwinding, gives back the mode there was before.
pub struct RawMode {
    before: Termios,
}

impl RawMode {
    /// Switches stdin's terminal to raw mode.
    pub fn enter() -> io::Result<Self> {
        let before = tcgetattr(io::stdin().as_fd())?;
        let mut raw = before.clone();
        raw.make_raw();
        // Output is treated as before: a newline still begins a line.
        raw.output_modes = before.output_modes;
        tcsetattr(io::stdin().as_fd(), OptionalActions::Drain, &raw)?;
        Ok(Self { before })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Drain, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, decode};

    fn keys(mut typed: &[u8]) -> (Vec<Key>, usize) {
        let mut keys = Vec::new();
        while let Some((key, length)) = decode(typed) {
            keys.push(key);
            typed = &typed[length..];
        }
        (keys, typed.len())
    }

    #[test]
    fn sequences_are_keys() {
        let typed = b"a\x1b[A\x1bOB\x1b[1;5C\x1b[3~\x1b[1~\x1b[F\x1b[200~\x1bx\r\x7f\x03\x04";
        let expected = [
            Key::Char('a'),
            Key::Up,
            Key::Down,
            Key::Right,
            Key::Delete,
            Key::Home,
            Key::End,
            Key::Other,
            Key::Other,
            Key::Enter,
            Key::Backspace,
            Key::Interrupt,
            Key::EndOfInput,
        ];
        assert_eq!(keys(typed), (expected.to_vec(), 0));
    }

    #[test]
    fn characters_may_come_in_parts() {
        assert_eq!(keys("é€😀".as_bytes()), (vec![Key::Char('é'), Key::Char('€'), Key::Char('😀')], 0));
        assert_eq!(keys(b"x\xe2\x82"), (vec![Key::Char('x')], 2));
        assert_eq!(keys(b"\xff\xe2xx"), (vec![Key::Other, Key::Other, Key::Char('x'), Key::Char('x')], 0));
        assert_eq!(keys("\u{9b}".as_bytes()), (vec![Key::Other], 0));
    }

    #[test]
    fn a_lone_escape_is_a_key() {
        assert_eq!(keys(b"\x1b"), (vec![Key::Other], 0));
        assert_eq!(keys(b"\x1b[1"), (vec![], 3));
    }
}
