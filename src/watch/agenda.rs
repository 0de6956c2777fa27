//! Which probe is due when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::ground::Time;

/// The moments at which probes are due, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    due: BinaryHeap<Reverse<(Time, usize)>>,
}

impl Agenda {
    /// Notes that a probe is due at a moment.
    pub fn put(&mut self, at: Time, probe: usize) {
        self.due.push(Reverse((at, probe)));
    }

    /// The next moment at which one is due.
    pub fn next(&self) -> Option<Time> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next one that is due by `now`.
    pub fn take(&mut self, now: Time) -> Option<(Time, usize)> {
        (self.next()? <= now).then(|| self.due.pop().map(|Reverse(entry)| entry))?
    }
}

#[cfg(test)]
mod tests {
    use super::Agenda;
    use crate::ground::Time;

    #[test]
    fn the_earliest_comes_first_and_nothing_before_its_time() {
        let at = |seconds| Time::from_timestamp(seconds, 0).unwrap();
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
}
