//! What an attempt has seen, held against what the probe expects.

use std::borrow::Cow;

use super::look::Attempt;
use super::observation::{Checked, Kind, Observation};
use super::sight::Sight;
use super::{Prober, millis};
use crate::catalog::model::{Expectation, Probe, ProbeTarget};
use crate::condition::{Compat, Rule, Written};
use crate::ground::plain;
use crate::monitor::State;
use crate::monitor::maintenance::is_planned;
use crate::redact::Redactor;

/// How much of a body, an output or an error an observation keeps, in characters.
const EXCERPT: usize = 1000;

/// Judges an attempt.
pub(super) fn judge(probe: &Probe, prober: &Prober<'_>, attempt: Attempt, attempts: u32) -> Observation {
    let Attempt { mut sight, started_at, took } = attempt;
    let mut redactor = Cow::Borrowed(&prober.redactor);
    for value in &sight.hidden {
        redactor.to_mut().add(value.clone());
    }
    let kind = kind(&probe.target);
    if probe.compat == Compat::Gatus && sight.error.is_some() {
        // There, one is connected only with an answer in hand, and an attempt takes its time also without one.
        sight.facts.connected = Some(false);
        sight.facts.response_time_ms.get_or_insert(millis(took));
    }
    let conditions = if sight.unset.is_empty() { check(probe, kind, &sight, &redactor) } else { Vec::new() };
    let error = error(&sight);
    let failed = |warn: bool| conditions.iter().any(|checked| !checked.passed && checked.warn == warn);
    let state = match &error {
        _ if !sight.unset.is_empty() => State::NotConfigured,
        Some(_) if sight.blind => State::Unknown,
        // Gatus lets the conditions alone decide.
        Some(_) if probe.compat == Compat::Strict || conditions.is_empty() => State::Down,
        _ if failed(false) => State::Down,
        _ if failed(true) => State::Degraded,
        _ => State::Up,
    };
    let is_worked_on = is_planned(&probe.maintenance, started_at) || prober.works.cover(&probe.service, started_at);
    let state = if is_worked_on && state != State::NotConfigured { State::Maintenance } else { state };
    Observation {
        id: probe.id.clone(),
        service: probe.service.clone(),
        kind,
        state,
        started_at,
        conditions,
        status: sight.facts.status,
        address: sight.address,
        phases_us: sight.phases,
        certificate_expires_at: sight.certificate_expires_at,
        error: error.and_then(|error| excerpt(&redactor.text(&error))),
        attempts,
        duration_ms: millis(took),
        response_time_ms: sight.facts.response_time_ms,
        exit_code: sight.facts.exit_code,
        tls_version: sight.facts.tls_version,
        hops: sight.hops,
        output: excerpt(&redactor.text(&plain(&sight.output))),
        unreached: sight.unreached,
    }
}

/// How a target is looked at.
pub fn kind(target: &ProbeTarget) -> Kind {
    match target {
        ProbeTarget::Http(_) => Kind::Http,
        ProbeTarget::Tcp(_) => Kind::Tcp,
        ProbeTarget::Tls { .. } => Kind::Tls,
        ProbeTarget::Dns(_) => Kind::Dns,
        ProbeTarget::Icmp { .. } => Kind::Icmp,
        ProbeTarget::Postgres { .. } => Kind::Postgres,
        ProbeTarget::Redis { .. } => Kind::Redis,
        ProbeTarget::Websocket { .. } => Kind::Websocket,
        ProbeTarget::Grpc { .. } => Kind::Grpc,
        ProbeTarget::Command(_) => Kind::Command,
        ProbeTarget::Push { .. } => Kind::Push,
    }
}

/// What a kind of probe expects when nothing is said.
pub fn usual(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Http => &["[STATUS] < 400"],
        Kind::Command => &["[EXIT_CODE] == 0"],
        Kind::Dns => &["[DNS_RCODE] == NOERROR"],
        Kind::Grpc => &["[BODY] == SERVING"],
        Kind::Push => &[],
        Kind::Tcp | Kind::Tls | Kind::Icmp | Kind::Postgres | Kind::Redis | Kind::Websocket => &["[CONNECTED] == true"],
    }
}

fn check(probe: &Probe, kind: Kind, sight: &Sight, redactor: &Redactor) -> Vec<Checked> {
    if probe.conditions.is_empty() {
        let one = |text: &&str| Expectation { written: Written::Text((*text).to_owned()), warn: false };
        return usual(kind).iter().map(one).map(|one| hold(&one, Compat::Strict, sight, redactor)).collect();
    }
    probe.conditions.iter().map(|one| hold(one, probe.compat, sight, redactor)).collect()
}

fn hold(expected: &Expectation, compat: Compat, sight: &Sight, redactor: &Redactor) -> Checked {
    let warn = expected.warn;
    let rule = match Rule::parse(&expected.written, compat) {
        Ok(rule) => rule,
        Err(wrong) => {
            let condition = wrong.text(&expected.written).to_owned();
            return Checked { shown: format!("{condition} ({})", wrong.error), condition, passed: false, warn };
        }
    };
    let condition = rule.to_string();
    match &sight.unread {
        Some(why) if rule.looks_at_body() => {
            Checked { shown: format!("{condition} ({why})"), condition, passed: false, warn }
        }
        _ => {
            let mut outcome = rule.evaluate_hiding(&sight.facts, &|seen| redactor.text(seen));
            // Half an answer proves nothing, whatever it was.
            if outcome.passed && compat == Compat::Strict && sight.error.is_some() {
                outcome.passed = false;
                outcome.shown.push_str(" (but the probe failed)");
            }
            Checked { condition, passed: outcome.passed, shown: outcome.shown, warn }
        }
    }
}

fn error(sight: &Sight) -> Option<String> {
    match sight.unset.as_slice() {
        [] => sight.error.clone(),
        [one] => Some(format!("the environment variable {one} is not set")),
        some => Some(format!("the environment variables {} are not set", some.join(", "))),
    }
}

fn excerpt(text: &str) -> Option<String> {
    let text = text.trim();
    match text.char_indices().nth(EXCERPT) {
        _ if text.is_empty() => None,
        Some((end, _)) => Some(format!("{}…", &text[..end])),
        None => Some(text.to_owned()),
    }
}
