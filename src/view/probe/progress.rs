//! Probes while they are made: what is known so far.

use std::collections::BTreeMap;

use super::words::{remark, style, word};
use crate::catalog::model::Probe;
use crate::ground::plain_line;
use crate::probe::Observation;
use crate::view::look::{Look, Style, paint};

/// A line for each probe, those that are not up first and those that are still made last, under a line that counts
/// them.
pub fn progress_text(look: Look, title: &str, probes: &[&Probe], seen: &BTreeMap<String, Observation>) -> String {
    let width = probes.iter().map(|probe| probe.id.chars().count()).max().unwrap_or(0);
    let mut lines: Vec<(u8, String)> = Vec::with_capacity(probes.len());
    for probe in probes {
        let id = format!("{:width$}", plain_line(&probe.id));
        lines.push(match seen.get(&probe.id) {
            None => (2, format!("  {id}  {}", paint(look, Style::Faint, "…"))),
            Some(observation) => {
                let state = paint(look, style(observation.state), word(observation.state));
                let place = u8::from(observation.state.is_good());
                (place, format!("  {id}  {state}  {}", remark(observation)))
            }
        });
    }
    lines.sort_by_key(|(place, _)| *place);
    let mut text = format!("{title}{} of {}\n", seen.len(), probes.len());
    for (_, line) in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}
