//! What a verb that writes works with: the workspace and its journal, opened together.

use crate::error::{Kind, Result};
use crate::incident::Incident;
use crate::journal::SqliteJournal;
use crate::ledger::{Happening, Ledger};
use crate::workspace::Workspace;

use super::session::Session;

/// A workspace with its journal open for writing.
pub(super) struct Work {
    pub(super) workspace: Workspace,
    pub(super) journal: SqliteJournal,
}

impl Work {
    pub(super) fn begin(session: &mut Session<'_>) -> Result<Self> {
        let workspace = session.workspace()?;
        let journal = workspace.journal()?;
        Ok(Self { workspace, journal })
    }

    pub(super) fn ledger(&self, session: &Session<'_>) -> Ledger<'_> {
        session.ledger(&self.workspace, &self.journal)
    }
}

/// Adds facts to an incident. What was missed until now is written down before, so that the journal tells it even where
/// nobody watches.
pub(super) fn record(ledger: &Ledger<'_>, incident: &mut Incident, happening: impl Into<Happening>) -> Result<()> {
    let happening = happening.into();
    let (id, is_late) = (incident.id.clone(), happening.at.is_some());
    // What is told late may have been done in time.
    if !is_late {
        ledger.note_breaches(incident)?;
    }
    ledger.record_incident(incident, happening).map_err(|error| match error.kind {
        Kind::Usage => error.hint(format!("`opsctl incident show {id}` tells where it stands")),
        _ => error,
    })?;
    if is_late {
        ledger.note_breaches(incident)?;
    }
    Ok(())
}
