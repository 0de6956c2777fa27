//! Which probe is due when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::TimeDelta;

use crate::ground::Time;

/// A clock that is set back by less than this is only corrected: what is due then is due soon anyway.
const CORRECTION: TimeDelta = TimeDelta::seconds(1);

/// The moments at which probes are due, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    due: BinaryHeap<Reverse<(Time, usize)>>,
    looked_at: Option<Time>,
}

impl Agenda {
    /// Notes that a probe is due at a moment.
    pub fn put(&mut self, at: Time, probe: usize) {
        self.due.push(Reverse((at, probe)));
    }

    /// Forgets what was due, and notes this.
    pub fn replace(&mut self, due: impl IntoIterator<Item = (Time, usize)>) {
        self.due = due.into_iter().map(Reverse).collect();
    }

    /// The next moment at which one is due.
    pub fn next(&self) -> Option<Time> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next one that is due by `now`.
    pub fn take(&mut self, now: Time) -> Option<(Time, usize)> {
        (self.next()? <= now).then(|| self.due.pop().map(|Reverse(entry)| entry))?
    }

    /// Whether the clock was set back since this was asked last: then nothing would be due until it has caught up.
    pub fn is_set_back(&mut self, now: Time) -> bool {
        self.looked_at.replace(now).is_some_and(|last| last - now > CORRECTION)
    }
}

#[cfg(test)]
mod tests {
    use super::Agenda;
    use crate::ground::Time;

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_earliest_comes_first_and_nothing_before_its_time() {
        let mut agenda = Agenda::default();
        for (seconds, probe) in [(30, 0), (10, 1), (20, 2)] {
            agenda.put(at(seconds), probe);
        }
        assert_eq!(agenda.next(), Some(at(10)));
        assert_eq!(agenda.take(at(9)), None);
        assert_eq!(agenda.take(at(25)), Some((at(10), 1)));
        assert_eq!(agenda.take(at(25)), Some((at(20), 2)));
        assert_eq!(agenda.take(at(25)), None);
    }

    #[test]
    fn a_clock_that_is_set_back_is_noticed_once() {
        let mut agenda = Agenda::default();
        let noticed = [100, 101, 100, 5000, 40, 41].map(|seconds| agenda.is_set_back(at(seconds)));
        assert_eq!(noticed, [false, false, false, false, true, false]);
    }
}
