//! What probes saw, for people.

use std::fmt::Write as _;

use super::words::{counts, details, figure, hops, millis, of_state, parts, remark, style, took, word};
use crate::condition::Phases;
use crate::ground::{Time, plain_line};
use crate::monitor::State;
use crate::probe::Observation;
use crate::view::look::{Look, Style, paint};
use crate::view::table::{Cell, table};
use crate::view::wrap::{folded, hanging};

/// A line for each probe, then everything behind those that are not up, then how many there are of each state. `now` is
/// what the ends of certificates are held against. `verbose` adds how long each part took, and with whom one spoke.
pub fn results_text(look: Look, observations: &[Observation], now: Time, verbose: bool) -> String {
    if observations.is_empty() {
        return "No probe was made.\n".to_owned();
    }
    let mut text = lines(look, observations);
    for observation in observations {
        let lines = if verbose { everything(observation, now) } else { behind(observation) };
        if !lines.is_empty() {
            let _ = writeln!(text, "\n{}", block(look, observation, &lines));
        }
    }
    let counts = counts(look, |state| of_state(observations, state));
    let _ = writeln!(text, "\n{}", folded(&counts, look.width));
    text
}

fn lines(look: Look, observations: &[Observation]) -> String {
    let rows = observations.iter().map(|observation| {
        let state = Cell::painted(style(observation.state), word(observation.state));
        let (time, seen) = match observation.state {
            // Nothing below the table says it again, so it is not cut.
            State::NotConfigured => (String::new(), Cell::painted(Style::Faint, remark(observation))),
            _ => (took(observation.phases_us.total), Cell::cut(remark(observation))),
        };
        vec![state, observation.id.as_str().into(), time.into(), seen]
    });
    table(look, &["State", "Probe", "Time", "Seen"], rows)
}

fn behind(observation: &Observation) -> Vec<String> {
    match observation.state {
        State::Up | State::NotConfigured => Vec::new(),
        _ => details(observation),
    }
}

fn everything(observation: &Observation, now: Time) -> Vec<String> {
    let mut lines = match observation.state {
        State::Up => hops(observation).collect(),
        State::NotConfigured => return details(observation),
        _ => details(observation),
    };
    lines.push(phases(&observation.phases_us));
    let tls = observation.tls_version.as_deref().map(|version| format!("TLS {}", plain_line(version)));
    let certificate = observation.certificate_expires_at.map(|end| certificate(end, now));
    let with = [observation.address.as_deref().map(plain_line), tls, certificate];
    let with: Vec<String> = with.into_iter().flatten().collect();
    if !with.is_empty() {
        lines.push(with.join(" · "));
    }
    lines
}

