//! What is wrong when a text is not YAML, in words that help.

use granit_parser::{ErrorKind, ScanError};

use super::tree::Fault;

/// Says what a scan error means, and where.
pub fn explain(text: &str, error: &ScanError) -> Fault {
    let marker = error.marker();
    let offset = marker.byte_offset().unwrap_or_else(|| {
        let line = text.split_inclusive('\n').take(marker.line().saturating_sub(1)).map(str::len).sum::<usize>();
        line + text[line..].chars().take(marker.col()).map(char::len_utf8).sum::<usize>()
    });
    let offset = offset.min(text.len());
    if let Some(fault) = tab(text, offset).or_else(|| dash(text, offset)) {
        return fault;
    }
    let (message, suggestion) = words(error.kind());
    let message = message.map_or_else(|| format!("this is not YAML: {}", error.kind()), str::to_owned);
    let start = on_text(text, offset);
    let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    Fault { code: "yaml-syntax", span: start..end, message, suggestion: suggestion.map(str::to_owned) }
}

// The end of a line is no place to look at: step back to its last character.
fn on_text(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    let at_end = text.get(offset..).unwrap_or_default().trim_start_matches([' ', '\r', '\n']).is_empty();
    if at_end { before.trim_end().char_indices().next_back().map_or(0, |(at, _)| at) } else { offset }
}

// Whatever the parser makes of it, a tab in the indentation of this line or one beside it is the cause.
fn tab(text: &str, offset: usize) -> Option<Fault> {
    let here = line_start(text, offset)?;
    let below = text[here..].find('\n').map_or(text.len(), |at| here + at + 1);
    let above = line_start(text, here.saturating_sub(1))?;
    let at = [here, below, above].into_iter().find_map(|start| {
        let indent = text[start..].find(|c: char| c != ' ' && c != '\t').unwrap_or(0);
        text[start..start + indent].find('\t').map(|at| start + at)
    })?;
    Some(Fault {
        code: "yaml-syntax",
        span: at..at + 1,
        message: "a tab stands in the indentation of this line".to_owned(),
        suggestion: Some("indent with spaces".to_owned()),
    })
}

// `-item` is text, not an item of a list; what follows then makes no sense.
fn dash(text: &str, offset: usize) -> Option<Fault> {
    let line = line_start(text, offset)?;
    let at = line + text[line..].find(|c| c != ' ')?;
    let mut rest = text[at..].strip_prefix('-')?.chars();
    rest.next().filter(|c| c.is_alphanumeric() || matches!(c, '"' | '\'' | '{' | '['))?;
    Some(Fault {
        code: "yaml-syntax",
        span: at..at + 1,
        message: "a `-` needs a space after it".to_owned(),
        suggestion: Some("write `- `".to_owned()),
    })
}

fn line_start(text: &str, offset: usize) -> Option<usize> {
    Some(text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1))
}

fn words(kind: &ErrorKind) -> (Option<&'static str>, Option<&'static str>) {
    use ErrorKind as E;
    let (message, suggestion) = match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabAtBlockScalarStart
        | E::TabInPlainScalar => ("a tab stands where YAML wants spaces", "use spaces"),
        E::UnclosedQuotedScalar => ("a quote is opened and never closed", "close it at the end of the value"),
        E::SimpleKeyExpected | E::InvalidSimpleKey => {
            ("this line is neither a key nor an item of a list", "a key ends in `:`, an item begins with `- `")
        }
        E::MappingValueNotAllowed | E::InvalidColonPlacement | E::InvalidMappingValueWhitespace => {
            ("a `:` makes this a key, and no key can stand here", "put text that has `: ` in it in quotes")
        }
        E::InvalidIndentation
        | E::ExpectedBlockMappingKey
        | E::ExpectedBlockSequenceEntry
        | E::BlockSequenceEntryNotAllowed
        | E::MappingKeyNotAllowed
        | E::InvalidBlockScalarIndent
        | E::InvalidQuotedScalarIndent
        | E::InvalidFlowScalarIndent => (
            "this line does not fit the lines above it",
            "line it up with its neighbours; is a `:` or a quote missing above?",
        ),
        E::UnclosedFlowCollection { open: '{' } | E::UnexpectedEofFlowMapping | E::ExpectedFlowMappingSeparator => {
            ("a `{` is opened and not closed properly", "close it with `}`, or put text that begins with `{` in quotes")
        }
        E::UnclosedFlowCollection { .. } | E::UnexpectedEofFlowSequence | E::ExpectedFlowSequenceSeparator => {
            ("a `[` is opened and not closed properly", "close it with `]`, or put text that begins with `[` in quotes")
        }
        E::MismatchedFlowCollectionEnd { .. } => {
            ("this bracket is closed by one of another kind", "close `[` with `]` and `{` with `}`")
        }
        E::MisplacedFlowCollectionEnd => {
            ("this bracket closes nothing that is open", "remove it, or put the text in quotes")
        }
        E::UnknownAnchor | E::MissingAnchorOrAliasName => {
            ("text that begins with `*` or `&` names something else in YAML", "put it in quotes")
        }
        E::UnexpectedCharacter { .. } | E::PlainScalarStartsWithDashFlowIndicator | E::UnexpectedEndOfPlainScalar => {
            ("text cannot begin with this character", "put it in quotes")
        }
        E::UnknownQuotedScalarEscape | E::InvalidQuotedScalarHexEscape => {
            ("this is no escape that YAML knows", "write `\\\\` for a backslash, or use single quotes")
        }
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => {
            ("something follows the closing quote", "put all of the value in quotes")
        }
        E::InvalidBlockEntryWhitespace => ("a `-` needs a space after it", "write `- `"),
        E::RecursionLimitExceeded => ("this is nested too deeply", "use a `use:` step for what lies deeper"),
        E::ExpectedDocumentStart | E::InvalidDocumentEnd => {
            ("this does not belong to the document above", "line it up with the keys above")
        }
        E::InvalidBlockScalarHeader | E::ZeroBlockScalarIndent => {
            ("nothing but the end of the line can follow `|` or `>` here", "begin the text on the next line")
        }
        _ => return (None, None),
    };
    (Some(message), Some(suggestion))
}
