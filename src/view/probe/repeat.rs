//! A probe made again and again: how it came out, and how its times are spread.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use indexmap::IndexMap;
use serde::Serialize;

use super::spread::Spread;
use super::words::{counts, is_answered, parts, remark};
use crate::ground::plain_line;
use crate::monitor::State;
use crate::probe::{Kind, Observation};
use crate::view::count::counted;
use crate::view::look::{Look, Style, paint};
use crate::view::table::table;
use crate::view::wrap::hanging;

/// A probe made again and again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RepeatView {
    /// The probe's id.
    pub id: String,
    /// The service it looks at.
    pub service: String,
    /// How it looks.
    pub kind: Kind,
    /// How many times it was made.
    pub n: usize,
    /// How often it came out how.
    pub counts: BTreeMap<State, u64>,
    /// How long answers took, in milliseconds.
    pub response_ms: Spread,
    /// How long each part took where there was an answer, in milliseconds; parts that never happened are left out.
    pub phases_ms: IndexMap<&'static str, Spread>,
    /// Which percentiles so few answers do not tell.
    pub too_few: Vec<String>,
    /// Why it was not up, each reason once, and how often.
    pub reasons: IndexMap<String, u64>,
}

/// The observations of one probe, added up; none when there are none.
pub fn repeat_view(observations: &[&Observation]) -> Option<RepeatView> {
    let first = observations.first()?;
    let answered: Vec<&Observation> = observations.iter().copied().filter(|seen| is_answered(seen)).collect();
    let told: u64 = answered.iter().map(|_| 1).sum();
    let response_ms = Spread::of(&answered.iter().filter_map(|seen| seen.response_us()).collect::<Vec<_>>());
    let mut times: IndexMap<&'static str, Vec<u64>> = IndexMap::new();
    for (name, us) in answered.iter().flat_map(|seen| parts(&seen.phases_us)).filter(|(_, us)| *us > 0) {
        times.entry(name).or_default().push(us);
    }
    let phases_ms: IndexMap<&'static str, Spread> =
        times.into_iter().map(|(name, times)| (name, Spread::of(&times))).collect();
    let mut view = RepeatView {
        id: first.id.clone(),
        service: first.service.clone(),
        kind: first.kind,
        n: observations.len(),
        counts: BTreeMap::new(),
        too_few: Spread { n: told, ..Spread::default() }.too_few(),
        response_ms,
        phases_ms,
        reasons: IndexMap::new(),
    };
    for seen in observations {
        *view.counts.entry(seen.state).or_default() += 1;
        if seen.state != State::Up {
            *view.reasons.entry(remark(seen)).or_default() += 1;
        }
    }
    Some(view)
}

/// Probes made again and again, for people.
pub fn repeat_text(look: Look, views: &[RepeatView]) -> String {
    views.iter().map(|view| one(look, view)).collect::<Vec<_>>().join("\n")
}

fn one(look: Look, view: &RepeatView) -> String {
    let name = paint(look, Style::Heading, &plain_line(&view.id));
    let counts = counts(look, |state| view.counts.get(&state).copied().unwrap_or(0));
    let mut text = format!("{name} · {} · {}: {counts}\n", view.kind.word(), counted(view.n, "time"));
    let response = std::iter::once(("response", &view.response_ms)).filter(|(_, spread)| spread.n > 0);
    let spreads = response.chain(view.phases_ms.iter().map(|(name, spread)| (*name, spread)));
    let rows: Vec<Vec<String>> =
        spreads.map(|(name, spread)| std::iter::once(name.replace('_', " ")).chain(spread.cells()).collect()).collect();
    if !rows.is_empty() {
        text.push_str(&table(look, &["ms", "min", "p50", "p95", "p99", "max"], rows));
    }
    if !view.too_few.is_empty() {
        let _ = writeln!(text, "{}", paint(look, Style::Faint, &view.too_few.join(", ")));
    }
    for (reason, count) in &view.reasons {
        let _ = writeln!(text, "{}", hanging(&format!("{count}× {}", plain_line(reason)), look.width, 2));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{RepeatView, repeat_text, repeat_view};
    use crate::condition::Phases;
    use crate::monitor::State;
    use crate::probe::Observation;
    use crate::view::look::Look;
    use crate::view::probe::tests::{all, hostile, is_plain, silent, up};

    fn many(n: u64) -> Vec<Observation> {
        let seen = |n: u64| Observation {
            response_time_ms: Some(n),
            phases_us: Phases { connect: 800 + n, first_byte: n * 1000, total: n * 1010 + 800, ..Phases::default() },
            ..up("api")
        };
        (1..=n).map(seen).collect()
    }

    fn view(seen: &[Observation]) -> RepeatView {
        repeat_view(&seen.iter().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn times_are_told_as_far_as_there_are_enough() {
        let mut seen = many(19);
        seen.push(silent("api", State::Down, "api.example:443 refused the connection"));
        let backup = all().pop().unwrap();
        let views = [view(&seen), view(&many(100)), view(&[backup])];
        insta::assert_snapshot!(repeat_text(Look::PLAIN, &views), @"
        api · http · 20 times: 19 up, 1 down
        ms          min    p50   p95  p99  max
        ────────────────────────────────────────
        response    1.8    10.8  -    -    19.8
        connect     0.801  0.81  -    -    0.819
        first byte  1      10    -    -    19
        total       1.81   10.9  -    -    20
        p95 needs 20 samples, p99 needs 100 samples
        1× api.example:443 refused the connection

        api · http · 100 times: 100 up
        ms          min    p50   p95    p99    max
        ──────────────────────────────────────────
        response    1.8    50.9  95.9   99.9   101
        connect     0.801  0.85  0.895  0.899  0.9
        first byte  1      50    95     99     100
        total       1.81   51.3  96.8   101    102

        backup · command · 1 time: 1 up
        ms        min  p50  p95  p99  max
        ─────────────────────────────────
        response  91   -    -    -    91
        total     91   -    -    -    91
        p50 needs 2 samples, p95 needs 20 samples, p99 needs 100 samples
        ");
        assert_eq!(repeat_text(Look { width: 60, colour: false }, &views), repeat_text(Look::PLAIN, &views));
    }

    #[test]
    fn what_did_not_answer_took_no_time() {
        let refused = silent("api", State::Down, "refused");
        let view = view(&[refused.clone(), refused]);
        insta::assert_snapshot!(repeat_text(Look::PLAIN, std::slice::from_ref(&view)), @"
        api · http · 2 times: 2 down
        2× refused
        ");
        insta::assert_snapshot!(serde_json::to_string(&view).unwrap(), @r#"
        {"id":"api","service":"shop","kind":"http","n":2,"counts":{"down":2},"response_ms":{"n":0,"min":null,"p50":null,"p95":null,"p99":null,"max":null},"phases_ms":{},"too_few":[],"reasons":{"refused":2}}
        "#);
        assert_eq!(repeat_view(&[]), None);
    }

    #[test]
    fn what_is_said_stays_text() {
        is_plain(&repeat_text(Look::PLAIN, &[view(&hostile())]));
    }
}
