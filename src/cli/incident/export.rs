//! `opsctl incident export`: everything about an incident in one folder.

/// Where exports lie in a workspace.
pub(in crate::cli) const FOLDER: &str = "exports";
