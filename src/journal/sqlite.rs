//! The embedded journal: SQLite.
/// The embedded journal.
pub struct SqliteJournal {}
