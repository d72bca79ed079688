//! From receipt at the edge to the acknowledged row, as a histogram of our own.
//!
//! Why not the recorder's: it keeps every sample until somebody asks, 16 bytes and a look at the clock for each row.

use super::{BUCKETS, EDGE_TO_ROW};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// What it says; also in the page of all figures.
pub(super) const HELP: &str = "From receipt at the edge to the acknowledged row";

/// Of the process: rows by bucket, the last one above all bounds, and the sum of their milliseconds.
static ROWS: [AtomicU64; BUCKETS.len() + 1] = [const { AtomicU64::new(0) }; BUCKETS.len() + 1];
static MILLIS: AtomicU64 = AtomicU64::new(0);

/// Latencies of one insert.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    rows: [u64; BUCKETS.len() + 1],
    millis: u64,
}

impl Latencies {
    pub(crate) fn add(&mut self, millis: i64) {
        let millis = u64::try_from(millis).unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "latencies are far below 2^53 ms")]
        let seconds = millis as f64 / 1_000.0;
        let bucket = BUCKETS.partition_point(|bound| *bound < seconds);
        if let Some(rows) = self.rows.get_mut(bucket) {
            *rows += 1;
        }
        self.millis += millis;
    }

    pub(crate) fn record(&self) {
        for (all, own) in ROWS.iter().zip(self.rows) {
            all.fetch_add(own, Ordering::Relaxed);
        }
        MILLIS.fetch_add(self.millis, Ordering::Relaxed);
    }
}

/// Adds the histogram in Prometheus' text format.
pub fn render(text: &mut String) {
    let mut below = 0;
    let rows = ROWS.each_ref().map(|rows| rows.load(Ordering::Relaxed));
    // Writing into a string cannot fail.
    _ = writeln!(
        text,
        "# HELP {EDGE_TO_ROW} {HELP}\n# TYPE {EDGE_TO_ROW} histogram"
    );
    for (bound, rows) in BUCKETS.iter().zip(rows) {
        below += rows;
        _ = writeln!(text, "{EDGE_TO_ROW}_bucket{{le=\"{bound}\"}} {below}");
    }
    let all: u64 = rows.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "the text has no 53rd bit to show")]
    let sum = MILLIS.load(Ordering::Relaxed) as f64 / 1_000.0;
    _ = writeln!(
        text,
        "{EDGE_TO_ROW}_bucket{{le=\"+Inf\"}} {all}\n{EDGE_TO_ROW}_sum {sum}\n{EDGE_TO_ROW}_count {all}"
    );
}

#[cfg(test)]
mod tests {
    use super::{Latencies, render};

    #[test]
    fn each_row_counts_in_its_bucket_and_all_above() {
        let mut latencies = Latencies::default();
        for millis in [-3, 5, 6, 999, 700_000] {
            latencies.add(millis);
        }
        latencies.record();
        let mut text = String::new();
        render(&mut text);
        for expected in [
            "le=\"0.005\"} 2\n",
            "le=\"0.01\"} 3\n",
            "le=\"1\"} 4\n",
            "le=\"600\"} 4\n",
            "le=\"+Inf\"} 5\n",
            "_count 5\n",
            "_sum 701.01\n",
        ] {
            assert!(text.contains(expected), "{expected}{text}");
        }
    }
}
