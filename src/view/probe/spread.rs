//! How numbers are spread: percentiles, and when there are too few for one.

use serde::Serialize;

use super::words::{figure, millis};
use crate::percentile::Summary;
use crate::percentile::needed;

/// The percentiles that are told.
const PERCENTILES: [u8; 3] = [50, 95, 99];

/// How times are spread, in milliseconds; null where there are too few to tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Spread {
    /// How many there are.
    pub n: u64,
    /// The shortest.
    pub min: Option<f64>,
    /// Half are at most this.
    pub p50: Option<f64>,
    /// 95 of 100 are at most this.
    pub p95: Option<f64>,
    /// 99 of 100 are at most this.
    pub p99: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
}

impl Spread {
    /// How these microseconds are spread.
    pub fn of(micros: &[u64]) -> Self {
        let Some(told) = Summary::of(micros) else { return Self::default() };
        Self {
            n: told.n as u64,
            min: Some(millis(told.min)),
            p50: told.p50.map(millis),
            p95: told.p95.map(millis),
            p99: told.p99.map(millis),
            max: Some(millis(told.max)),
        }
    }

    /// What a histogram tells: how many times there are, and how long by share (0.95), in microseconds. Percentiles for
    /// which there are too few are left out.
    pub fn told(n: u64, by_share: impl Fn(f64) -> Option<u64>) -> Self {
        let ms = |share: f64| by_share(share).filter(|_| n > 0).map(millis);
        let [p50, p95, p99] =
            PERCENTILES.map(|percent| if n < needs(percent) { None } else { ms(f64::from(percent) / 100.0) });
        Self { n, min: ms(0.0), p50, p95, p99, max: ms(1.0) }
    }

    /// Which percentiles so few samples do not tell: `p99 needs 100 samples`. Nothing is said where there are none.
    pub fn too_few(&self) -> Vec<String> {
        let untold = PERCENTILES.into_iter().filter(|percent| (1..needs(*percent)).contains(&self.n));
        untold.map(|percent| format!("p{percent} needs {} samples", needs(percent))).collect()
    }

    /// Its numbers, as cells of a table.
    pub(super) fn cells(&self) -> [String; 5] {
        [self.min, self.p50, self.p95, self.p99, self.max].map(|ms| ms.map_or_else(|| "-".to_owned(), figure))
    }
}

fn needs(percent: u8) -> u64 {
    needed(percent) as u64
}

#[cfg(test)]
mod tests {
    use super::Spread;

    fn spread(n: u64) -> Spread {
        Spread::of(&(1..=n).rev().map(|ms| ms * 1000).collect::<Vec<_>>())
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let all = spread(200);
        assert_eq!([all.min, all.p50, all.p95, all.p99, all.max], [1.0, 100.0, 190.0, 198.0, 200.0].map(Some));
        assert_eq!(all.too_few(), [""; 0]);
    }

    #[test]
    fn a_histogram_is_asked_only_for_what_it_can_tell() {
        let by_share = |share: f64| Some(if share < 0.99 { 1500 } else { 9000 });
        let told = Spread::told(20, by_share);
        assert_eq!(
            [told.min, told.p50, told.p95, told.p99, told.max],
            [Some(1.5), Some(1.5), Some(1.5), None, Some(9.0)]
        );
        assert_eq!(Spread::told(0, by_share), Spread::default());
    }

    #[test]
    fn too_few_samples_tell_no_percentile() {
        assert_eq!((spread(19).p95, spread(20).p95), (None, Some(19.0)));
        assert_eq!((spread(99).p99, spread(100).p99), (None, Some(99.0)));
        assert_eq!(spread(19).too_few(), ["p95 needs 20 samples", "p99 needs 100 samples"]);
        assert_eq!((spread(1).p50, spread(1).max), (None, Some(1.0)));
        assert_eq!((spread(0), spread(0).too_few()), (Spread::default(), vec![]));
    }
}
