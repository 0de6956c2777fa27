//! The postman: brings on their way the messages that wait in the outbox, whoever queued them. A thread of its own, so
//! that neither a slow channel nor a network that is down delays a probe or an alert.
//!
//! What is to be done is in the journal, and so is what was done: an attempt is written down before it is made, and who
//! writes it down first makes it. After a crash the next postman goes on there.

mod bag;
mod pile;
mod round;

use std::sync::Arc;
use std::thread;

use tokio::sync::watch::Receiver;

use super::Place;
use super::board::Board;
use super::ear::event_loop;
use super::voice::Voice;
use crate::error::Result;
use crate::journal::SqliteJournal;
use crate::workspace::Workspace;

pub(super) use bag::Bag;
use round::Round;

/// The postman, before he begins.
pub(super) struct Postman<'a> {
    pub place: &'a Place<'a>,
    pub journal: &'a SqliteJournal,
    pub workspace: Arc<Workspace>,
    /// Where the definitions stand that are in force.
    pub board: Arc<Board>,
    pub voice: Voice,
    /// Is closed when the daemon ends.
    pub ended: Receiver<()>,
}

impl Postman<'_> {
    /// Works until the daemon ends.
    pub fn work(self) -> Result<()> {
        let runtime = event_loop("postman")?;
        thread::scope(|threads| runtime.block_on(Round::new(self, threads).go()));
        // A name server that hangs must not keep us.
        runtime.shutdown_background();
        Ok(())
    }
}
