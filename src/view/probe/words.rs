//! The words that all results of probes share.

use std::time::Duration;

use crate::condition::Phases;
use crate::ground::plain_line;
use crate::monitor::State;
use crate::probe::{Checked, Kind, Observation};
use crate::view::look::{Look, Style, paint};
use crate::view::wrap::folded;

/// How many columns a label takes.
const LABEL: usize = 13;

/// The word for a state; what is wrong catches the eye without colour, too.
pub(super) const fn word(state: State) -> &'static str {
    match state {
        State::Down => "DOWN",
        state => state.title(),
    }
}

/// How a state is painted.
pub(super) const fn style(state: State) -> Style {
    match state {
        State::Up => Style::Good,
        State::Degraded | State::Unknown => Style::Warn,
        State::Down => Style::Bad,
        State::Maintenance | State::NotConfigured => Style::Faint,
    }
}

/// How many there are of each state: `3 up, 1 down, 1 not configured`.
pub(super) fn counts(look: Look, count: impl Fn(State) -> u64) -> String {
    let there = State::ALL.into_iter().map(|state| (state, count(state))).filter(|(_, many)| *many > 0);
    let said = there.map(|(state, many)| paint(look, style(state), &format!("{many} {}", state.title())));
    said.collect::<Vec<_>>().join(", ")
}

/// How many observations have a state.
pub(super) fn of_state(observations: &[Observation], state: State) -> u64 {
    observations.iter().filter(|observation| observation.state == state).map(|_| 1).sum()
}

/// What matters of an observation, in one line: why it is not up, or the answer.
pub(super) fn remark(observation: &Observation) -> String {
    match (&observation.error, unmet(observation).count()) {
        (Some(error), _) if observation.state == State::NotConfigured => line(variables(error)),
        (Some(error), _) => line(error),
        (None, 0) => answer(observation),
        (None, count) => {
            // The one that weighs most comes first.
            let first = unmet(observation).min_by_key(|condition| condition.warn);
            let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
            first.map(|condition| line(&condition.shown) + &more).unwrap_or_default()
        }
    }
}

/// Everything that is behind a state other than up, a line each: the error, unmet conditions, redirects, attempts.
pub(super) fn details(observation: &Observation) -> Vec<String> {
    let error = observation.error.iter().map(|error| line(error));
    // Where the probe itself failed, its conditions say nothing more.
    let unmet = unmet(observation).filter(|_| observation.error.is_none()).map(|condition| {
        let label = if condition.warn { "warning" } else { "not met" };
        format!("{label}: {}", line(&condition.shown))
    });
    error.chain(unmet).chain(printed(observation)).chain(hops(observation)).chain(attempts(observation)).collect()
}

/// The end of what a command has printed, where that is all there is to go by.
fn printed(observation: &Observation) -> impl Iterator<Item = String> {
    let output = observation.output.as_deref().filter(|_| observation.kind == Kind::Command).unwrap_or_default();
    let lines: Vec<&str> = output.lines().filter(|text| !text.trim().is_empty()).collect();
    let last: Vec<String> =
        lines[lines.len().saturating_sub(3)..].iter().map(|text| format!("printed: {}", line(text))).collect();
    last.into_iter()
}

/// The requests of a chain of redirects, a line each.
pub(super) fn hops(observation: &Observation) -> impl Iterator<Item = String> {
    observation.hops.iter().map(|hop| {
        let address = hop.address.as_deref().map(|address| format!(" ({})", line(address))).unwrap_or_default();
        format!("request: {}{address} → {} in {}", line(&hop.origin), hop.status, took(hop.phases_us.total))
    })
}

/// Conditions that do not hold.
pub(super) fn unmet(observation: &Observation) -> impl Iterator<Item = &Checked> {
    observation.conditions.iter().filter(|condition| !condition.passed)
}

