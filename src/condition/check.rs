//! Refuses conditions that could never hold, or always would.

use super::ConditionError;
use super::comparison::Comparison;
use super::fact::Fact;
use super::number::Number;
use super::operator::Operator;
use super::parse::placeholders;
use super::piece::Piece;
use super::seen::quantity;
use super::side::{Side, What};

/// Says what is wrong with a comparison that was read; its sides stand at `left` and `right`.
pub fn check(comparison: &Comparison, left: Piece<'_>, right: Piece<'_>) -> Result<(), ConditionError> {
    if comparison.left.fact().is_none() && comparison.right.fact().is_none() {
        let wrong = left.wrong("neither side is something a probe can see");
        return Err(wrong.suggest(placeholders()));
    }
    let Comparison { left: one, operator, right: other, .. } = comparison;
    if operator.is_ordering() {
        order(one, left)?;
        order(other, right)?;
    }
    fit(*operator, one, other, right)?;
    fit(*operator, other, one, left)
}

fn order(side: &Side, piece: Piece<'_>) -> Result<(), ConditionError> {
    let orderable = match &side.what {
        What::Has(_) | What::Pattern(_) | What::Any(_) => false,
        What::Literal(text) => quantity(text).is_some(),
        What::Fact(fact) => fact.has_order(),
        What::Length(_) => true,
    };
    if orderable {
        return Ok(());
    }
    let wrong = piece.wrong(format!("`{}` has no order: it is no number and no duration", piece.text));
    Err(wrong.suggest("[RESPONSE_TIME] < 500ms"))
}

/// Holds `other`, which stands at `piece`, against what `one` can be.
fn fit(operator: Operator, one: &Side, other: &Side, piece: Piece<'_>) -> Result<(), ConditionError> {
    let choices: Vec<&str> = match &other.what {
        What::Literal(text) => vec![text],
        What::Any(texts) => texts.iter().map(String::as_str).collect(),
        _ => vec![],
    };
    let misfit = |fits: fn(&str) -> bool| choices.iter().find(|text| !fits(text));
    let never = |what: &str, text: &str| piece.wrong(format!("`{}` is {what}, never `{text}`", one.text));
    let wrong = match &one.what {
        What::Length(_) => misfit(is_number).map(|text| never("a number", text)),
        What::Fact(fact) if fact.is_number() => misfit(is_number).map(|text| never("a number", text)),
        What::Fact(fact) if fact.is_time() => misfit(is_quantity).map(|text| never("a time in milliseconds", text)),
        What::Has(_) | What::Fact(Fact::Connected) => misfit(|text| matches!(text, "true" | "false"))
            .map(|text| never("true or false", text).suggest(format!("{} == true", one.text))),
        What::Fact(fact) if fact.has_path() => misfit(|text| !is_quoted(text)).map(|text| {
            let bare = text.trim_matches(['"', '\'']);
            let instead = format!("{} {} {bare}", one.text, operator.sign());
            piece.wrong("a text is written without quotes").suggest(instead)
        }),
        _ => None,
    };
    wrong.map_or(Ok(()), Err)
}

fn is_number(text: &str) -> bool {
    Number::parse(text).is_some()
}

fn is_quantity(text: &str) -> bool {
    quantity(text).is_some()
}

fn is_quoted(text: &str) -> bool {
    text.len() > 1 && ['"', '\''].iter().any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
}
