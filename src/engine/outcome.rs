//! What a command's end means: was it good, and which values are kept from it.

use regex::Regex;
use serde_json::Value;

use crate::catalog::model::{Capture, CaptureSource, Expect};

/// What a command printed, before anything is taken out of it.
#[derive(Debug, Clone, Copy)]
pub struct Printed<'a> {
    /// Standard output.
    pub stdout: &'a str,
    /// Standard error.
    pub stderr: &'a str,
}

impl Printed<'_> {
    fn both(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// Whether an exit code and output are what was expected; the error says what was seen instead.
pub fn check(expect: &Expect, exit_code: i32, printed: Printed<'_>) -> Result<(), String> {
    if !expect.exit_codes.contains(&exit_code) {
        let wanted = match expect.exit_codes.as_slice() {
            [0] => String::new(),
            codes => format!(", expected {}", codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")),
        };
        return Err(format!("exit code {exit_code}{wanted}"));
    }
    let Some(pattern) = &expect.output else { return Ok(()) };
    let regex = regex(pattern)?;
    // The last newline belongs to the way programs print, so `$` is to match before it.
    let found = regex.is_match(printed.stdout.trim_end()) || regex.is_match(printed.both().trim_end());
    if found { Ok(()) } else { Err(format!("the output does not match {pattern}")) }
}

/// The value that a capture keeps; the error says why there is none.
pub fn capture(capture: &Capture, printed: Printed<'_>) -> Result<String, String> {
    let both;
    let text = match capture.from {
        CaptureSource::Stdout => printed.stdout,
        CaptureSource::Stderr => printed.stderr,
        CaptureSource::Output => {
            both = printed.both();
            &both
        }
    };
    let missing = |why: String| format!("nothing to keep as {}: {why}", capture.name);
    let text = match &capture.pointer {
        None => text.trim().to_owned(),
        Some(pointer) => {
            let json: Value = serde_json::from_str(text.trim())
                .map_err(|error| missing(format!("the output is not JSON: {error}")))?;
            match json.pointer(pointer) {
                None => return Err(missing(format!("the output has nothing at {pointer}"))),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            }
        }
    };
    let Some(pattern) = &capture.pattern else { return Ok(text) };
    let found = regex(pattern)?
        .captures(&text)
        .and_then(|groups| groups.get(1).or_else(|| groups.get(0)).map(|m| m.as_str().to_owned()));
    found.ok_or_else(|| missing(format!("the output does not match {pattern}")))
}

fn regex(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|error| format!("the pattern {pattern} is wrong: {error}"))
}

#[cfg(test)]
mod tests {
    use super::{Printed, capture, check};
    use crate::catalog::model::{Capture, CaptureSource, Expect};

    const JSON: Printed<'static> = Printed { stdout: "{\"items\":[{\"id\":42}]}\n", stderr: "took 12 ms\n" };

    fn keep(from: CaptureSource, pattern: Option<&str>, pointer: Option<&str>) -> Result<String, String> {
        let wanted =
            Capture { name: "value".into(), from, pattern: pattern.map(Into::into), pointer: pointer.map(Into::into) };
        capture(&wanted, JSON)
    }

    #[test]
    fn values_are_kept_by_pointer_and_pattern() {
        assert_eq!(keep(CaptureSource::Stdout, None, Some("/items/0/id")).unwrap(), "42");
        assert_eq!(keep(CaptureSource::Stderr, Some(r"took (\d+)"), None).unwrap(), "12");
        assert_eq!(keep(CaptureSource::Output, Some("ms"), None).unwrap(), "ms");
        assert!(keep(CaptureSource::Stdout, None, Some("/nothing")).unwrap_err().contains("/nothing"));
        assert!(keep(CaptureSource::Stderr, None, Some("/a")).unwrap_err().contains("not JSON"));
    }

    #[test]
    fn what_is_expected_is_checked() {
        let expect = Expect { exit_codes: vec![0, 2], output: Some("^took".into()) };
        let printed = Printed { stdout: "took long", stderr: "" };
        assert_eq!(check(&expect, 2, printed), Ok(()));
        assert_eq!(check(&expect, 1, printed), Err("exit code 1, expected 0 or 2".into()));
        assert!(check(&expect, 0, Printed { stdout: "no", stderr: "" }).unwrap_err().contains("does not match"));
    }
}
