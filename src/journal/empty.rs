//! A journal that nothing was ever written to: what readers see before the first event.

use super::{Context, Event, Journal, JournalError, NewEvent, Verification};

/// A journal without events. It cannot be written to.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmptyJournal;

impl Journal for EmptyJournal {
    fn append(&self, stream: &str, _: u64, _: &Context, _: &[NewEvent]) -> Result<Vec<Event>, JournalError> {
        Err(JournalError::Unavailable {
            message: format!("{stream} cannot be written: the journal was opened for reading"),
            hint: "run the command again".into(),
            cause: "there is no journal yet".into(),
        })
    }

    fn read(&self, _: &str, _: u64) -> Result<Vec<Event>, JournalError> {
        Ok(Vec::new())
    }

    fn streams(&self, _: &str) -> Result<Vec<String>, JournalError> {
        Ok(Vec::new())
    }

    fn read_all(&self, _: &str) -> Result<Vec<Event>, JournalError> {
        Ok(Vec::new())
    }

    fn newer(&self, _: u64) -> Result<Vec<Event>, JournalError> {
        Ok(Vec::new())
    }

    fn head(&self) -> Result<u64, JournalError> {
        Ok(0)
    }

    fn put_blob(&self, _: &[u8]) -> Result<String, JournalError> {
        Err(JournalError::Unavailable {
            message: "output cannot be stored: the journal was opened for reading".into(),
            hint: "run the command again".into(),
            cause: "there is no journal yet".into(),
        })
    }

    fn blob(&self, _: &str) -> Result<Option<Vec<u8>>, JournalError> {
        Ok(None)
    }

    fn verify(&self) -> Result<Verification, JournalError> {
        Ok(Verification::default())
    }
}
