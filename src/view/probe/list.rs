//! Probes, and how they stand.

use serde::Serialize;

use super::target::looks_at;
use super::words::{style, word};
use crate::catalog::model::Probe;
use crate::ground::{Span, Time, optional_time_format};
use crate::monitor::{Sample, State};
use crate::probe::{Kind, kind};
use crate::view::look::{Look, Style};
use crate::view::table::{Cell, table};

/// So many columns have room for everything.
const WIDE: usize = 72;

/// A probe for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProbeView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// The service it looks at.
    pub service: String,
    /// How it looks.
    pub kind: Kind,
    /// What it looks at, as it is written; users and passwords are hidden.
    pub target: String,
    /// How often `opsctl watch` looks.
    pub interval: Span,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Whether `watch` looks, and `probe run` without a name.
    pub enabled: bool,
    /// How it came out last; null when nothing is kept.
    pub state: Option<State>,
    /// When that was.
    #[serde(with = "optional_time_format")]
    pub seen_at: Option<Time>,
    /// Whether it should have been seen again since: nobody watches now.
    pub is_stale: bool,
}

/// A probe for programs, with what was kept of it last.
pub fn probe_view(probe: &Probe, last: Option<&Sample>, now: Time) -> ProbeView {
    ProbeView {
        id: probe.id.clone(),
        title: probe.title.clone(),
        service: probe.service.clone(),
        kind: kind(&probe.target),
        target: looks_at(&probe.target),
        interval: probe.interval,
        tags: probe.tags.clone(),
        enabled: probe.enabled,
        state: last.map(|sample| sample.state),
        seen_at: last.map(|sample| sample.at),
        is_stale: last.is_some_and(|sample| sample.is_stale(now)),
    }
}

/// Probes for people, a line each; what does not fit of a target is cut off, and a narrow page has fewer columns.
pub fn probes_table(look: Look, probes: &[ProbeView]) -> String {
    let is_wide = look.width >= WIDE;
    let rows = probes.iter().map(|probe| {
        let mut row = vec![state(probe), probe.id.as_str().into()];
        if is_wide {
            row.extend([probe.service.as_str().into(), probe.kind.word().into(), probe.interval.to_string().into()]);
        }
        row.push(Cell::cut(about(probe)));
        row
    });
    let more: &[&str] = if is_wide { &["Service", "Kind", "Every"] } else { &[] };
    table(look, &[&["State", "Probe"], more, &["Looks at"]].concat(), rows)
}

fn state(probe: &ProbeView) -> Cell {
    match probe.state {
        _ if !probe.enabled => Cell::painted(Style::Faint, "disabled"),
        None => Cell::painted(Style::Faint, "-"),
        Some(state) if probe.is_stale => Cell::painted(Style::Faint, format!("{}, old", word(state))),
        Some(state) => Cell::painted(style(state), word(state)),
    }
}

/// The tags come first: a target is still known by its beginning.
fn about(probe: &ProbeView) -> String {
    probe.tags.iter().map(|tag| format!("#{tag}")).chain([probe.target.clone()]).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{ProbeView, probe_view, probes_table};
    use crate::catalog::model::{Command, DnsTarget, ProbeTarget, RecordType};
    use crate::ground::Span;
    use crate::monitor::State;
    use crate::view::look::Look;
    use crate::view::probe::tests::{HOSTILE, http, is_plain, now, probe, sample};
    use crate::view::wrap::columns;

    fn views() -> Vec<ProbeView> {
        let web = probe("web", ProbeTarget::Http(http("https://me:pass@shop.example/health/with/a/rather/long/path")));
        let mut name = probe(
            "name",
            ProbeTarget::Dns(DnsTarget { name: "shop.example".to_owned(), record: RecordType::Mx, resolver: None }),
        );
        name.tags = vec!["network".to_owned(), "daily".to_owned()];
        name.interval = Span::seconds(3600);
        let mut backup = probe("backup", ProbeTarget::Command(Command::Argv(vec!["true".to_owned()])));
        backup.enabled = false;
        let mut nightly =
            probe("nightly", ProbeTarget::Push { every: Span::seconds(86_400), grace: Span::seconds(600) });
        nightly.service = "jobs".to_owned();
        let api = probe("api", ProbeTarget::Http(http("${API_URL}/health")));
        vec![
            probe_view(&web, Some(&sample(State::Down, Some("[STATUS] (500) == 200"))), now()),
            probe_view(&name, Some(&sample(State::Up, None)), now()),
            probe_view(&backup, None, now()),
            probe_view(&nightly, None, now()),
            probe_view(&api, Some(&sample(State::NotConfigured, None)), now()),
        ]
    }

    #[test]
    fn probes_stand_with_what_they_look_at() {
        insta::assert_snapshot!(probes_table(Look::PLAIN, &views()), @"
        State           Probe    Service  Kind     Every  Looks at
        ────────────────────────────────────────────────────────────────────────────────
        DOWN            web      shop     http     1m     https://***@shop.example/heal…
        up              name     shop     dns      1h     #network #daily MX shop.examp…
        disabled        backup   shop     command  1m     true
        -               nightly  jobs     push     1m     a heartbeat every 1d, at most…
        not configured  api      shop     http     1m     ${API_URL}/health
        ");
        insta::assert_snapshot!(probes_table(Look { width: 60, colour: false }, &views()), @"
        State           Probe    Looks at
        ────────────────────────────────────────────────────────────
        DOWN            web      https://***@shop.example/health/wi…
        up              name     #network #daily MX shop.example
        disabled        backup   true
        -               nightly  a heartbeat every 1d, at most 10m …
        not configured  api      ${API_URL}/health
        ");
    }

    #[test]
    fn programs_get_no_password() {
        insta::assert_snapshot!(serde_json::to_string(&views()[0]).unwrap(), @r#"
        {"id":"web","title":"Shop's health","service":"shop","kind":"http","target":"https://***@shop.example/health/with/a/rather/long/path","interval":"1m","tags":[],"enabled":true,"state":"down","seen_at":"2026-11-23T15:00:21.250Z","is_stale":false}
        "#);
    }

    #[test]
    fn names_stay_text() {
        let view = probe_view(&probe(HOSTILE, ProbeTarget::Icmp { host: HOSTILE.to_owned() }), None, now());
        let text = probes_table(Look::PLAIN, &[view]);
        is_plain(&text);
        assert!(text.lines().all(|line| columns(line) <= 80), "{text}");
    }
}
