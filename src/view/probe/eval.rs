//! One condition, held against an observation.

use serde::Serialize;

use crate::ground::{plain, plain_line};
use crate::view::look::{Look, Style, paint};
use crate::view::wrap::hanging;

/// How a condition came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvalView {
    /// Whether it holds.
    pub passed: bool,
    /// With what was seen: `[STATUS] (500) == 200`; as it is written when it cannot be read.
    pub shown: String,
    /// Why it cannot be read or held against anything.
    pub error: Option<String>,
}

/// How a condition came out, for people.
pub fn eval_text(look: Look, view: &EvalView) -> String {
    let word = match (&view.error, view.passed) {
        (Some(_), _) => paint(look, Style::Bad, "error"),
        (None, true) => paint(look, Style::Good, "holds"),
        (None, false) => paint(look, Style::Bad, "does not hold"),
    };
    let head = hanging(&format!("{word}: {}", plain_line(&view.shown)), look.width, 2);
    match &view.error {
        // It may hold a picture, so its lines stay as they are.
        Some(error) => format!("{head}\n{}\n", plain(error).trim_end()),
        None => head + "\n",
    }
}

#[cfg(test)]
mod tests {
    use super::{EvalView, eval_text};
    use crate::view::look::Look;
    use crate::view::probe::tests::{HOSTILE, is_plain};

    fn view(passed: bool, shown: &str, error: Option<&str>) -> EvalView {
        EvalView { passed, shown: shown.to_owned(), error: error.map(str::to_owned) }
    }

    #[test]
    fn a_condition_holds_or_not_or_cannot_be_read() {
        let text = |view| eval_text(Look::PLAIN, &view);
        assert_eq!(text(view(true, "[STATUS] (200) == 200", None)), "holds: [STATUS] (200) == 200\n");
        assert_eq!(text(view(false, "[STATUS] (500) == 200", None)), "does not hold: [STATUS] (500) == 200\n");
        let error = view(false, "[STATUS] = 200", Some("there is no operator\n  [STATUS] = 200\n           ^"));
        insta::assert_snapshot!(text(error), @"
        error: [STATUS] = 200
        there is no operator
          [STATUS] = 200
                   ^
        ");
        is_plain(&text(view(false, HOSTILE, Some(HOSTILE))));
    }

    #[test]
    fn programs_get_what_the_contract_says() {
        let json = |view| serde_json::to_string(&view).unwrap();
        assert_eq!(json(view(true, "1 == 1", None)), r#"{"passed":true,"shown":"1 == 1","error":null}"#);
        assert_eq!(json(view(false, "1", Some("no"))), r#"{"passed":false,"shown":"1","error":"no"}"#);
    }
}
