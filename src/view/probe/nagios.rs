//! What probes saw, as a plugin tells Nagios, Icinga or Centreon: a status line with performance data, then long output.

use std::time::Duration;

use super::words::{counts, is_answered, line, of_state, remark, word};
use crate::monitor::State;
use crate::probe::Observation;
use crate::view::look::Look;

/// No line is longer, in bytes: what is longer is cut off on its way.
const LONGEST: usize = 4096;

/// The words of the status line have at most so many bytes, so that there is room for numbers.
const LONGEST_STATUS: usize = 1024;

/// What Nagios reads. What is not configured or under maintenance is well, and is said.
pub fn nagios(observations: &[Observation]) -> String {
    let mut numbers = lines_of(observations.iter().filter_map(number)).into_iter();
    let status = cut(status(observations), LONGEST_STATUS);
    let mut text = match numbers.next() {
        Some(first) => format!("{status} | {first}\n"),
        None => format!("{status}\n"),
    };
    let mut worst_first: Vec<&Observation> = observations.iter().collect();
    worst_first.sort_by_key(|observation| std::cmp::Reverse(rank(observation.state)));
    for observation in worst_first {
        let said = format!("{} {}: {}", word(observation.state), observation.id, remark(observation));
        text.push_str(&cut(safe(&said), LONGEST));
        text.push('\n');
    }
    // Numbers for which the first line had no room follow the last line of words.
    for (place, more) in numbers.enumerate() {
        text.push_str(if place == 0 { "| " } else { "" });
        text.push_str(&more);
        text.push('\n');
    }
    text
}

/// The exit code for Nagios: 2 when one is down, else 3 when one is unknown or there is none, else 1 when one is
/// degraded, else 0.
pub fn exit_code(observations: &[Observation]) -> u8 {
    match observations.iter().map(|observation| rank(observation.state)).max() {
        Some(0) => 0,
        Some(1) => 1,
        None | Some(2) => 3,
        Some(_) => 2,
    }
}

/// How bad a state is. What nobody knows may be an outage, so it weighs more than a warning.
const fn rank(state: State) -> u8 {
    match state {
        State::Up | State::Maintenance | State::NotConfigured => 0,
        State::Degraded => 1,
        State::Unknown => 2,
        State::Down => 3,
    }
}

fn status(observations: &[Observation]) -> String {
    let word = match exit_code(observations) {
        0 => "OK",
        1 => "WARNING",
        2 => "CRITICAL",
        _ => "UNKNOWN",
    };
    if observations.is_empty() {
        return format!("PROBES {word} - no probe was made");
    }
    let counts = counts(Look::PLAIN, |state| of_state(observations, state));
    let worst = observations.iter().map(|observation| rank(observation.state)).max().filter(|rank| *rank > 0);
    let bad = observations.iter().filter(|observation| Some(rank(observation.state)) == worst);
    let bad: Vec<String> = bad.map(|observation| format!("{}: {}", observation.id, remark(observation))).collect();
    let bad = if bad.is_empty() { String::new() } else { format!(" - {}", bad.join("; ")) };
    safe(&format!("PROBES {word} - {counts}{bad}"))
}

/// `'api'=0.012s;;;0`: the time in seconds, no limits, at least 0.
fn number(observation: &Observation) -> Option<String> {
    let label = safe(&observation.id).replace('\'', "''").replace('=', "_");
    let seconds = Duration::from_micros(observation.phases_us.total).as_secs_f64();
    is_answered(observation).then(|| format!("'{label}'={seconds}s;;;0"))
}

/// Numbers beside each other, as many as fit into a line. One that fits into none is left out.
fn lines_of(numbers: impl Iterator<Item = String>) -> Vec<String> {
    let room = LONGEST - LONGEST_STATUS - " | ".len();
    let mut lines: Vec<String> = Vec::new();
    for number in numbers.filter(|number| number.len() <= room) {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + number.len() <= room => {
                line.push(' ');
                line.push_str(&number);
            }
            _ => lines.push(number),
        }
    }
    lines
}

/// A line without the sign that begins the numbers.
fn safe(text: &str) -> String {
    line(text).replace('|', "¦")
}

fn cut(text: String, longest: usize) -> String {
    if text.len() <= longest {
        return text;
    }
    let end = text.floor_char_boundary(longest - '…'.len_utf8());
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, exit_code, nagios};
    use crate::monitor::State;
    use crate::probe::Observation;
    use crate::view::probe::tests::{all, hostile, silent, up};

    #[test]
    fn a_status_line_then_a_line_for_each_probe() {
        insta::assert_snapshot!(nagios(&[up("api"), up("web")]), @"
        PROBES OK - 2 up | 'api'=0.012345s;;;0 'web'=0.012345s;;;0
        up api: 200 · 12 ms
        up web: 200 · 12 ms
        ");
        insta::assert_snapshot!(nagios(&all()), @"
        PROBES CRITICAL - 2 up, 1 degraded, 2 down, 1 unknown, 1 maintenance, 1 not configured - checkout: [STATUS] (500) == 200 (and 2 more); db: db.example:5432 refused the connection | 'web'=0.012345s;;;0 'search'=0.012345s;;;0 'checkout'=0.012345s;;;0 'billing'=0.012345s;;;0 'backup'=0.091s;;;0
        DOWN checkout: [STATUS] (500) == 200 (and 2 more)
        DOWN db: db.example:5432 refused the connection
        unknown orders: it depends on db, which is down (timed out after 2s: no answer)
        degraded search: [RESPONSE_TIME] (812) < 500
        up web: 200 · 12 ms
        maintenance billing: 200 · 12 ms
        not configured pay: OPSCTL_PAY_URL is not set
        up backup: exit code 0 · 91 ms
        ");
        insta::assert_snapshot!(nagios(&[]), @"
        PROBES UNKNOWN - no probe was made
        ");
    }

    #[test]
    fn the_worst_state_decides() {
        let code = |states: &[State]| {
            let seen = states.iter().map(|state| Observation { state: *state, ..up("x") }).collect::<Vec<_>>();
            exit_code(&seen)
        };
        assert_eq!(code(&[State::Up, State::Maintenance, State::NotConfigured]), 0);
        assert_eq!(code(&[State::NotConfigured]), 0);
        assert_eq!(code(&[State::Up, State::Degraded]), 1);
        assert_eq!(code(&[State::Unknown, State::Degraded]), 3);
        assert_eq!(code(&[State::Unknown, State::Down, State::Degraded]), 2);
        assert_eq!(code(&[]), 3);
    }

    #[test]
    fn what_is_said_never_becomes_a_number() {
        let text = nagios(&hostile()[..1]);
        assert_eq!(text.matches('|').count(), 0, "{text}");
        let named = Observation { error: None, ..hostile().remove(0) };
        let text = nagios(&[named]);
        assert_eq!(text.matches('|').count(), 1, "{text}");
        assert!(text.contains(" | 'a¦b ''c_1'' \"d\" "), "{text}");
    }

    #[test]
    fn no_line_is_too_long_and_no_number_is_lost() {
        let mut seen: Vec<Observation> = (0..400).map(|n| up(&format!("probe-number-{n:03}"))).collect();
        seen.push(silent("long", State::Down, &"é".repeat(LONGEST)));
        let text = nagios(&seen);
        assert!(text.lines().all(|line| line.len() <= LONGEST));
        assert_eq!(text.matches("s;;;0").count(), 400);
        // Words, numbers; words; numbers.
        let parts: Vec<&str> = text.split('|').collect();
        assert_eq!(parts.len(), 3);
        assert!(!parts[2].contains(':'));
    }
}
