//! What a probe is called after several observations: one bad answer is no outage, and one good one no recovery.

use super::{Sample, State};
use crate::catalog::model::Probe;
use crate::ground::Time;

/// How many observations in a row it takes; less than one is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Bad ones, until it is called down.
    pub failure: u32,
    /// Good ones, until what was down is called up again.
    pub success: u32,
}

impl From<&Probe> for Thresholds {
    fn from(probe: &Probe) -> Self {
        Self { failure: probe.failure_threshold, success: probe.success_threshold }
    }
}

/// What a probe is called, and what that rests on.
///
/// Up and degraded observations are good and down ones bad. It is down after `failure` bad ones in a row and up again
/// after `success` good ones; the first good one ever is enough. Between up and degraded it changes at once. An
/// unknown observation makes it unknown while it lasts, and the row goes on after it. Maintenance does the same but ends the
/// row, so that a restart in it counts for nothing. What is not configured is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What it is called; unknown before the first observation.
    pub state: State,
    /// When it was first called so; none before the first observation.
    pub since: Option<Time>,
    /// The observations that agree, up to the last one.
    pub streak: Option<Streak>,
    // Up, degraded or down, as it was called when that could last be told.
    known: Option<State>,
}

/// Observations in a row that agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streak {
    /// Whether they are good.
    pub good: bool,
    /// How many they are.
    pub length: u32,
    /// When the first was made.
    pub since: Time,
}

/// It is called something else from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// What it was called.
    pub from: State,
    /// What it is called now.
    pub to: State,
    /// When the observation was made that changed it.
    pub at: Time,
}

impl Default for Settled {
    fn default() -> Self {
        Self { state: State::Unknown, since: None, streak: None, known: None }
    }
}

