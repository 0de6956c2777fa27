//! Which incident is meant: the one named, the one in use, or the only one that is open.

use std::fs;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::incident::{Incident, Status};
use crate::ledger::Ledger;
use crate::moment;
use crate::workspace::Workspace;

use super::super::ids;
use super::super::session::Session;
use super::super::work::Work;

/// The file in the state directory that names the incident in use.
const IN_USE: &str = "incident";

/// An incident.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Which {
    /// The incident's id; the one in use, or the only open one, when left out
    #[arg(value_name = "ID", add = ids::incidents())]
    pub(crate) id: Option<String>,
}

/// When something happened.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct When {
    /// When it happened, where that was earlier: 14:05 (UTC), "20m ago", RFC 3339
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
}

impl When {
    /// The moment, if one was said.
    pub(crate) fn moment(&self, session: &Session<'_>) -> Result<Option<crate::ground::Time>> {
        self.at.as_deref().map(|at| moment::past(at, session.clock.now()).map_err(Error::usage)).transpose()
    }
}

/// What `use` takes.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct UseArgs {
    /// The incident's id; says which one is in use when left out
    #[arg(value_name = "ID", add = ids::incidents(), conflicts_with = "none")]
    id: Option<String>,
    /// Use none any more
    #[arg(long)]
    none: bool,
}

/// Like [`split`], before a text that others will read: a bare number may be its beginning.
pub(crate) fn split_text(words: &mut Vec<String>) -> Result<Which> {
    let is_bare = words.first().is_some_and(|first| first.bytes().all(|byte| byte.is_ascii_digit()));
    if is_bare && words.len() > 2 {
        let number = &words[0];
        return Err(Error::usage(format!("`{number}` may be an incident, or the beginning of the text"))
            .hint(format!("write INC-{number}, or put the text in quotes")));
    }
    Ok(split(words))
}

/// Takes the incident's id from the front of words, if one stands there.
pub(crate) fn split(words: &mut Vec<String>) -> Which {
    let is_id = words.first().is_some_and(|first| is_incident_id(first));
    Which { id: is_id.then(|| words.remove(0)) }
}

/// Whether a word looks like an incident's id: `INC-7`, or `7`.
pub(crate) fn is_incident_id(word: &str) -> bool {
    let digits = word.get(..4).filter(|head| head.eq_ignore_ascii_case("INC-")).map_or(word, |_| &word[4..]);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl Which {
    /// The incident that is meant.
    pub(crate) fn find(
        &self,
        session: &mut Session<'_>,
        workspace: &Workspace,
        ledger: &Ledger<'_>,
    ) -> Result<Incident> {
        if let Some(id) = &self.id {
            return ledger.incident(id);
        }
        if let Some(id) = session.surroundings.var("OPSCTL_INCIDENT") {
            return ledger.incident(id).map_err(|error| error.hint("OPSCTL_INCIDENT names it; unset or correct it"));
        }
        if let Some(id) = in_use(workspace) {
            let incident = ledger.incident(&id)?;
            if !incident.is_open() {
                let word = incident.status.word();
                session.terminal.tell(&format!("{id} is in use, and {word}; `opsctl incident use` chooses another."));
            }
            return Ok(incident);
        }
        let mut open = ledger.open_incidents()?;
        match open.len() {
            0 => Err(Error::usage("no incident is open; say which one").hint("`opsctl incident list --all` shows all")),
            1 => Ok(open.remove(0)),
            _ => {
                let ids: Vec<&str> = open.iter().map(|incident| incident.id.as_str()).collect();
                Err(Error::usage(format!("several incidents are open: {}", ids.join(", ")))
                    .hint("say which one, or `opsctl incident use ID` once"))
            }
        }
    }
}

impl Which {
    /// Like [`Which::find`], for what is done after the end, too: where none is open, the one that ended last and is
    /// not closed.
    pub(crate) fn find_or_last(
        &self,
        session: &mut Session<'_>,
        workspace: &Workspace,
        ledger: &Ledger<'_>,
    ) -> Result<Incident> {
        let is_said = self.id.is_some() || session.surroundings.var("OPSCTL_INCIDENT").is_some();
        if is_said || in_use(workspace).is_some() || !ledger.open_incidents()?.is_empty() {
            return self.find(session, workspace, ledger);
        }
        let is_left = |incident: &Incident| matches!(incident.status, Status::Resolved | Status::Postmortem);
        let over = ledger.incidents()?.into_iter().filter(is_left);
        let Some(last) = over.max_by_key(|incident| incident.resolved_at) else {
            return self.find(session, workspace, ledger);
        };
        session.terminal.tell(&format!("{}, the last one that is over.", last.id));
        Ok(last)
    }
}

pub(super) fn use_one(session: &mut Session<'_>, args: &UseArgs) -> Result<()> {
    let workspace = session.workspace()?;
    if args.none {
        match fs::remove_file(path(&workspace)?) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(not_kept(&workspace, error)),
            _ => session.terminal.tell("No incident is in use any more."),
        }
        return Ok(());
    }
    let Some(id) = &args.id else {
        let shown = in_use(&workspace);
        let text = shown.clone().unwrap_or_default();
        if shown.is_none() {
            session.terminal.tell("No incident is in use; `opsctl incident use ID` makes one the default.");
        }
        return session.show(&serde_json::json!({ "incident": shown }), |_| text);
    };
    let work = Work::begin(session)?;
    let incident = work.ledger(session).incident(id)?;
    let path = path(&work.workspace)?;
    fs::write(&path, format!("{}\n", incident.id)).map_err(|error| not_kept(&work.workspace, error))?;
    session.terminal.tell(&format!("{} is meant where no incident is named.", incident.id));
    if session.is_json() {
        return session.show(&serde_json::json!({ "incident": incident.id }), |_| String::new());
    }
    Ok(())
}

fn in_use(workspace: &Workspace) -> Option<String> {
    let text = fs::read_to_string(path(workspace).ok()?).ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

fn path(workspace: &Workspace) -> Result<PathBuf> {
    Ok(workspace.state_dir()?.join(IN_USE))
}

fn not_kept(workspace: &Workspace, error: std::io::Error) -> Error {
    let place = path(workspace).map(|path| path.display().to_string()).unwrap_or_default();
    Error::environment(format!("{place} cannot be written")).cause(error)
}

#[cfg(test)]
mod tests {
    use super::{is_incident_id, split};

    #[test]
    fn an_id_in_front_is_taken_and_words_stay() {
        for (word, is_id) in
            [("INC-7", true), ("inc-12", true), ("7", true), ("P1", false), ("INC-", false), ("", false)]
        {
            assert_eq!(is_incident_id(word), is_id, "{word}");
        }
        let mut words = vec!["7".to_owned(), "the".to_owned()];
        assert_eq!(split(&mut words).id.as_deref(), Some("7"));
        assert_eq!(words, ["the"]);
    }
}
