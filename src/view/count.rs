//! How many of something there are, in words.

/// `1 error`, `3 errors`.
pub fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// `3 errors and 1 warning`; parts that are nothing are left out, and no parts give an empty text.
pub fn together(parts: &[(usize, &str)]) -> String {
    let said = parts.iter().filter(|(count, _)| *count > 0).map(|(count, one)| counted(*count, one));
    said.collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::{counted, together};

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "file"), "0 files");
        assert_eq!(together(&[(3, "error"), (1, "warning")]), "3 errors and 1 warning");
        assert_eq!(together(&[(0, "error"), (2, "warning")]), "2 warnings");
        assert_eq!(together(&[(0, "error")]), "");
    }
}
