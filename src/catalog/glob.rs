//! The patterns of `include:`: `*` and `?` within one part of a path.

use std::fs;
use std::path::Path;

// A pattern such as `*/*/*/*.yaml` on a large tree must end.
const MOST_MATCHES: usize = 10_000;

/// Whether a pattern stays inside the workspace; else a message.
pub fn check(pattern: &str) -> Result<(), String> {
    if pattern.trim().is_empty() {
        return Err("this pattern is blank".to_owned());
    }
    if Path::new(pattern).is_absolute() || pattern.split('/').any(|part| part == "..") {
        return Err(format!("`{pattern}` leads out of the workspace; patterns are relative to it"));
    }
    if pattern.contains("**") || pattern.contains('[') || pattern.contains('{') {
        return Err(format!("`{pattern}` has more than `*` and `?`, which is all a pattern may have"));
    }
    Ok(())
}

/// The paths below a root that a pattern names, sorted, with `/`.
pub fn matches(root: &Path, pattern: &str) -> Vec<String> {
    let mut paths = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty() && *part != ".") {
        paths = paths.iter().flat_map(|path| below(root, path, part)).take(MOST_MATCHES).collect();
    }
    paths.retain(|path| !path.is_empty());
    paths.sort();
    paths
}

fn below(root: &Path, path: &str, part: &str) -> Vec<String> {
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
    if !part.contains(['*', '?']) {
        let whole = join(part);
        return if root.join(&whole).symlink_metadata().is_ok() { vec![whole] } else { Vec::new() };
    }
    let Ok(entries) = fs::read_dir(root.join(path)) else { return Vec::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && fits(part.as_bytes(), name.as_bytes()))
        .map(|name| join(&name))
        .collect()
}

// `*` stands for any run of bytes; on a mismatch the last `*` takes one byte more.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut reached) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while reached < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, reached));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[reached] => {
                at += 1;
                reached += 1;
            }
            _ => {
                let Some((last, taken)) = star else { return false };
                star = Some((last, taken + 1));
                (at, reached) = (last + 1, taken + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::{check, fits, matches};

    #[test]
    fn stars_and_question_marks() {
        let fits = |pattern: &str, name: &str| fits(pattern.as_bytes(), name.as_bytes());
        assert!(fits("*.yaml", "a.yaml") && fits("a*b*c", "aXbYbZc") && fits("?.y*", "x.yaml") && fits("*", ""));
        assert!(!fits("*.yaml", "a.yml") && !fits("a*b", "acd") && !fits("?", ""));
    }

    #[test]
    fn patterns_stay_inside() {
        assert!(check("metrics/*.yaml").is_ok());
        for wrong in ["/etc/passwd", "../x.yaml", "a/../../b", "**/x", " "] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn files_are_found_in_order() {
        let root = tempfile::tempdir().unwrap();
        for path in ["b/2.yaml", "b/1.yaml", "b/.hidden.yaml", "a/3.yaml", "a/x.txt"] {
            std::fs::create_dir_all(root.path().join(path).parent().unwrap()).unwrap();
            std::fs::write(root.path().join(path), "").unwrap();
        }
        assert_eq!(matches(root.path(), "*/*.yaml"), ["a/3.yaml", "b/1.yaml", "b/2.yaml"]);
        assert_eq!(matches(root.path(), "b/1.yaml"), ["b/1.yaml"]);
        assert!(matches(root.path(), "b/9.yaml").is_empty());
    }
}
