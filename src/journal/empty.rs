//! A journal that nothing was ever written to: what readers see before the first event.

use std::io::Write;

use super::failure::unavailable;
use super::{
    Context, Event, Exported, Imported, Journal, JournalError, NewEvent, Parcel, Selection, TransferError,
    Verification, transfer,
};
use crate::ground::Time;

/// A journal without events. It cannot be written to.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmptyJournal;

impl Journal for EmptyJournal {
    fn append(&self, stream: &str, _: u64, _: &Context, _: &[NewEvent]) -> Result<Vec<Event>, JournalError> {
        Err(unwritable(&format!("{stream} cannot be written")))
    }

    fn read(&self, _: &str, _: u64) -> Result<Vec<Event>, JournalError> {
        Ok(Vec::new())
    }

    fn streams(&self, _: &str) -> Result<Vec<String>, JournalError> {
        Ok(Vec::new())
    }

    fn streams_left_open(&self, _: &str, _: &[&str], _: &[&str]) -> Result<Vec<String>, JournalError> {
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

    fn read_open(&self, _: &str, _: &[&str], _: &[&str]) -> Result<Vec<Event>, JournalError> {
        Ok(Vec::new())
    }

    fn put_blob(&self, _: &[u8]) -> Result<String, JournalError> {
        Err(unwritable("output cannot be stored"))
    }

    fn blob(&self, _: &str) -> Result<Option<Vec<u8>>, JournalError> {
        Ok(None)
    }

    fn export(&self, which: Selection<'_>, at: Time, to: &mut dyn Write) -> Result<Exported, TransferError> {
        transfer::empty(which, at, to)
    }

    fn import(&self, _: &Parcel) -> Result<Imported, TransferError> {
        Err(unwritable("an export cannot be taken in").into())
    }

    fn verify(&self) -> Result<Verification, JournalError> {
        Ok(Verification::default())
    }
}

fn unwritable(what: &str) -> JournalError {
    unavailable(
        format!("{what}: the journal was opened for reading"),
        "Run the command again.",
        "there is no journal yet",
    )
}
