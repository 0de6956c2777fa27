//! When a checklist is due: periods, windows and deadlines.

/// When a checklist is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {}
