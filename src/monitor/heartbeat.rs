//! Whether a job whose heartbeats are waited for is well.

use std::fmt;

use super::State;
use crate::ground::{Span, Time, rfc3339};

/// What a heartbeat says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Beat {
    /// The job has begun.
    Start,
    /// The job is done, and all is well.
    Success,
    /// The job has failed.
    Fail,
}

impl Beat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Start, Self::Success, Self::Fail];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Success => "success",
            Self::Fail => "fail",
        }
    }
}

/// What a job has said so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beats {
    /// When it last said that it begins.
    pub last_start: Option<Time>,
    /// When it last said that it is done, or that it lives.
    pub last_success: Option<Time>,
    /// When it last said that it failed.
    pub last_fail: Option<Time>,
    /// What it said about that failure.
    pub message: Option<String>,
    /// Since when somebody waits for it, as far back as that is kept.
    pub awaited_since: Option<Time>,
}

/// How the job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heart {
    /// Its last success is in time.
    Good,
    /// It has never said anything.
    NeverSeen,
    /// No success has come in time.
    Late {
        /// By how much.
        by: Span,
    },
    /// It said that it failed, and has not succeeded since.
    Failed {
        /// When.
        at: Time,
        /// What it said.
        message: Option<String>,
    },
    /// It has begun, and may take the time it takes.
    Running {
        /// Since when.
        since: Time,
        /// Whether it has succeeded before, and in time; nobody can tell how a first one ends.
        proven: bool,
    },
    /// It has begun, and did not end in time.
    Stuck {
        /// Since when it runs.
        since: Time,
    },
}

/// How a job is from which a success has to come `every` so often; `grace` is how late it may be, and how long it may run.
///
/// - It never said anything: never seen.
/// - Its last word is a start, and now > start + grace: stuck.
/// - Its last outcome is a failure: failed, also while it tries again.
/// - now > success + every + grace: late, also while it runs; a job that only ever starts is not well. One that never
///   succeeded is late as if it had when somebody began to wait for it.
/// - Its last word is a start: running.
/// - Else it is good.
pub fn judge(beats: &Beats, every: Span, grace: Span, now: Time) -> Heart {
    let outcome = beats.last_success.max(beats.last_fail);
    let running = beats.last_start.filter(|start| outcome.is_none_or(|outcome| outcome < *start));
    if let Some(since) = running.filter(|start| now > later(*start, grace)) {
        return Heart::Stuck { since };
    }
    if let Some(at) = beats.last_fail.filter(|fail| outcome == Some(*fail)) {
        return Heart::Failed { at, message: beats.message.clone() };
    }
    let deadline = beats.last_success.or(beats.awaited_since).map(|from| later(later(from, every), grace));
    match (deadline, running) {
        (Some(deadline), _) if now > deadline => {
            Heart::Late { by: Span((now - deadline).to_std().unwrap_or_default()) }
        }
        (_, Some(since)) => Heart::Running { since, proven: beats.last_success.is_some() },
        (_, None) if beats.last_success.is_some() => Heart::Good,
        (_, None) => Heart::NeverSeen,
    }
}

fn later(time: Time, span: Span) -> Time {
    time.checked_add_signed(span.delta()).unwrap_or(Time::MAX_UTC)
}

impl Heart {
    /// The state of its probe.
    pub const fn state(&self) -> State {
        match self {
            Self::Good | Self::Running { proven: true, .. } => State::Up,
            Self::NeverSeen | Self::Running { proven: false, .. } => State::Unknown,
            Self::Late { .. } | Self::Failed { .. } | Self::Stuck { .. } => State::Down,
        }
    }
}

/// Why it is so; one line.
impl fmt::Display for Heart {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => out.write_str("the last heartbeat is in time"),
            Self::NeverSeen => out.write_str("no heartbeat has come yet"),
            Self::Late { by } => write!(out, "the heartbeat is late by {}", whole_seconds(*by)),
            Self::Failed { at, message: None } => write!(out, "the job failed at {}", rfc3339(*at)),
            Self::Failed { at, message: Some(message) } => {
                write!(out, "the job failed at {}: {message}", rfc3339(*at))
            }
            Self::Running { since, proven: true } => write!(out, "the job is running since {}", rfc3339(*since)),
            Self::Running { since, proven: false } => {
                write!(out, "the job began at {} and has not succeeded before", rfc3339(*since))
            }
            Self::Stuck { since } => write!(out, "the job began at {} and has not ended in time", rfc3339(*since)),
        }
    }
}

