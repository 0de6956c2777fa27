//! Cleans a stream of bytes as [`plain`] cleans a text, however the stream is cut into pieces.

use crate::ground::plain;

/// A line longer than this is given out in parts.
const LONG: usize = 64 * 1024;

/// How many escape sequences are looked at, from the end, for one that is still incomplete.
const LOOKS: usize = 8;

/// What can begin a control sequence.
const INTRODUCERS: [char; 7] = ['\u{1b}', '\u{9b}', '\u{90}', '\u{98}', '\u{9d}', '\u{9e}', '\u{9f}'];

/// Holds the unfinished line.
#[derive(Default)]
pub struct Cleaner {
    line: Vec<u8>,
}

impl Cleaner {
    /// Takes a piece and returns the lines that are complete.
    pub fn push(&mut self, piece: &[u8]) -> String {
        // No control sequence goes over the end of a line, so lines can be cleaned one by one.
        let mut text = String::new();
        match piece.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => {
                self.line.extend_from_slice(&piece[..=end]);
                text = self.finish();
                self.line.extend_from_slice(&piece[end + 1..]);
            }
            None => self.line.extend_from_slice(piece),
        }
        if self.line.len() > LONG {
            text.push_str(&self.pause());
        }
        if self.line.len() > LONG {
            text.push_str(&self.finish());
        }
        text
    }

    /// What can be shown of the unfinished line: all but an incomplete character or control sequence at its end.
    pub fn pause(&mut self) -> String {
        let torn = self.line.split_off(self.line.len() - torn_character(&self.line));
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let (shown, held) = line.split_at(settled(&line));
        self.line.extend_from_slice(held.as_bytes());
        self.line.extend_from_slice(&torn);
        plain(shown)
    }

    /// All of the unfinished line.
    pub fn finish(&mut self) -> String {
        plain(&String::from_utf8_lossy(&std::mem::take(&mut self.line)))
    }

    /// Whether there is an unfinished line.
    pub fn is_open(&self) -> bool {
        !self.line.is_empty()
    }
}

/// How many bytes at the end are the beginning of a UTF-8 character.
fn torn_character(bytes: &[u8]) -> usize {
    for (back, byte) in bytes.iter().rev().enumerate().take(3) {
        let length = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if length > back + 1 { back + 1 } else { 0 };
    }
    0
}

/// How much of the line means the same whatever follows. A carriage return may be half of a line break.
fn settled(line: &str) -> usize {
    let mut end = line.strip_suffix('\r').unwrap_or(line).len();
    for _ in 0..LOOKS {
        if complete(&line[..end]) {
            return end;
        }
        end = line[..end].rfind(INTRODUCERS).unwrap_or(0);
    }
    0
}

/// Whether what follows the text would be read as text, not as the rest of a control sequence.
fn complete(text: &str) -> bool {
    let clean = plain(text);
    ["X", "\\"].iter().all(|next| plain(&format!("{text}{next}")) == format!("{clean}{next}"))
}

#[cfg(test)]
mod tests {
    use super::Cleaner;
    use crate::ground::plain;
    use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert_eq, proptest};

    #[test]
    fn an_incomplete_end_is_held_back() {
        for (line, shown, rest, then) in [
            (&b"Password: "[..], "Password: ", &b""[..], ""),
            (b"caf\xc3", "caf", b"\xa9", "é"),
            (b"red\x1b[3", "red", b"1mfish", "fish"),
            (b"a\x1b]0;title", "a", b" goes on\x07b", "b"),
            (b"a\x1b]0;title\x1b", "a", b"\\b", "b"),
            (b"a\x1b[0mb\x1b", "ab", b"(Bc", "c"),
            (b"50%\r", "50%", b"100%", "\n100%"),
            (b"\xff\xfe", "\u{fffd}\u{fffd}", b"", ""),
        ] {
            let mut cleaner = Cleaner::default();
            assert_eq!(cleaner.push(line), "");
            assert_eq!(cleaner.pause(), shown, "{line:?}");
            cleaner.push(rest);
            assert_eq!(cleaner.finish(), then, "{line:?}");
        }
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let mut cleaner = Cleaner::default();
        let mut seen = 0;
        for _ in 0..100 {
            seen += cleaner.push(&[b'x'; 9999]).len();
            assert!(cleaner.line.len() <= 80_000);
        }
        assert_eq!(seen + cleaner.finish().len(), 999_900);
        for _ in 0..100 {
            cleaner.push(&[0x1b; 9999]);
            assert!(cleaner.line.len() <= 80_000);
        }
    }

    fn piece() -> impl Strategy<Value = String> {
        let pieces =
            ["\u{1b}", "[", "]", "0;", "1m", "\u{7}", "\\", "\r", "\n", "é", "€", "x", "P", "(", "\u{9b}", "\u{9d}"];
        prop::sample::select(pieces.to_vec()).prop_map(str::to_owned)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_and_pauses_do_not_change_the_text(
            parts in prop::collection::vec(piece(), 0..24),
            cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..9),
        ) {
            let text = parts.concat();
            let mut cuts: Vec<(usize, bool)> = cuts.iter().map(|(cut, pause)| (cut.index(text.len() + 1), *pause)).collect();
            cuts.extend([(0, false), (text.len(), false)]);
            cuts.sort_unstable();
            let mut cleaner = Cleaner::default();
            let mut shown = String::new();
            for pair in cuts.windows(2) {
                shown += &cleaner.push(&text.as_bytes()[pair[0].0..pair[1].0]);
                if pair[1].1 {
                    shown += &cleaner.pause();
                }
            }
            shown += &cleaner.finish();
            prop_assert_eq!(shown, plain(&text));
        }
    }
}
