//! Latencies in logarithmic buckets: constant memory however long the run, 1.6 % error.

use std::time::Duration;

/// Buckets per doubling.
const SUB: usize = 64;
/// 2^40 µs is twelve days.
const DOUBLINGS: usize = 40;

/// A histogram of durations from 1 µs.
#[derive(Debug, Clone)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: vec![0; SUB * DOUBLINGS],
            count: 0,
            max: Duration::ZERO,
        }
    }
}

impl Histogram {
    /// Adds one.
    pub fn add(&mut self, duration: Duration) {
        let at = bucket(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
        if let Some(count) = self.buckets.get_mut(at) {
            *count += 1;
        }
        self.count += 1;
        self.max = self.max.max(duration);
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// The duration that this share (0 to 1) of all does not exceed; zero when there is none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank among counted requests"
        )]
        let rank = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (at, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank.max(1) {
                return Duration::from_micros(upper(at)).min(self.max);
            }
        }
        self.max
    }

    /// The longest.
    #[must_use]
    pub const fn max(&self) -> Duration {
        self.max
    }
}

/// Values below `SUB` have a bucket each; above, each doubling has `SUB`.
fn bucket(micros: u64) -> usize {
    let value = usize::try_from(micros).unwrap_or(usize::MAX);
    if value < SUB {
        return value;
    }
    let doubling = value.ilog2() as usize - SUB.ilog2() as usize;
    ((doubling + 1) * SUB + ((value >> doubling) - SUB)).min(SUB * DOUBLINGS - 1)
}

/// Greatest value of a bucket.
const fn upper(at: usize) -> u64 {
    if at < SUB {
        return at as u64;
    }
    let doubling = at / SUB - 1;
    (((at % SUB + SUB + 1) as u64) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::{Histogram, bucket, upper};
    use std::time::Duration;

    #[test]
    fn every_value_lies_in_its_bucket_within_two_per_cent() {
        for value in (0..2_000).chain((1..40).map(|power| (1_u64 << power) - 1)) {
            let top = upper(bucket(value));
            assert!(
                top >= value && top as f64 <= value as f64 * 1.017 + 1.0,
                "{value} {top}"
            );
        }
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        for micros in 1..=1000 {
            histogram.add(Duration::from_micros(micros));
        }
        let near = |share: f64, micros: u64| {
            let found = histogram.quantile(share).as_micros().abs_diff(u128::from(micros));
            assert!(found <= 16, "{share}: {:?}", histogram.quantile(share));
        };
        near(0.5, 500);
        near(0.99, 990);
        assert_eq!(histogram.quantile(1.0), Duration::from_micros(1000));
        assert_eq!(Histogram::default().quantile(0.5), Duration::ZERO);
    }
}
