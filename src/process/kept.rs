//! The beginning and the end of a long text, and how much was left out between them.

use std::collections::VecDeque;
use std::fmt::Write as _;

/// How much is kept at either end.
const HALF: usize = 512 * 1024;

/// How far from the gap a line break is looked for, so that no half lines stand there.
const NEAR: usize = 4 * 1024;

/// A text of any length in bounded memory.
#[derive(Default)]
pub struct Kept {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Kept {
    /// Adds the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        let (first, rest) = piece.split_at(piece.len().min(HALF - self.head.len()));
        self.head.extend_from_slice(first);
        // What would be pushed out at once need not go in.
        let skipped = rest.len().saturating_sub(HALF);
        self.tail.extend(&rest[skipped..]);
        let over = self.tail.len().saturating_sub(HALF);
        self.tail.drain(..over);
        self.dropped += (skipped + over) as u64;
    }

    /// The text, with a line that says how many bytes are missing; and that number.
    pub fn into_text(mut self) -> (String, u64) {
        let mut tail = Vec::from(self.tail);
        if self.dropped == 0 {
            self.head.append(&mut tail);
            return (String::from_utf8_lossy(&self.head).into_owned(), 0);
        }
        let near = self.head.len().saturating_sub(NEAR);
        if let Some(last) = self.head[near..].iter().rposition(|byte| *byte == b'\n') {
            self.dropped += (self.head.len() - (near + last + 1)) as u64;
            self.head.truncate(near + last + 1);
        }
        if let Some(first) = tail.iter().take(NEAR).position(|byte| *byte == b'\n') {
            self.dropped += first as u64 + 1;
            tail.drain(..=first);
        }
        let mut text = String::from_utf8_lossy(&self.head).into_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let _ = writeln!(text, "… {} bytes left out …", thousands(self.dropped));
        text.push_str(&String::from_utf8_lossy(&tail));
        (text, self.dropped)
    }
}

/// A number in groups of three digits: `12 345`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{HALF, Kept, thousands};

    #[test]
    fn short_text_is_kept_whole() {
        let mut kept = Kept::default();
        kept.push(b"a\n");
        kept.push(&[0xff, b'b']);
        assert_eq!(kept.into_text(), ("a\n\u{fffd}b".to_owned(), 0));
    }

    #[test]
    fn the_middle_is_left_out_between_whole_lines_and_counted() {
        let mut kept = Kept::default();
        let line = "0123456789\n";
        let lines = 5 * HALF / line.len();
        for _ in 0..lines {
            kept.push(line.as_bytes());
        }
        let (text, dropped) = kept.into_text();
        let notice = format!("… {} bytes left out …", thousands(dropped));
        assert!(text.lines().all(|shown| shown == line.trim_end() || shown == notice));
        assert_eq!(text.len() - (notice.len() + 1) + usize::try_from(dropped).unwrap(), lines * line.len());
    }

    #[test]
    fn one_huge_piece_is_bounded_too() {
        let mut kept = Kept::default();
        kept.push(&vec![b'x'; 7 * HALF]);
        let (text, dropped) = kept.into_text();
        assert_eq!(dropped, 5 * HALF as u64);
        assert!(text.len() < 2 * HALF + 100);
        assert!(text.contains("\n… 2 621 440 bytes left out …\n"));
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([7, 1_234, 12_345_678].map(thousands), ["7", "1 234", "12 345 678"]);
    }
}
