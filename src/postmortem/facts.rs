//! What a post-mortem is made from.

use crate::catalog::model::Severity;
use crate::incident::Incident;

/// What the journal knows of an incident.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The incident.
    pub incident: &'a Incident,
    /// Its severity, if the workspace knows it.
    pub severity: Option<&'a Severity>,
    /// What happened, in order of time.
    pub lines: Vec<Line>,
    /// Where the evidence lies as seen from the file, such as `../exports/INC-7/evidence/`; none when it was not
    /// exported.
    pub evidence: Option<String>,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What, in words.
    pub text: String,
    /// The SHA-256 of the evidence that the line is about.
    pub evidence: Option<String>,
}
