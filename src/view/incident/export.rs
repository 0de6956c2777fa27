//! What was exported, for programs.

use schemars::JsonSchema;
use serde::Serialize;

/// An export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExportView {
    /// The incident's id.
    pub incident: String,
    /// The folder, relative to the workspace where it lies in it.
    pub path: String,
    /// Its files, without the one that has their sums.
    pub files: Vec<FileView>,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileView {
    /// Its path in the folder.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 over its bytes.
    pub sha256: String,
}
