//! What was checked, how it stands, and what to do about it.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ground::plain_line;
use crate::view::count::together;
use crate::view::look::{Look, Style, paint};
use crate::view::wrap::{columns, wrap};

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// As it should be.
    Ok,
    /// Some of it will not work.
    Warning,
    /// It will not work.
    Problem,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckView {
    /// What was looked at: `store`, `tool psql`, `variable DATABASE_URL`.
    pub check: String,
    /// How it came out.
    pub status: CheckStatus,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl CheckView {
    /// It is as it should be.
    pub fn ok(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { check: check.into(), status: CheckStatus::Ok, detail: detail.into(), hint: None }
    }

    /// Some of it will not work.
    pub fn warning(check: impl Into<String>, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: CheckStatus::Warning, hint: Some(hint.into()), ..Self::ok(check, detail) }
    }

    /// It will not work.
    pub fn problem(check: impl Into<String>, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: CheckStatus::Problem, hint: Some(hint.into()), ..Self::ok(check, detail) }
    }
}

/// The checks, a line each; below it the way out.
pub fn checks_text(look: Look, checks: &[CheckView]) -> String {
    let names = checks.iter().map(|check| columns(&check.check)).max().unwrap_or(0);
    let indent = WORD + 2 + names + 2;
    let width = look.width.saturating_sub(indent).max(NARROWEST);
    let mut text = String::new();
    for check in checks {
        let (word, style) = match check.status {
            CheckStatus::Ok => ("ok", Style::Good),
            CheckStatus::Warning => ("warning", Style::Warn),
            CheckStatus::Problem => ("PROBLEM", Style::Bad),
        };
        let word = paint(look, style, &format!("{word:<WORD$}"));
        let _ = write!(text, "{word}  {:<names$}  ", plain_line(&check.check));
        let hint = check.hint.iter().flat_map(|hint| marked(hint, width));
        let lines: Vec<String> = wrap(&plain_line(&check.detail), width).into_iter().chain(hint).collect();
        let _ = writeln!(text, "{}", lines.join(&format!("\n{:indent$}", "")));
    }
    text
}

const WORD: usize = "warning".len();
/// Narrower than this, lines are longer than the page.
const NARROWEST: usize = 30;

fn marked(hint: &str, width: usize) -> Vec<String> {
    let lines = wrap(&plain_line(hint), width.saturating_sub(2)).into_iter().enumerate();
    lines.map(|(place, line)| format!("{} {line}", if place == 0 { '→' } else { ' ' })).collect()
}

/// `1 problem and 2 warnings`; empty when there are none.
pub fn verdict(checks: &[CheckView]) -> String {
    let count = |status| checks.iter().filter(|check| check.status == status).count();
    together(&[(count(CheckStatus::Problem), "problem"), (count(CheckStatus::Warning), "warning")])
}

#[cfg(test)]
mod tests {
    use super::{CheckView, checks_text, verdict};
    use crate::view::look::Look;

    #[test]
    fn a_way_out_stands_below_what_is_wrong() {
        let checks = [
            CheckView::ok("opsctl", "0.1.0"),
            CheckView::warning("tool psql", "not found", "install psql"),
            CheckView::problem("store", "cannot be written", "make it writable"),
        ];
        insta::assert_snapshot!(checks_text(Look::PLAIN, &checks), @r"
        ok       opsctl     0.1.0
        warning  tool psql  not found
                            → install psql
        PROBLEM  store      cannot be written
                            → make it writable
        ");
        assert_eq!(verdict(&checks), "1 problem and 1 warning");
        assert_eq!(verdict(&checks[..1]), "");
    }
}
