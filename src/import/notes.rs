//! What was left out on the way.

use schemars::JsonSchema;
use serde::Serialize;

/// Something that could not be taken over, or not as it was meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOut {
    /// The endpoint it belongs to, as `group/name`; none for what concerns the whole file.
    pub endpoint: Option<String>,
    /// Where it stands, from the endpoint or from the top: `alerts[0].type`.
    pub what: String,
    /// Why, and what to do about it. The same words for the same reason, so that they can be shown once.
    pub why: String,
}

/// The list, while it grows.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// The endpoint that is being looked at.
    pub endpoint: Option<String>,
    /// What was left out so far.
    pub left_out: Vec<LeftOut>,
}

impl Notes {
    /// Leaves something out.
    pub fn leave(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(LeftOut { endpoint: self.endpoint.clone(), what: what.into(), why: why.into() });
    }
}
