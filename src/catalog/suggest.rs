//! Which runbooks fit what is seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::{Catalog, Procedure, ProcedureKind};

/// A runbook that fits, and what it was found by.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// The runbook.
    pub runbook: Arc<Procedure>,
    /// How well it fits; only the order matters.
    pub score: u32,
    /// The symptom, alert or title that fits best.
    pub found_by: String,
}

/// Runbooks that fit the words of a symptom, an alert's name, and the services concerned; the best first.
pub fn suggest(catalog: &Catalog, seen: &str, services: &[String]) -> Vec<Suggestion> {
    let wanted = words(seen);
    let mut found: Vec<Suggestion> = catalog
        .of_kind(ProcedureKind::Runbook)
        .filter_map(|runbook| {
            let (words_score, found_by) = best_field(runbook, &wanted, seen);
            let service_score = u32::from(runbook.services.iter().any(|service| services.contains(service)));
            let score = words_score * 2 + service_score;
            (score > 0).then(|| Suggestion { runbook: Arc::clone(runbook), score, found_by })
        })
        .collect();
    found.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.runbook.id.cmp(&b.runbook.id)));
    found
}

/// The runbook for an alert: the one named explicitly, else the first by id that has the alert's title under `alerts`,
/// letters of either case. One that is named and not there is passed over.
pub fn runbook_for<'a>(catalog: &'a Catalog, title: &str, explicit: Option<&str>) -> Option<&'a Arc<Procedure>> {
    let named = explicit.and_then(|id| catalog.procedure(ProcedureKind::Runbook, id));
    let title = title.trim().to_lowercase();
    let has_title = |runbook: &&Arc<Procedure>| runbook.alerts.iter().any(|alert| alert.trim().to_lowercase() == title);
    named.or_else(|| catalog.of_kind(ProcedureKind::Runbook).find(has_title))
}

// Symptoms and alerts say what is seen; a title or summary only hints at it.
fn best_field(runbook: &Procedure, wanted: &BTreeSet<String>, seen: &str) -> (u32, String) {
    let symptoms = runbook.symptoms.iter().map(|text| (3, text.as_str()));
    let alerts = runbook.alerts.iter().map(|text| (3, text.as_str()));
    let title = [(2, runbook.title.as_str())];
    let summary = runbook.summary.iter().map(|text| (1, text.as_str()));
    let mut total = 0;
    let mut best = (0, String::new());
    for (weight, text) in symptoms.chain(alerts).chain(title).chain(summary) {
        let exact = u32::from(!seen.trim().is_empty() && text.to_lowercase().contains(&seen.trim().to_lowercase())) * 4;
        let common = u32::try_from(words(text).intersection(wanted).count()).unwrap_or(u32::MAX);
        let score = weight * (common + exact);
        total += score;
        if score > best.0 {
            best = (score, text.to_owned());
        }
    }
    (total, best.1)
}

const EMPTY_WORDS: [&str; 18] = [
    "the", "and", "for", "with", "our", "are", "was", "has", "have", "not", "from", "that", "this", "all", "is", "on",
    "in", "of",
];

fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| word.chars().count() > 1 && !EMPTY_WORDS.contains(&word.as_str()))
        .map(|word| stem(&word))
        .collect()
}

// Enough to let "errors" find "error" and "failing" find "failed".
fn stem(word: &str) -> String {
    let stems = ["ing", "ed", "es", "s"];
    let found = stems.iter().find_map(|end| word.strip_suffix(end).filter(|rest| rest.chars().count() > 2));
    found.unwrap_or(word).trim_end_matches('e').to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{runbook_for, stem, words};
    use crate::catalog::from_texts;
    use crate::catalog::model::{Settings, Source};

    #[test]
    fn a_runbook_is_found_by_its_name_or_by_the_title_of_the_alert() {
        let source = |id: &str, alerts: &str| Source {
            path: format!("runbooks/{id}.yaml"),
            text: Arc::from(format!("title: {id}\nalerts: [{alerts}]\nsteps: [look]\n")),
        };
        let sources =
            [source("cache", "Cache is cold"), source("disk", "DiskFull, Out of space"), source("other", "diskfull")];
        let catalog = from_texts(&sources, &Settings::default()).unwrap();
        for (title, explicit, expected) in [
            ("DiskFull", None, Some("disk")),
            (" out of SPACE ", None, Some("disk")),
            ("Cache is cold", Some("other"), Some("other")),
            ("Cache is cold", Some("gone"), Some("cache")),
            ("Disk", None, None),
            ("", None, None),
            ("Disk", Some("gone"), None),
        ] {
            let found = runbook_for(&catalog, title, explicit).map(|runbook| runbook.id.as_str());
            assert_eq!(found, expected, "{title} {explicit:?}");
        }
    }

    #[test]
    fn words_meet_in_their_stems() {
        assert_eq!(stem("errors"), stem("error"));
        assert_eq!(stem("failing"), stem("failed"));
        assert_eq!(stem("response"), stem("responses"));
        assert_eq!(words("The API errors: \"x\"").len(), 2);
    }
}
