//! Ids for shell completion, from the workspace one stands in. Where there is none, or it cannot be read, nothing is
//! offered and nothing is said: the operator is in the middle of a line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use crate::catalog::model::{Catalog, ProcedureKind};
use crate::ground::plain_line;
use crate::journal::Journal as _;
use crate::workspace::{Surroundings, Workspace};

/// Ids of runbooks.
pub(super) fn runbooks() -> ArgValueCandidates {
    procedures(ProcedureKind::Runbook)
}

/// Ids of checklists.
pub(super) fn checklists() -> ArgValueCandidates {
    procedures(ProcedureKind::Checklist)
}

/// Ids of playbooks.
pub(super) fn playbooks() -> ArgValueCandidates {
    procedures(ProcedureKind::Playbook)
}

/// Ids of templates.
pub(super) fn templates() -> ArgValueCandidates {
    defined(|catalog| catalog.templates.iter().map(|template| candidate(&template.id, &template.title)).collect())
}

/// Ids of severities.
pub(super) fn severities() -> ArgValueCandidates {
    defined(|catalog| catalog.settings.severities.iter().map(|(id, found)| candidate(id, &found.title)).collect())
}

/// Ids of escalation policies.
pub(super) fn escalations() -> ArgValueCandidates {
    defined(|catalog| catalog.settings.escalation.iter().map(|(id, found)| candidate(id, &found.topic)).collect())
}

/// Ids of channels.
pub(super) fn channels() -> ArgValueCandidates {
    defined(|catalog| catalog.settings.channels.iter().map(|(id, found)| candidate(id, &found.title)).collect())
}

/// Ids of services.
pub(super) fn services() -> ArgValueCandidates {
    defined(|catalog| catalog.settings.services.iter().map(|(id, found)| candidate(id, &found.title)).collect())
}

/// Ids of probes.
pub(super) fn probes() -> ArgValueCandidates {
    defined(|catalog| catalog.settings.probes.iter().map(|(id, found)| candidate(id, &found.title)).collect())
}

/// Ids, tags and services that select probes.
pub(super) fn selectors() -> ArgValueCandidates {
    defined(|catalog| {
        let probes = catalog.settings.probes.values();
        let ids = probes.clone().map(|probe| candidate(&probe.id, &probe.title));
        let services = catalog.settings.services.iter().map(|(id, found)| candidate(id, &found.title));
        let tags: std::collections::BTreeSet<&String> = probes.flat_map(|probe| &probe.tags).collect();
        ids.chain(services).chain(tags.into_iter().map(|tag| candidate(tag, "a tag"))).collect()
    })
}

/// Ids of dashboards.
pub(super) fn dashboards() -> ArgValueCandidates {
    defined(|catalog| catalog.settings.dashboards.iter().map(|(id, found)| candidate(id, &found.title)).collect())
}

/// Ids of runs, the newest first.
pub(super) fn runs() -> ArgValueCandidates {
    streams("run/")
}

/// Ids of incidents, the newest first.
pub(super) fn incidents() -> ArgValueCandidates {
    streams("incident/")
}

/// Ids of planned maintenance, the newest first.
pub(super) fn maintenances() -> ArgValueCandidates {
    streams("maintenance/")
}

/// Names of the journal's streams, the newest first.
pub(super) fn all_streams() -> ArgValueCandidates {
    streams("")
}

fn procedures(kind: ProcedureKind) -> ArgValueCandidates {
    defined(move |catalog| catalog.of_kind(kind).map(|found| candidate(&found.id, &found.title)).collect())
}

fn defined(ids: impl Fn(&Catalog) -> Vec<CompletionCandidate> + Send + Sync + 'static) -> ArgValueCandidates {
    ArgValueCandidates::new(move || workspace().map(|workspace| ids(&workspace.loaded.catalog)).unwrap_or_default())
}

fn streams(prefix: &'static str) -> ArgValueCandidates {
    ArgValueCandidates::new(move || {
        let names = workspace()
            .and_then(|workspace| workspace.journal_to_read().ok().flatten())
            .and_then(|journal| journal.streams(prefix).ok())
            .unwrap_or_default();
        let newest_first = names.iter().rev().enumerate();
        newest_first.map(|(place, name)| stream(name.strip_prefix(prefix).unwrap_or(name), place)).collect()
    })
}

fn stream(name: &str, place: usize) -> CompletionCandidate {
    CompletionCandidate::new(name).display_order(Some(place))
}

fn candidate(id: &str, title: &str) -> CompletionCandidate {
    CompletionCandidate::new(id).help(Some(plain_line(title).into()))
}

fn workspace() -> Option<Workspace> {
    let surroundings = Surroundings::read().ok()?;
    Workspace::open(said_dir(std::env::args_os()).as_deref(), &surroundings).ok()
}

/// The `-C DIR` of the line that is being completed; it stands behind the first `--`.
fn said_dir(args: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut words = args.skip_while(|word| word != "--").skip(1);
    while let Some(word) = words.next() {
        let Some(word) = word.to_str() else { continue };
        match word {
            "-C" | "--dir" => return words.next().map(PathBuf::from),
            "--" => return None,
            _ => {}
        }
        if let Some(dir) = word.strip_prefix("--dir=").or_else(|| word.strip_prefix("-C")) {
            return Some(PathBuf::from(dir.strip_prefix('=').unwrap_or(dir)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::said_dir;

    fn said(line: &str) -> Option<std::path::PathBuf> {
        said_dir(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_directory_is_taken_from_the_line() {
        for line in [
            "opsctl -- opsctl -C ops runbook show ",
            "opsctl -- opsctl runbook --dir ops show ",
            "opsctl -- opsctl --dir=ops runbook",
            "opsctl -- opsctl -Cops runbook",
            "opsctl -- opsctl -C=ops runbook",
        ] {
            assert_eq!(said(line).as_deref(), Some(Path::new("ops")), "{line}");
        }
        for line in ["opsctl -- opsctl runbook show ", "opsctl -C ops", "opsctl -- opsctl x -- -C ops"] {
            assert_eq!(said(line), None, "{line}");
        }
    }
}
