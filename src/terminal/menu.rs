//! The loop in which one of several items is chosen with the arrow keys.

use std::io::Write;

use super::keys::{Key, Keys};

/// The index of the item that is chosen; None when interrupted. Every item comes in two drawings, at rest and active;
/// at most `room` lines are shown at a time.
pub fn choose(
    keys: &mut dyn Keys,
    out: &mut dyn Write,
    items: &[[String; 2]],
    room: usize,
    default: usize,
) -> Option<usize> {
    let height = |index: usize| items[index][0].lines().count();
    let (mut active, mut top) = (default, 0);
    if items.is_empty() {
        return None;
    }
    let mut out = HiddenCursor::new(out);
    loop {
        top = top.min(active);
        while top < active && (top..=active).map(height).sum::<usize>() > room {
            top += 1;
        }
        let mut drawn = 0;
        let mut text = String::new();
        for (index, item) in items.iter().enumerate().skip(top) {
            if drawn > 0 && drawn + height(index) > room {
                break;
            }
            text.push_str(&item[usize::from(index == active)]);
            drawn += height(index);
        }
        out.write(&text);
        let key = keys.next();
        if matches!(key, Key::Interrupt | Key::EndOfInput) {
            return None;
        }
        // Back to the first item, and everything below it gone.
        out.write(&format!("\x1b[{drawn}A\r\x1b[J"));
        match key {
            Key::Up | Key::Char('k') => active = active.checked_sub(1).unwrap_or(items.len() - 1),
            Key::Down | Key::Char('j') => active = (active + 1) % items.len(),
            Key::Home => active = 0,
            Key::End => active = items.len() - 1,
            Key::Enter => return Some(active),
            _ => {}
        }
    }
}

/// Hides the cursor until dropped, also when unwinding.
struct HiddenCursor<'a>(&'a mut dyn Write);

impl<'a> HiddenCursor<'a> {
    fn new(out: &'a mut dyn Write) -> Self {
        let mut hidden = Self(out);
        hidden.write("\x1b[?25l");
        hidden
    }

    fn write(&mut self, text: &str) {
        let _ = self.0.write_all(text.as_bytes()).and_then(|()| self.0.flush());
    }
}

impl Drop for HiddenCursor<'_> {
    fn drop(&mut self) {
        self.write("\x1b[?25h");
    }
}