fn block(look: Look, observation: &Observation, lines: &[String]) -> String {
    let state = paint(look, style(observation.state), word(observation.state));
    let name = paint(look, Style::Heading, &plain_line(&observation.id));
    let head = format!("{name} · {state} · {} of {}", observation.kind.word(), plain_line(&observation.service));
    let lines = lines.iter().map(|line| hanging(&format!("  {line}"), look.width, 2));
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

/// The parts that happened, in milliseconds.
fn phases(phases: &Phases) -> String {
    let parts = parts(phases).into_iter().filter(|(name, us)| *us > 0 || *name == "total");
    let said = parts.map(|(name, us)| format!("{} {}", name.replace('_', " "), figure(millis(us))));
    format!("ms: {}", said.collect::<Vec<_>>().join(" · "))
}

fn certificate(end: Time, now: Time) -> String {
    let day = end.format("%Y-%m-%d");
    match (end - now).num_days() {
        _ if end <= now => format!("certificate ended {day}"),
        1 => format!("certificate until {day} (1 day left)"),
        days => format!("certificate until {day} ({days} days left)"),
    }
}

#[cfg(test)]
mod tests {
    use super::results_text;
    use crate::probe::Observation;
    use crate::view::look::Look;
    use crate::view::probe::tests::{all, now, up};

    const NARROW: Look = Look { width: 60, colour: false };

    #[test]
    fn results_say_what_matters_and_what_is_behind_it() {
        insta::assert_snapshot!(results_text(Look::PLAIN, &all(), now(), false), @"
        State           Probe     Time     Seen
        ────────────────────────────────────────────────────────────────────────────────
        up              web       12.3 ms  200 · 12 ms
        degraded        search    12.3 ms  [RESPONSE_TIME] (812) < 500
        DOWN            checkout  12.3 ms  [STATUS] (500) == 200 (and 2 more)
        DOWN            db        2 s      db.example:5432 refused the connection
        unknown         orders    2 s      it depends on db, which is down (timed out a…
        maintenance     billing   12.3 ms  200 · 12 ms
        not configured  pay                OPSCTL_PAY_URL is not set
        up              backup    91 ms    exit code 0 · 91 ms

        search · degraded · http of shop
          warning: [RESPONSE_TIME] (812) < 500

        checkout · DOWN · http of shop
          not met: [STATUS] (500) == 200
          warning: [RESPONSE_TIME] (812) < 500
          not met: [BODY].status (null) == ok
          request: http://shop.example:80 (192.0.2.7:443) → 301 in 6.1 ms
          request: https://shop.example:443 (192.0.2.7:443) → 500 in 6.1 ms
          after 3 attempts

        db · DOWN · postgres of database
          db.example:5432 refused the connection

        orders · unknown · http of shop
          it depends on db, which is down (timed out after 2s: no answer)

        2 up, 1 degraded, 2 down, 1 unknown, 1 maintenance, 1 not configured
        ");
    }

    #[test]
    fn results_fit_a_narrow_page() {
        insta::assert_snapshot!(results_text(NARROW, &all(), now(), false), @"
        State           Probe     Time     Seen
        ────────────────────────────────────────────────────────────
        up              web       12.3 ms  200 · 12 ms
        degraded        search    12.3 ms  [RESPONSE_TIME] (812) < …
        DOWN            checkout  12.3 ms  [STATUS] (500) == 200 (a…
        DOWN            db        2 s      db.example:5432 refused …
        unknown         orders    2 s      it depends on db, which …
        maintenance     billing   12.3 ms  200 · 12 ms
        not configured  pay                OPSCTL_PAY_URL is not set
        up              backup    91 ms    exit code 0 · 91 ms

        search · degraded · http of shop
          warning: [RESPONSE_TIME] (812) < 500

        checkout · DOWN · http of shop
          not met: [STATUS] (500) == 200
          warning: [RESPONSE_TIME] (812) < 500
          not met: [BODY].status (null) == ok
          request: http://shop.example:80 (192.0.2.7:443) → 301 in
            6.1 ms
          request: https://shop.example:443 (192.0.2.7:443) → 500 in
            6.1 ms
          after 3 attempts

        db · DOWN · postgres of database
          db.example:5432 refused the connection

        orders · unknown · http of shop
          it depends on db, which is down (timed out after 2s: no
            answer)

        2 up, 1 degraded, 2 down, 1 unknown, 1 maintenance, 1 not
        configured
        ");
    }

    #[test]
    fn who_wants_more_gets_the_time_of_every_part() {
        insta::assert_snapshot!(results_text(Look::PLAIN, &all()[..3], now(), true), @"
        State     Probe     Time     Seen
        ───────────────────────────────────────────────────────────────
        up        web       12.3 ms  200 · 12 ms
        degraded  search    12.3 ms  [RESPONSE_TIME] (812) < 500
        DOWN      checkout  12.3 ms  [STATUS] (500) == 200 (and 2 more)

        web · up · http of shop
          ms: dns 1.2 · connect 0.8 · tls 5.4 · first byte 4.7 · transfer 0.13 · total
            12.3
          192.0.2.7:443 · TLS 1.3 · certificate until 2026-12-31 (38 days left)

        search · degraded · http of shop
          warning: [RESPONSE_TIME] (812) < 500
          ms: dns 1.2 · connect 0.8 · tls 5.4 · first byte 4.7 · transfer 0.13 · total
            12.3
          192.0.2.7:443 · TLS 1.3 · certificate until 2026-12-31 (38 days left)

        checkout · DOWN · http of shop
          not met: [STATUS] (500) == 200
          warning: [RESPONSE_TIME] (812) < 500
          not met: [BODY].status (null) == ok
          request: http://shop.example:80 (192.0.2.7:443) → 301 in 6.1 ms
          request: https://shop.example:443 (192.0.2.7:443) → 500 in 6.1 ms
          after 3 attempts
          ms: dns 1.2 · connect 0.8 · tls 5.4 · first byte 4.7 · transfer 0.13 · total
            12.3
          192.0.2.7:443 · TLS 1.3 · certificate until 2026-12-31 (38 days left)

        1 up, 1 degraded, 1 down
        ");
        insta::assert_snapshot!(results_text(NARROW, &all()[6..], now(), true), @"
        State           Probe   Time   Seen
        ────────────────────────────────────────────────────────
        not configured  pay            OPSCTL_PAY_URL is not set
        up              backup  91 ms  exit code 0 · 91 ms

        pay · not configured · http of shop
          the environment variable OPSCTL_PAY_URL is not set

        backup · up · command of jobs
          ms: total 91

        1 up, 1 not configured
        ");
    }

    #[test]
    fn an_ended_certificate_is_said_to_have_ended() {
        let ended = Observation { certificate_expires_at: Some(now()), ..up("web") };
        assert!(results_text(Look::PLAIN, &[ended], now(), true).contains("certificate ended 2026-11-23\n"));
    }

    #[test]
    fn nothing_at_all_is_said_too() {
        assert_eq!(results_text(Look::PLAIN, &[], now(), false), "No probe was made.\n");
    }

    #[test]
    fn colour_is_never_the_only_sign() {
        let text = results_text(Look { colour: true, ..Look::PLAIN }, &all(), now(), false);
        assert!(text.contains('\u{1b}'));
        let plain = crate::ground::plain(&text);
        let plain: Vec<&str> = plain.lines().map(str::trim_end).collect();
        assert_eq!(plain, results_text(Look::PLAIN, &all(), now(), false).lines().collect::<Vec<_>>());
    }
}