/// Whether the probe has come to an answer, so that its times tell something.
pub(super) fn is_answered(observation: &Observation) -> bool {
    observation.error.is_none() && observation.state != State::NotConfigured
}

/// The parts of an observation by name, the total last.
pub(super) const fn parts(phases: &Phases) -> [(&'static str, u64); 6] {
    [
        ("dns", phases.dns),
        ("connect", phases.connect),
        ("tls", phases.tls),
        ("first_byte", phases.first_byte),
        ("transfer", phases.transfer),
        ("total", phases.total),
    ]
}

fn attempts(observation: &Observation) -> Option<String> {
    (observation.attempts > 1).then(|| format!("after {} attempts", observation.attempts))
}

fn answer(observation: &Observation) -> String {
    let status = observation.status.map(|status| match observation.kind {
        Kind::Grpc => format!("gRPC status {status}"),
        _ => status.to_string(),
    });
    let exit = observation.exit_code.map(|code| format!("exit code {code}"));
    let took =
        observation.response_time_ms.map(|ms| if ms == 0 { "under 1 ms".to_owned() } else { format!("{ms} ms") });
    let beat = observation.output.as_deref().filter(|_| observation.kind == Kind::Push).map(line);
    let parts = [status, exit, beat, took, attempts(observation)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

// The sentence ends in "is not set"; in a table the names are enough.
fn variables(error: &str) -> &str {
    let begun = ["the environment variable ", "the environment variables "];
    begun.iter().find_map(|begun| error.strip_prefix(begun)).unwrap_or(error)
}

/// How long something took: `0.120 ms`, `12.3 ms`, `2.35 s`.
pub(super) fn took(us: u64) -> String {
    let ms = millis(us);
    if us < 1_000_000 { format!("{} ms", figure(ms)) } else { format!("{} s", figure(ms / 1000.0)) }
}

/// Microseconds as milliseconds.
pub(super) fn millis(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64() * 1000.0
}

/// A number in three figures, and no more of them than it has: `0`, `0.12`, `3.5`, `12.3`, `1234`.
pub(super) fn figure(number: f64) -> String {
    let decimals = match number {
        n if n < 1.0 => 3,
        n if n < 10.0 => 2,
        n if n < 100.0 => 1,
        _ => 0,
    };
    let written = format!("{number:.decimals$}");
    if written.contains('.') { written.trim_end_matches('0').trim_end_matches('.').to_owned() } else { written }
}

/// A value beside its label; what does not fit goes on below the value.
pub(super) fn labelled(look: Look, label: &str, value: &str) -> String {
    let value = folded(value, look.width.saturating_sub(LABEL));
    format!("{label:<LABEL$}{}", value.replace('\n', &format!("\n{:LABEL$}", "")))
}

/// Text that other programs read as one line: no control characters, no line separators of any kind, and nothing that
/// XML or YAML forbid.
pub(super) fn line(text: &str) -> String {
    let clean = plain_line(text).replace(['\u{2028}', '\u{2029}'], " ");
    clean.chars().filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}')).collect()
}

#[cfg(test)]
mod tests {
    use super::{figure, line, took};

    #[test]
    fn times_are_as_exact_as_one_can_read() {
        let cases = [(0, "0 ms"), (7, "0.007 ms"), (120, "0.12 ms"), (1234, "1.23 ms"), (12_345, "12.3 ms")];
        for (us, text) in cases.into_iter().chain([(123_456, "123 ms"), (2_345_678, "2.35 s"), (60_000_000, "60 s")]) {
            assert_eq!(took(us), text);
        }
        assert_eq!([figure(100.0), figure(1000.0), figure(9.999)], ["100", "1000", "10"]);
    }

    #[test]
    fn a_line_is_a_line_to_everybody() {
        assert_eq!(line("a\u{85}b\u{2028}c\r\nd\u{b}e\u{1b}[31mf\u{ffff}\u{202e}g\u{0}"), "ab c defg");
    }
}
