//! What is wrong when a document cannot be read, in words that help.

use serde_saphyr::Error;
use serde_saphyr::budget::BudgetBreach;

use super::ImportError;

const TOO_DEEP: &str = "this is nested deeper than any configuration of Gatus";

/// Says what an error of the YAML reader means, and where.
pub(super) fn explained(error: &Error) -> ImportError {
    let place = error.location().and_then(|at| {
        Some((usize::try_from(at.line()).ok()?, usize::try_from(at.column()).ok()?)).filter(|(line, _)| *line > 0)
    });
    let (message, suggestion) = words(innermost(error));
    ImportError { message, place, suggestion: suggestion.map(str::to_owned) }
}

fn innermost(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } | Error::WithSnippet { error: inner, .. } = error {
        error = inner;
    }
    error
}

fn words(error: &Error) -> (String, Option<&'static str>) {
    let (message, suggestion) = match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            return (format!("the key `{key}` stands here a second time"), Some("keep one of them"));
        }
        Error::DuplicateMappingKey { .. } => ("this key stands here a second time", Some("keep one of them")),
        Error::UnknownAnchor { .. } => {
            ("no anchor has this name", Some("put text that begins with `*` in quotes, or name it with `&` above"))
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => ("this alias stands inside the very thing it names", None),
        Error::MergeValueNotMapOrSeqOfMaps { .. } => ("only a map can be merged here", Some("write `<<: *name`")),
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } | Error::MultipleDocuments { .. } => {
            ("a second document begins here, and a configuration is one", Some("split the file"))
        }
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => (TOO_DEEP, None),
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => (
            "there are too many values, those of aliases counted each time",
            Some("split it, and import one part after the other"),
        ),
        other => {
            let said = other.to_string();
            if said.starts_with("recursion limit") {
                return (TOO_DEEP.to_owned(), None);
            }
            let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
            let indent = said.starts_with("tabs").then_some("indent with spaces");
            return (format!("this is not YAML: {said}"), indent);
        }
    };
    (message.to_owned(), suggestion)
}
