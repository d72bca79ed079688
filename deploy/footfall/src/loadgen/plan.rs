//! What to send and when: the arguments made precise.

use crate::cli::LoadgenArgs;
use crate::config::value::Value as _;
use anyhow::{Result, bail};
use std::ops::RangeInclusive;
use std::time::Duration;

/// When a run ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Until {
    /// After so many events.
    Events(u64),
    /// After so long.
    Elapsed(Duration),
}

/// One run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Events per second; none: as fast as the answers come.
    pub rate: Option<f64>,
    /// When it ends.
    pub until: Until,
    /// Events per request.
    pub batch: RangeInclusive<usize>,
    /// Visitors on the site at the same time.
    pub visitors: usize,
    /// Seed of the journeys.
    pub seed: u64,
    /// How it is sent.
    pub sending: Sending,
}

/// How events are sent, whoever makes them.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    /// Connections.
    pub concurrency: usize,
    /// Whether bodies are compressed.
    pub gzip: bool,
    /// How often a request is sent again when its answer is missing, 429 or 503.
    pub retries: u32,
}

impl Plan {
    /// Checks the arguments.
    ///
    /// # Errors
    /// The first argument that makes no sense, and what would.
    pub fn new(args: &LoadgenArgs) -> Result<Self> {
        if !args.rate.is_finite() || args.rate < 0.0 {
            bail!(
                "--rate {}: write events per second, or 0 for as fast as possible",
                args.rate
            );
        }
        let until = match args.events {
            Some(events) => Until::Events(events),
            None => Until::Elapsed(duration("--duration", &args.duration)?),
        };
        Ok(Self {
            rate: (args.rate > 0.0).then_some(args.rate),
            until,
            batch: batch(&args.batch)?,
            visitors: args.visitors,
            seed: args.seed,
            sending: Sending {
                concurrency: args.concurrency.clamp(1, 4096),
                gzip: args.gzip,
                retries: args.retries,
            },
        })
    }

    /// Whether a run of that duration has made enough. What was due in it is sent even when the answers are slow, but a
    /// Footfall that hangs does not hold the run for longer than as much again.
    #[must_use]
    pub fn is_over(&self, duration: Duration, made: u64, elapsed: Duration) -> bool {
        match self.rate {
            Some(_) => self.due(made) >= duration || elapsed >= duration * 2,
            None => elapsed >= duration,
        }
    }

    /// When the event of that number is due, from the start of the run.
    #[must_use]
    pub fn due(&self, number: u64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 events")]
        self.rate.map_or(Duration::ZERO, |rate| {
            Duration::from_secs_f64(number as f64 / rate)
        })
    }
}

/// A duration argument.
pub(crate) fn duration(flag: &str, text: &str) -> Result<Duration> {
    <Duration as crate::config::value::Value>::parse(text)
        .map_err(|why| anyhow::anyhow!("{flag} `{text}` {why}: write {}", Duration::EXAMPLE))
}

fn batch(text: &str) -> Result<RangeInclusive<usize>> {
    let (least, most) = text.split_once("..").unwrap_or((text, text));
    let limit = footfall_schemas::limits::BATCH_EVENTS;
    match (least.parse(), most.trim_start_matches('=').parse()) {
        (Ok(least), Ok(most)) if (1..=most).contains(&least) && most <= limit => Ok(least..=most),
        _ => bail!("--batch `{text}`: write a number or a range such as 1..50, at most {limit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{batch, duration};

    #[test]
    fn a_batch_is_a_number_or_a_range() {
        assert_eq!(batch("1").unwrap(), 1..=1);
        assert_eq!(batch("1..50").unwrap(), 1..=50);
        assert_eq!(batch("2..=3").unwrap(), 2..=3);
        for bad in ["0", "5..2", "1..501", "x", ""] {
            assert!(batch(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wrong_duration_says_how_to_write_one() {
        assert!(
            duration("--duration", "5")
                .unwrap_err()
                .to_string()
                .contains("`5s`")
        );
    }
}
