//! An alert that is open or not: it fires once and resolves once, however often its rule is looked at.

use super::rule::Verdict;
use crate::ground::Time;

/// Whether the alert of one rule for one probe is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Alarm {
    /// When it fired; none while it is not open. Together with the rule and the probe it names the episode.
    pub open_since: Option<Time>,
    /// For how many observations in a row its rule has not held; 0 while it is not open.
    pub quiet: u32,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// The alert begins.
    Fire {
        /// Why; one line.
        reason: String,
    },
    /// It is over.
    Resolve {
        /// How that is known; one line.
        reason: String,
    },
}

impl Alarm {
    /// The alarm after a restart, by what the journal says. Rest begins anew.
    pub const fn restored(open_since: Option<Time>) -> Self {
        Self { open_since, quiet: 0 }
    }

    /// Takes in what the rule says; to be called once an observation. Firing takes a rule that holds, resolving one
    /// that does not for `resolve_after` observations in a row.
    pub fn step(&mut self, verdict: Verdict, resolve_after: u32, now: Time) -> Option<Signal> {
        match (verdict, self.open_since) {
            (Verdict::Holds(reason), None) => {
                *self = Self::restored(Some(now));
                Some(Signal::Fire { reason })
            }
            (Verdict::Holds(_) | Verdict::NotYet, _) => {
                self.quiet = 0;
                None
            }
            (Verdict::DoesNot, Some(_)) => self.rest(resolve_after),
            (Verdict::DoesNot, None) | (Verdict::CannotTell, _) => None,
        }
    }

    fn rest(&mut self, resolve_after: u32) -> Option<Signal> {
        self.quiet = self.quiet.saturating_add(1);
        if self.quiet < resolve_after {
            return None;
        }
        let reason = match self.quiet {
            1 => "it no longer holds".to_owned(),
            quiet => format!("it has not held for {quiet} observations in a row"),
        };
        *self = Self::default();
        Some(Signal::Resolve { reason })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::{Alarm, Signal};
    use crate::ground::Time;
    use crate::monitor::rule::Verdict;

    fn minute(number: usize) -> Time {
        Time::UNIX_EPOCH + TimeDelta::minutes(i64::try_from(number).unwrap())
    }

    fn verdict(letter: char) -> Verdict {
        match letter {
            '!' => Verdict::Holds("down".to_owned()),
            '~' => Verdict::NotYet,
            '.' => Verdict::DoesNot,
            _ => Verdict::CannotTell,
        }
    }

    fn step(alarm: &mut Alarm, letter: char, at: usize) -> char {
        match alarm.step(verdict(letter), 2, minute(at)) {
            Some(Signal::Fire { .. }) => 'F',
            Some(Signal::Resolve { .. }) => 'R',
            None => '-',
        }
    }

    fn told(seen: &str) -> String {
        let mut alarm = Alarm::default();
        seen.chars().enumerate().map(|(at, letter)| step(&mut alarm, letter, at)).collect()
    }

    #[test]
    fn it_fires_once_and_resolves_once() {
        for (seen, expected) in [
            ("!!!", "F--"),
            ("....", "----"),
            ("!..!..", "F-RF-R"),
            ("!.!.!..", "F-----R"),
            ("!.~..", "F---R"),
            ("!.?.", "F--R"),
            ("!????", "F----"),
            ("~~!", "--F"),
            ("?.~", "---"),
        ] {
            assert_eq!(told(seen), expected, "{seen}");
        }
    }

    #[test]
    fn it_says_since_when_and_why() {
        let mut alarm = Alarm::default();
        let fire = alarm.step(verdict('!'), 3, minute(7));
        assert_eq!(fire, Some(Signal::Fire { reason: "down".to_owned() }));
        assert_eq!(alarm.open_since, Some(minute(7)));
        assert_eq!(alarm.step(verdict('.'), 3, minute(8)), None);
        assert_eq!(alarm.step(verdict('.'), 3, minute(9)), None);
        let reason = "it has not held for 3 observations in a row".to_owned();
        assert_eq!(alarm.step(verdict('.'), 3, minute(10)), Some(Signal::Resolve { reason }));
        assert_eq!(alarm, Alarm::default());
        let mut open = Alarm::restored(Some(minute(1)));
        let reason = "it no longer holds".to_owned();
        assert_eq!(open.step(verdict('.'), 0, minute(2)), Some(Signal::Resolve { reason }));
    }

    proptest! {
        #[test]
        fn signals_alternate_and_open_says_which_is_next(seen in "[!~.?]{0,40}") {
            let mut alarm = Alarm::default();
            let mut open = false;
            for (at, letter) in seen.chars().enumerate() {
                match step(&mut alarm, letter, at) {
                    'F' => prop_assert!(!std::mem::replace(&mut open, true)),
                    'R' => prop_assert!(std::mem::replace(&mut open, false)),
                    _ => {}
                }
                prop_assert_eq!(alarm.open_since.is_some(), open);
            }
        }

        #[test]
        fn a_restart_fires_nothing_twice(before in "[!~.?]{0,20}", after in "[!~.?]{0,20}") {
            let mut alarm = Alarm::default();
            for (at, letter) in before.chars().enumerate() {
                step(&mut alarm, letter, at);
            }
            let mut restored = Alarm::restored(alarm.open_since);
            let first = |alarm: &mut Alarm| -> Option<char> {
                after.chars().map(|letter| step(alarm, letter, 99)).find(|told| *told != '-')
            };
            let (told, told_anew) = (first(&mut alarm), first(&mut restored));
            // Rest begins anew, so a resolution may come later; nothing else differs.
            prop_assert!(told == told_anew || told == Some('R') && told_anew.is_none(), "{:?} {:?}", told, told_anew);
        }
    }
}
