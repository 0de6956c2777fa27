//! Finds the workspace and opens its catalog and journal.
