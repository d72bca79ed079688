//! What a run counts, and how it is told.

use super::histogram::Histogram;
use crate::terminal::{Colour, count, paint, seconds};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Counts of one worker, or of all.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Requests by status; 0: no answer.
    pub statuses: BTreeMap<u16, u64>,
    /// Attempts beyond the first.
    pub retried: u64,
    /// Events that were acknowledged.
    pub accepted: u64,
    /// Events that were refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Events without an answer.
    pub unanswered: u64,
    /// Bytes of bodies on the wire.
    pub bytes: u64,
    /// From the moment at which a request was due to its answer.
    pub latency: Histogram,
}

impl Tally {
    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (reason, count) in &other.refused {
            *self.refused.entry(reason.clone()).or_default() += count;
        }
        self.retried += other.retried;
        self.accepted += other.accepted;
        self.unanswered += other.unanswered;
        self.bytes += other.bytes;
        self.latency.merge(&other.latency);
    }

    /// Events that were refused, for any reason.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }

    fn requests(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// One line for the progress.
    #[must_use]
    pub fn line(&self) -> String {
        format!(
            "{} accepted, {} refused, {} unanswered, p50 {}, p99 {}",
            count(self.accepted),
            count(self.refusals()),
            count(self.unanswered),
            fine(self.latency.quantile(0.5)),
            fine(self.latency.quantile(0.99)),
        )
    }

    /// The summary for people. `open` says whether requests had times at which they were due.
    #[must_use]
    pub fn text(&self, elapsed: Duration, open: bool) -> String {
        let mut text = String::new();
        let rate = rate(self.accepted, elapsed);
        let total = format!(
            "{} events accepted in {}: {rate}/s",
            count(self.accepted),
            seconds(elapsed)
        );
        let _ = writeln!(text, "{}", paint(Colour::Bold, total));
        for (reason, number) in &self.refused {
            let _ = writeln!(
                text,
                "  refused      {} {reason}",
                paint(Colour::Red, count(*number))
            );
        }
        if self.unanswered > 0 {
            let _ = writeln!(
                text,
                "  unanswered   {} (they may have been kept)",
                paint(Colour::Yellow, count(self.unanswered))
            );
        }
        let statuses: Vec<_> = self
            .statuses
            .iter()
            .map(|(status, number)| match status {
                0 => format!("{} without an answer", count(*number)),
                status => format!("{} x {status}", count(*number)),
            })
            .collect();
        let _ = writeln!(
            text,
            "  requests     {} ({} sent again)",
            statuses.join(", "),
            count(self.retried)
        );
        let _ = write!(text, "  latency      {}", self.latency_text());
        let _ = write!(
            text,
            "{}",
            if open {
                ", from the moment each was due"
            } else {
                ", closed loop: waits hide in it"
            }
        );
        text
    }

    fn latency_text(&self) -> String {
        [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]
            .into_iter()
            .map(|(name, share)| format!("{name} {}", fine(self.latency.quantile(share))))
            .chain(std::iter::once(format!("max {}", fine(self.latency.max()))))
            .collect::<Vec<_>>()
            .join(" · ")
    }

    /// The summary for machines; times in microseconds.
    #[must_use]
    pub fn json(&self, elapsed: Duration, open: bool) -> serde_json::Value {
        let micros = |share: f64| u64::try_from(self.latency.quantile(share).as_micros()).unwrap_or(u64::MAX);
        json!({
            "accepted": self.accepted,
            "refused": self.refused,
            "unanswered": self.unanswered,
            "requests": self.requests(),
            "statuses": self.statuses,
            "retried": self.retried,
            "body_bytes": self.bytes,
            "elapsed_us": u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
            "latency_us": { "p50": micros(0.5), "p90": micros(0.9), "p99": micros(0.99), "max": micros(1.0) },
            "latency_from": if open { "due" } else { "sent" },
        })
    }
}

fn rate(events: u64, elapsed: Duration) -> String {
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    count(events.saturating_mul(1000) / millis)
}

/// `0.31 ms`, `12.4 ms`, `3.2 s`.
fn fine(duration: Duration) -> String {
    let millis = duration.as_secs_f64() * 1e3;
    match millis {
        ..10.0 => format!("{millis:.2} ms"),
        ..1000.0 => format!("{millis:.1} ms"),
        _ => format!("{:.1} s", millis / 1e3),
    }
}