// Less than a second is shown as it is.
fn whole_seconds(span: Span) -> Span {
    if span.0.as_secs() == 0 { span } else { Span::seconds(span.0.as_secs()) }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{Beats, Heart, judge};
    use crate::ground::{Span, Time};
    use crate::monitor::State;

    fn minute(number: i64) -> Time {
        Time::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::minutes(number)
    }

    fn beats(start: Option<i64>, success: Option<i64>, fail: Option<i64>) -> Beats {
        Beats {
            last_start: start.map(minute),
            last_success: success.map(minute),
            last_fail: fail.map(minute),
            message: fail.map(|_| "disk full".to_owned()),
            awaited_since: None,
        }
    }

    // Every hour, with ten minutes of grace.
    fn heart(beats: &Beats, now: Time) -> Heart {
        judge(beats, Span::seconds(3600), Span::seconds(600), now)
    }

    #[test]
    fn a_job_is_well_when_its_success_is_in_time() {
        use Heart::{Failed, Good, Late, NeverSeen, Running, Stuck};
        let by = |minutes: u64| Late { by: Span::seconds(60 * minutes) };
        let failed = |at| Failed { at: minute(at), message: Some("disk full".to_owned()) };
        let running = |since, proven| Running { since: minute(since), proven };
        let stuck = |since| Stuck { since: minute(since) };
        for (start, success, fail, now, expected) in [
            (None, None, None, 0, NeverSeen),
            (None, Some(0), None, 0, Good),
            (None, Some(0), None, 70, Good),
            (None, Some(0), None, 71, by(1)),
            (None, Some(10), None, 0, Good),
            (Some(0), Some(5), None, 20, Good),
            (Some(5), Some(5), None, 20, Good),
            // Running.
            (Some(60), Some(5), None, 70, running(60, true)),
            (Some(60), Some(5), None, 71, stuck(60)),
            (Some(0), None, None, 10, running(0, false)),
            (Some(0), None, None, 11, stuck(0)),
            (Some(70), Some(5), None, 76, by(1)),
            // Failed.
            (None, None, Some(0), 500, failed(0)),
            (Some(0), Some(5), Some(7), 8, failed(7)),
            (Some(0), Some(9), Some(7), 10, Good),
            (Some(10), Some(5), Some(7), 15, failed(7)),
            (Some(10), Some(5), Some(7), 21, stuck(10)),
            (None, Some(7), Some(7), 8, failed(7)),
        ] {
            let said = beats(start, success, fail);
            assert_eq!(heart(&said, minute(now)), expected, "{start:?} {success:?} {fail:?} at {now}");
        }
    }

    #[test]
    fn a_job_that_was_never_heard_of_is_late_all_the_same() {
        let awaited = Beats { awaited_since: Some(minute(0)), ..Beats::default() };
        assert_eq!(heart(&awaited, minute(70)), Heart::NeverSeen);
        assert_eq!(heart(&awaited, minute(71)), Heart::Late { by: Span::seconds(60) });
        let said = Beats { awaited_since: Some(minute(0)), ..beats(None, Some(60), None) };
        assert_eq!(heart(&said, minute(80)), Heart::Good);
    }

    #[test]
    fn it_says_why() {
        for (said, now, state, words) in [
            (beats(None, None, None), 0, State::Unknown, "no heartbeat has come yet"),
            (beats(None, Some(0), None), 195, State::Down, "the heartbeat is late by 2h5m"),
            (beats(None, None, Some(0)), 1, State::Down, "the job failed at 2027-01-15T08:00:00.000Z: disk full"),
            (
                beats(Some(0), None, None),
                1,
                State::Unknown,
                "the job began at 2027-01-15T08:00:00.000Z and has not succeeded before",
            ),
            (
                beats(Some(0), None, None),
                99,
                State::Down,
                "the job began at 2027-01-15T08:00:00.000Z and has not ended in time",
            ),
            (beats(Some(9), Some(0), None), 10, State::Up, "the job is running since 2027-01-15T08:09:00.000Z"),
            (beats(None, Some(0), None), 1, State::Up, "the last heartbeat is in time"),
        ] {
            let heart = heart(&said, minute(now));
            assert_eq!((heart.state(), heart.to_string().as_str()), (state, words));
        }
        let late = heart(&beats(None, Some(0), None), minute(70) + TimeDelta::milliseconds(1_234));
        assert_eq!(late.to_string(), "the heartbeat is late by 1s");
        let hardly = heart(&beats(None, Some(0), None), minute(70) + TimeDelta::milliseconds(5));
        assert_eq!(hardly.to_string(), "the heartbeat is late by 5ms");
    }

    proptest! {
        #[test]
        fn without_a_success_in_time_it_is_never_up(
            start in proptest::option::of(-200..200i64),
            success in proptest::option::of(-200..200i64),
            fail in proptest::option::of(-200..200i64),
            now in -200..200i64,
        ) {
            let state = heart(&beats(start, success, fail), minute(now)).state();
            if state == State::Up {
                prop_assert!(success.is_some_and(|success| success + 70 >= now && fail.is_none_or(|fail| fail < success)));
            }
            prop_assert_eq!(
                state == State::Unknown,
                success.is_none() && fail.is_none() && start.is_none_or(|start| start + 10 >= now)
            );
        }

        #[test]
        fn silence_never_heals(
            start in proptest::option::of(-200..200i64),
            success in proptest::option::of(-200..200i64),
            fail in proptest::option::of(-200..200i64),
            now in -200..200i64,
            wait in 0..500i64,
        ) {
            let said = beats(start, success, fail);
            let down = heart(&said, minute(now)).state() == State::Down;
            prop_assert!(!down || heart(&said, minute(now + wait)).state() == State::Down);
        }
    }
}
