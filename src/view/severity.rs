//! Severities: what makes them, and how fast one responds.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::catalog::model::Severity;
use crate::ground::plain_line;
use crate::view::look::{Look, Style, paint};

/// A severity for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SeverityView {
    /// Its id: P0.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What makes it so.
    pub criteria: Vec<String>,
    /// The time within which one responds: 1h; 0s is immediately.
    pub respond_within: String,
    /// The same in words: `Immediate`, `< 1 hour`.
    pub response_time: String,
    /// Whether customers are informed.
    pub inform_customers: bool,
    /// The time within which people outside hear of it for the first time: 30m; null where there is no limit.
    pub first_update_within: Option<String>,
    /// How often they hear of it from then on.
    pub update_every: Option<String>,
    /// Whether somebody has to command it.
    pub needs_commander: bool,
    /// The escalation policy that is followed while nobody has acknowledged it.
    pub escalate: Option<String>,
}

/// A severity for programs.
pub fn severity_view(id: &str, severity: &Severity) -> SeverityView {
    SeverityView {
        id: id.to_owned(),
        title: severity.title.clone(),
        criteria: severity.criteria.clone(),
        respond_within: severity.respond_within.to_string(),
        response_time: severity.response_time(),
        inform_customers: severity.inform_customers,
        first_update_within: severity.first_update_within.map(|span| span.to_string()),
        update_every: severity.update_every.map(|span| span.to_string()),
        needs_commander: severity.needs_commander,
        escalate: severity.escalate.clone(),
    }
}

/// Severities for people, the worst first.
pub fn severities_text(look: Look, severities: &[SeverityView]) -> String {
    let mut text = String::new();
    for severity in severities {
        if !text.is_empty() {
            text.push('\n');
        }
        let name = format!("{} {}", severity.id, plain_line(&severity.title));
        let informed = if severity.inform_customers { " · customers are informed" } else { "" };
        let _ = writeln!(
            text,
            "{} · response time: {}{informed}",
            paint(look, Style::Heading, &name),
            severity.response_time
        );
        if let Some(first) = &severity.first_update_within {
            let every = severity.update_every.as_ref().map(|every| format!(", then every {every}")).unwrap_or_default();
            let _ = writeln!(text, "  First public update within {first}{every}");
        }
        if severity.needs_commander {
            text.push_str("  Needs an incident commander\n");
        }
        for criterion in &severity.criteria {
            let _ = writeln!(text, "  - {}", plain_line(criterion));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{severities_text, severity_view};
    use crate::catalog::model::Severity;
    use crate::ground::Span;
    use crate::view::look::Look;

    #[test]
    fn a_severity_says_what_makes_it_and_how_fast_one_responds() {
        let severity = |title: &str, seconds, inform_customers| Severity {
            title: title.to_owned(),
            criteria: vec!["Service completely down".to_owned()],
            respond_within: Span::seconds(seconds),
            inform_customers,
            first_update_within: (seconds == 0).then_some(Span::seconds(900)),
            update_every: (seconds == 0).then_some(Span::seconds(1800)),
            needs_commander: seconds == 0,
            escalate: None,
        };
        let views =
            [severity_view("P0", &severity("Critical", 0, true)), severity_view("P1", &severity("High", 3600, false))];
        insta::assert_snapshot!(severities_text(Look::PLAIN, &views), @r"
        P0 Critical · response time: Immediate · customers are informed
          First public update within 15m, then every 30m
          Needs an incident commander
          - Service completely down

        P1 High · response time: < 1 hour
          - Service completely down
        ");
    }
}
