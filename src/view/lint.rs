//! What is wrong with the definitions: a picture for each problem, and a closing line.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::view::count::{counted, together};
use crate::view::look::Look;

/// Every problem as a picture, with an empty line between two.
pub fn pictures(look: Look, problems: &[Diagnostic]) -> String {
    let pictures: Vec<String> = problems.iter().map(|problem| problem.render(look.colour)).collect();
    pictures.join("\n\n")
}

/// `3 errors and 1 warning in 2 files`, or that all of so many definitions are good.
pub fn closing(problems: &[Diagnostic], definitions: usize) -> String {
    if problems.is_empty() {
        return match definitions {
            0 => "There is no definition to check.".to_owned(),
            1 => "The definition is good.".to_owned(),
            many => format!("All {many} definitions are good."),
        };
    }
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let files: BTreeSet<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
    let what = together(&[(errors, "error"), (problems.len() - errors, "warning")]);
    format!("{what} in {}", counted(files.len(), "file"))
}

/// The same for post-mortems.
pub fn papers_closing(problems: &[Diagnostic], papers: usize) -> String {
    match (problems.is_empty(), papers) {
        (true, 0) => "There is no post-mortem to check.".to_owned(),
        (true, 1) => "The post-mortem lacks nothing.".to_owned(),
        (true, many) => format!("All {many} post-mortems lack nothing."),
        (false, _) => closing(problems, papers),
    }
}

#[cfg(test)]
mod tests {
    use super::{closing, pictures};
    use crate::diagnostic::{Diagnostic, Level};
    use crate::view::look::Look;

    fn problem(file: &str, severity: Level) -> Diagnostic {
        Diagnostic {
            file: file.to_owned(),
            line: 1,
            column: 1,
            severity,
            code: "unknown-key",
            message: "`stpes` is no key of a runbook".to_owned(),
            suggestion: Some("did you mean `steps`?".to_owned()),
            excerpt: None,
        }
    }

    #[test]
    fn the_closing_line_counts() {
        let problems = [problem("a", Level::Error), problem("a", Level::Warning), problem("b", Level::Error)];
        assert_eq!(closing(&problems, 9), "2 errors and 1 warning in 2 files");
        assert_eq!(closing(&problems[1..2], 9), "1 warning in 1 file");
        assert_eq!(closing(&[], 21), "All 21 definitions are good.");
        assert_eq!(closing(&[], 0), "There is no definition to check.");
    }

    #[test]
    fn pictures_stand_apart() {
        let text = pictures(Look::PLAIN, &[problem("a", Level::Error), problem("b", Level::Warning)]);
        assert!(text.starts_with("error[unknown-key]: `stpes` is no key of a runbook"), "{text}");
        assert!(text.contains("\n\nwarning[unknown-key]"), "{text}");
    }
}
