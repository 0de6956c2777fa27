//! Texts that must not become too long once they are written in somebody else's markup.

/// Stands where a text was cut.
pub(super) const MARK: &str = "\n[…] (cut here: the message is too long for this channel)";

/// A text that takes `limit` at most when every character takes what `cost` says; one that is too long ends with a mark.
pub(super) fn shorten(text: &str, limit: usize, mark: &str, cost: impl Fn(char) -> usize) -> String {
    if text.chars().map(&cost).sum::<usize>() <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(mark.chars().map(&cost).sum());
    format!("{}{mark}", &text[..fitting(text, room, cost)])
}

/// How many bytes of a text fit.
pub(super) fn fitting(text: &str, room: usize, cost: impl Fn(char) -> usize) -> usize {
    let mut taken = 0;
    for (index, c) in text.char_indices() {
        taken += cost(c);
        if taken > room {
            return index;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn long_texts_end_with_a_mark() {
        assert_eq!(shorten("äöü", 3, "…", |_| 1), "äöü");
        assert_eq!(shorten("äöüß", 3, "…", |_| 1), "äö…");
        assert_eq!(shorten("a&b", 6, "…", |c| if c == '&' { 5 } else { 1 }), "a…");
        assert_eq!(shorten("long", 0, "…", |_| 1), "…");
    }
}