impl Settled {
    /// What samples of one probe come to, oldest first.
    pub fn replay<'a>(samples: impl IntoIterator<Item = &'a Sample>, thresholds: Thresholds) -> Self {
        let mut settled = Self::default();
        for sample in samples {
            settled.observe(sample.state, sample.at, thresholds);
        }
        settled
    }

    /// Takes in an observation, and says whether the probe is called something else now.
    pub fn observe(&mut self, seen: State, at: Time, thresholds: Thresholds) -> Option<Change> {
        let to = match seen {
            State::Up | State::Degraded | State::Down => {
                self.lengthen(seen != State::Down, at);
                self.known = self.judged(seen, thresholds);
                self.known.unwrap_or(State::Unknown)
            }
            State::Unknown => State::Unknown,
            State::Maintenance => {
                self.streak = None;
                State::Maintenance
            }
            State::NotConfigured => {
                (self.streak, self.known) = (None, None);
                State::NotConfigured
            }
        };
        let from = std::mem::replace(&mut self.state, to);
        if from != to || self.since.is_none() {
            self.since = Some(at);
        }
        (from != to).then_some(Change { from, to, at })
    }

    fn lengthen(&mut self, good: bool, at: Time) {
        self.streak = Some(match self.streak {
            Some(streak) if streak.good == good => Streak { length: streak.length.saturating_add(1), ..streak },
            _ => Streak { good, length: 1, since: at },
        });
    }

    fn judged(&self, seen: State, thresholds: Thresholds) -> Option<State> {
        let in_a_row = self.streak.map_or(0, |streak| streak.length);
        let enough = match (self.known, seen) {
            (Some(State::Down), State::Down) => false,
            (_, State::Down) => in_a_row >= thresholds.failure,
            (Some(State::Down), _) => in_a_row >= thresholds.success,
            _ => true,
        };
        if enough { Some(seen) } else { self.known }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::{Settled, Thresholds};
    use crate::ground::{Span, Time};
    use crate::monitor::{Sample, State};

    fn minute(number: usize) -> Time {
        Time::UNIX_EPOCH + TimeDelta::minutes(i64::try_from(number).unwrap())
    }

    const USUAL: Thresholds = Thresholds { failure: 3, success: 2 };

    fn state(letter: char) -> State {
        match letter {
            'u' => State::Up,
            'g' => State::Degraded,
            'd' => State::Down,
            '?' => State::Unknown,
            'm' => State::Maintenance,
            'n' => State::NotConfigured,
            other => panic!("{other} is no state"),
        }
    }

    fn letter(state: State) -> char {
        "ugd?mn".chars().find(|letter| self::state(*letter) == state).unwrap()
    }

    // What it is called after each observation.
    fn called(seen: &str, thresholds: Thresholds) -> String {
        let mut settled = Settled::default();
        let one = |(index, seen): (usize, char)| {
            settled.observe(state(seen), minute(index), thresholds);
            letter(settled.state)
        };
        seen.chars().enumerate().map(one).collect()
    }

    #[test]
    fn it_takes_some_in_a_row() {
        for (seen, expected) in [
            ("uddd", "uuud"),
            ("uddudd", "uuuuuu"),
            ("dddud", "??ddd"),
            ("ddduu", "??ddu"),
            ("dddugg", "??ddgg"),
            ("udddududu", "uuudddddd"),
            // Between good ones it changes at once.
            ("ugug", "ugug"),
            ("gddd", "gggd"),
            // Nothing is known: the first good one is enough, a bad one is not.
            ("u", "u"),
            ("d", "?"),
            ("dd", "??"),
            ("du", "?u"),
            // What is unknown neither counts for nor against.
            ("u?u", "u?u"),
            ("ud?d?d", "uu?u?d"),
            ("ddd?u", "??d?d"),
            ("dddu?u", "??dd?u"),
            ("ddd?d", "??d?d"),
            // Maintenance ends the row, but what was known stays.
            ("uddmd", "uuumu"),
            ("uddmddd", "uuumuud"),
            ("dddumu", "??ddmd"),
            ("dddmuu", "??dmdu"),
            ("mu", "mu"),
            // What is not configured is forgotten.
            ("dddnu", "??dnu"),
            ("udnddd", "uun??d"),
        ] {
            assert_eq!(called(seen, USUAL), expected, "{seen}");
        }
        assert_eq!(called("ududdu", Thresholds { failure: 1, success: 1 }), "ududdu");
        assert_eq!(called("ud", Thresholds { failure: 0, success: 0 }), "ud");
    }

    #[test]
    fn a_change_says_from_what_to_what_and_when() {
        let mut settled = Settled::default();
        let changes: Vec<String> = "?udd?duu"
            .chars()
            .enumerate()
            .filter_map(|(index, seen)| settled.observe(state(seen), minute(index), USUAL))
            .map(|change| format!("{}{}{}", letter(change.from), letter(change.to), change.at.format("%M")))
            .collect();
        assert_eq!(changes, ["?u01", "u?04", "?d05", "du07"]);
        assert_eq!(settled.since, Some(minute(7)));
        let streak = settled.streak.unwrap();
        assert_eq!((streak.good, streak.length, streak.since), (true, 2, minute(6)));
    }

    fn an_observation() -> impl Strategy<Value = State> {
        prop_oneof![
            4 => Just(State::Up),
            4 => Just(State::Down),
            1 => Just(State::Degraded),
            1 => Just(State::Unknown),
            1 => Just(State::Maintenance),
            1 => Just(State::NotConfigured),
        ]
    }

    fn sample(index: usize, state: State) -> Sample {
        Sample {
            probe: "web".to_owned(),
            at: minute(index),
            state,
            response_us: None,
            status: None,
            certificate_expires_at: None,
            interval: Span::seconds(60),
            reason: None,
        }
    }

    proptest! {
        #[test]
        fn a_restart_changes_nothing(
            seen in proptest::collection::vec(an_observation(), 0..60),
            failure in 0..5u32,
            success in 0..5u32,
        ) {
            let thresholds = Thresholds { failure, success };
            let mut live = Settled::default();
            let samples: Vec<Sample> =
                seen.iter().enumerate().map(|(index, state)| sample(index, *state)).collect();
            for sample in &samples {
                live.observe(sample.state, sample.at, thresholds);
            }
            prop_assert_eq!(live, Settled::replay(&samples, thresholds));
        }

        #[test]
        fn changes_follow_each_other_and_outages_are_earned(
            seen in proptest::collection::vec(an_observation(), 1..60),
            failure in 1..5usize,
            success in 1..5u32,
        ) {
            let thresholds = Thresholds { failure: u32::try_from(failure).unwrap(), success };
            let mut settled = Settled::default();
            let mut last = settled.state;
            for (index, state) in seen.iter().enumerate() {
                let known = settled.known;
                if let Some(change) = settled.observe(*state, minute(index), thresholds) {
                    prop_assert_eq!((change.from, change.at), (last, minute(index)));
                    prop_assert!(change.from != change.to);
                    last = change.to;
                }
                prop_assert_eq!(settled.state, last);
                if settled.known == Some(State::Down) && known != Some(State::Down) {
                    let told = seen[..=index].iter().rev().filter(|state| **state != State::Unknown);
                    let bad = told.take_while(|state| **state == State::Down).count();
                    prop_assert!(bad >= failure);
                }
            }
        }
    }
}
