//! The post-mortem: a Markdown file of which the journal tells one part and people write the other.
//!
//! Lines that are HTML comments tell the parts apart. `<!-- opsctl:section summary -->` begins a section; what stands
//! between `<!-- opsctl:begin timeline -->` and `<!-- opsctl:end timeline -->` comes from the journal and is made anew
//! each time; every other byte belongs to whoever wrote it, and stays. Pure: what is known comes in as [`Facts`].

mod blocks;
mod document;
mod facts;
pub mod lint;
mod section;
mod story;
mod timeline;

use crate::catalog::model::Settings;
use crate::incident::event::Evidence;

pub use blocks::blocks;
pub use document::{Document, Fault, fresh, merge};
pub use facts::{Facts, Line};
pub use section::{SECTIONS, Section};
pub use story::{RunFile, message_text, story};
pub use timeline::belongs;

/// Whether an incident of this severity needs a post-mortem with a preventative action.
pub fn is_needed(settings: &Settings, severity: &str) -> bool {
    match &settings.incident.postmortem_for {
        Some(severities) => severities.iter().any(|one| one == severity),
        None => settings.severities.get(severity).is_some_and(|severity| severity.inform_customers),
    }
}

/// The name under which the bytes of evidence are exported: its place from 1, and what of its name is harmless.
pub fn evidence_file(place: usize, evidence: &Evidence) -> String {
    let tame = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    let name: String = evidence.name.chars().take(80).map(tame).collect();
    let name = name.trim_matches(['.', '-']);
    format!("{place:02}-{}", if name.is_empty() { "evidence" } else { name })
}

#[cfg(test)]
mod tests;
