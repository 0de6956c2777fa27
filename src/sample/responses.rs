//! How long answers took: a histogram that others can be added to.

use std::ops::AddAssign;

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2Serializer};

/// The longest answer that is told apart, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// Two digits are exact: a value is at most one percent off.
const DIGITS: u8 = 2;

/// What stands before the counts in HdrHistogram's format V2.
const HEADER: usize = 40;

/// How long answers took, in microseconds: between 1 and an hour, to one percent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Responses(Option<Box<Histogram<u32>>>);

impl Responses {
    /// Adds an answer. What took longer than an hour counts as an hour.
    pub fn record(&mut self, microseconds: u64) {
        if let Some(histogram) = self.histogram() {
            histogram.saturating_record(microseconds.clamp(1, LONGEST));
        }
    }

    /// How many answers there were.
    pub fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |histogram| histogram.len())
    }

    /// The time in which a share of the answers came, in microseconds: 0.95 for the 95th percentile. None without
    /// answers. Whether there are enough of them is for the caller to say.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        self.0.as_ref().map(|histogram| histogram.value_at_quantile(share).min(LONGEST))
    }

    /// The time of the slowest answer in microseconds, to one percent; none without answers.
    pub fn max(&self) -> Option<u64> {
        self.0.as_ref().map(|histogram| histogram.max().min(LONGEST))
    }

    /// How many answers came within some microseconds, to one percent of them.
    pub fn count_within(&self, microseconds: u64) -> u64 {
        self.0.as_ref().map_or(0, |histogram| histogram.count_between(0, microseconds.min(LONGEST)))
    }

    /// In HdrHistogram's format V2; none without answers.
    pub(super) fn to_bytes(&self) -> Option<Vec<u8>> {
        let histogram = self.0.as_ref()?;
        let mut bytes = Vec::new();
        V2Serializer::new().serialize(histogram.as_ref(), &mut bytes).ok()?;
        Some(bytes)
    }

    /// From HdrHistogram's format V2; none when the bytes are not in it.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        // A length that is not true would be believed, and as much memory taken.
        let length = bytes.get(4..8)?.try_into().map(u32::from_be_bytes).ok()?;
        if usize::try_from(length).ok()? != bytes.len().checked_sub(HEADER)? {
            return None;
        }
        let histogram: Histogram<u32> = Deserializer::new().deserialize(&mut &bytes[..]).ok()?;
        let is_ours = histogram.sigfig() == DIGITS && histogram.high() == LONGEST && !histogram.is_empty();
        is_ours.then(|| Self(Some(Box::new(histogram))))
    }

    fn histogram(&mut self) -> Option<&mut Histogram<u32>> {
        if self.0.is_none() {
            self.0 = Histogram::new_with_bounds(1, LONGEST, DIGITS).ok().map(Box::new);
        }
        self.0.as_deref_mut()
    }
}

impl AddAssign<&Self> for Responses {
    fn add_assign(&mut self, other: &Self) {
        match (&mut self.0, &other.0) {
            (_, None) => {}
            (None, Some(_)) => self.0.clone_from(&other.0),
            // Both have the same bounds, and then there is nothing that could fail.
            (Some(own), Some(other)) => {
                let _ = own.add(other.as_ref());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Responses;

    fn responses(all: impl IntoIterator<Item = u64>) -> Responses {
        let mut responses = Responses::default();
        all.into_iter().for_each(|us| responses.record(us));
        responses
    }

    #[track_caller]
    fn assert_near(seen: Option<u64>, expected: u64) {
        let seen = seen.unwrap();
        assert!(seen >= expected && seen <= expected + expected / 100, "{seen}, not {expected}");
    }

    #[test]
    fn shares_of_answers_are_found() {
        let all = responses(1..=100_000);
        assert_eq!(all.count(), 100_000);
        assert_near(all.quantile(0.5), 50_000);
        assert_near(all.quantile(0.99), 99_000);
        assert_near(all.max(), 100_000);
        assert_near(Some(all.count_within(20_000)), 20_000);
    }

    #[test]
    fn without_answers_nothing_is_said() {
        let none = Responses::default();
        assert_eq!((none.count(), none.quantile(0.5), none.max(), none.count_within(1)), (0, None, None, 0));
        assert_eq!(none.to_bytes(), None);
    }

    #[test]
    fn what_is_out_of_bounds_counts_as_the_bound() {
        let all = responses([0, u64::MAX]);
        assert_eq!((all.count(), all.quantile(0.0), all.max()), (2, Some(1), Some(3_600_000_000)));
        assert_eq!(all.count_within(u64::MAX), 2);
    }

    #[test]
    fn two_add_up() {
        let (low, high) = (responses(1..500), responses(500..1000));
        let mut both = Responses::default();
        for one in [&Responses::default(), &high, &low] {
            both += one;
        }
        assert_eq!(both, responses(1..1000));
    }

    #[test]
    fn they_are_stored_and_read_again() {
        let all = responses([1, 230, 230, 4_711, 59_000_000]);
        let bytes = all.to_bytes().unwrap();
        assert_eq!(Responses::from_bytes(&bytes), Some(all));
        for wrong in [&[][..], &bytes[..39], &bytes[..bytes.len() - 1], &[0; 40], &[0xff; 64]] {
            assert_eq!(Responses::from_bytes(wrong), None);
        }
    }
}
