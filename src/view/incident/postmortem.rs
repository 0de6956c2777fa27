//! That a post-mortem was written, for programs.

use schemars::JsonSchema;
use serde::Serialize;

/// A post-mortem that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PostmortemView {
    /// The incident's id.
    pub incident: String,
    /// The incident's status afterwards.
    pub status: String,
    /// Whether its severity needs one.
    pub is_needed: bool,
    /// The file, relative to the workspace where it lies in it.
    pub path: String,
    /// SHA-256 over the file's bytes.
    pub sha256: String,
    /// Whether there was none before.
    pub is_new: bool,
    /// How many things `opsctl postmortem lint` finds missing.
    pub problems: usize,
    /// The text, where it was asked for instead of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
}
