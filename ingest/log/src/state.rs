//! How the log is: the state that readiness and 503 answers are made of, and the figures behind it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::queue::lock;

/// Whether new entries are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Appends are acknowledged.
    Ready,
    /// Appends are acknowledged, but 80 % of the quota is used.
    Degraded(String),
    /// New entries are refused: quota, free-disk floor, or no room for a segment. Reading and marks go on.
    Full(String),
    /// The disk refuses writes or fsyncs; the log tries again with back-off.
    Unavailable(String),
    /// Closed, or closing.
    Closed,
}

/// A log that is asked for its health.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Last durable number of the current log.
    pub durable: u64,
    /// Records appended and durable since the start, marks included.
    pub appended: u64,
    /// Groups written since the start.
    pub groups: u64,
    /// Bytes of records on disk, all logs.
    pub disk_bytes: u64,
    /// `disk_bytes` over the quota; 1.0 = full.
    pub quota_share: f64,
    /// Bytes and calls that wait for the writer.
    pub queued: (usize, usize),
    /// Logs and segments in the folder.
    pub logs: usize,
    /// Segments in the folder.
    pub segments: usize,
    /// fdatasync of groups: median and maximum since the start. The median is exact to 1/8 of its power of two.
    pub fsync_p50: Duration,
    /// The slowest one.
    pub fsync_max: Duration,
    /// Segments given up after a failed write or fsync.
    pub poisoned: u64,
    /// Numbers that were found unreadable since the start, at recovery or by a reader.
    pub quarantined: u64,
    /// Torn tails that were cut at recovery.
    pub torn_tails: u64,
    /// Numbers known to have been durable that recovery could not read.
    pub acked_lost: u64,
    /// Every registered cursor.
    pub cursors: Vec<CursorStats>,
}

/// How much room there is, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes of records on disk, all logs of the folder.
    pub used: u64,
    /// Most bytes that they may be.
    pub quota: u64,
    /// Most bytes that may wait for the disk.
    pub queue: u64,
    /// Number of the oldest record of the current log that is still there.
    pub oldest: u64,
}

/// How far one cursor is behind, by its saved position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorStats {
    /// Its name.
    pub name: String,
    /// Numbers that it has not passed.
    pub records: u64,
    /// Their bytes; estimated within a segment.
    pub bytes: u64,
    /// Age of the oldest of them; zero when it has passed everything.
    pub age: Duration,
}

/// The figures that are only ever counted up.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) appended: AtomicU64,
    pub(crate) groups: AtomicU64,
    pub(crate) poisoned: AtomicU64,
    pub(crate) quarantined: AtomicU64,
    pub(crate) torn_tails: AtomicU64,
    pub(crate) acked_lost: AtomicU64,
    pub(crate) fsync: Mutex<Histogram>,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, n: u64) {
        counter.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn fsync_took(&self, took: Duration) {
        lock(&self.fsync).add(took);
    }
}

/// Durations in eighths of powers of two of nanoseconds.
pub(crate) struct Histogram {
    counts: [u64; 512],
    total: u64,
    pub(crate) max: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram {
            counts: [0; 512],
            total: 0,
            max: Duration::ZERO,
        }
    }
}

impl Histogram {
    fn add(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(8);
        let power = nanos.ilog2();
        let eighth = (nanos >> (power - 3)) & 7;
        if let Some(count) = self.counts.get_mut(power as usize * 8 + eighth as usize) {
            *count += 1;
        }
        self.total += 1;
        self.max = self.max.max(took);
    }

    pub(crate) fn median(&self) -> Duration {
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen * 2 >= self.total && self.total > 0 {
                let (power, eighth) = (index as u64 / 8, index as u64 % 8);
                return Duration::from_nanos((8 + eighth) << power.saturating_sub(3));
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_within_an_eighth() {
        let mut histogram = Histogram::default();
        for micros in [100, 200, 240, 300, 9000] {
            histogram.add(Duration::from_micros(micros));
        }
        let median = histogram.median().as_micros();
        assert!((210..=240).contains(&median), "{median}");
        assert_eq!(histogram.max, Duration::from_millis(9));
    }
}
