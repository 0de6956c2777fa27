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

/// `980 B`, `1.2 MB`: decimal units.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::{bytes, counted, together};

    #[test]
    fn sizes_are_short() {
        for (size, text) in [(0, "0 B"), (999, "999 B"), (1_250, "1.2 kB"), (999_999, "999.9 kB")] {
            assert_eq!(bytes(size), text);
        }
        assert_eq!(bytes(123_456_789), "123.4 MB");
        assert_eq!(bytes(5_000_000_000_000_000), "5000.0 TB");
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "file"), "0 files");
        assert_eq!(together(&[(3, "error"), (1, "warning")]), "3 errors and 1 warning");
        assert_eq!(together(&[(0, "error"), (2, "warning")]), "2 warnings");
        assert_eq!(together(&[(0, "error")]), "");
    }
}
