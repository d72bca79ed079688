//! A site's rate limit: a token bucket of events.

use crate::sites::RateLimit;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The tokens of one site.
pub(crate) struct Bucket {
    level: Mutex<Option<(f64, Instant)>>,
}

impl Bucket {
    pub(crate) const fn new() -> Self {
        Self {
            level: Mutex::new(None),
        }
    }

    /// Takes `events` tokens. A batch larger than what is there passes if the bucket is full, and is paid off later.
    ///
    /// # Errors
    /// How long to wait until the same request would pass.
    pub(crate) fn take(&self, limit: RateLimit, events: usize, now: Instant) -> Result<(), Duration> {
        let rate = f64::from(limit.per_second);
        let full = if limit.burst == 0 {
            rate * 10.0
        } else {
            f64::from(limit.burst)
        };
        let cost = f64::from(u32::try_from(events).unwrap_or(u32::MAX));
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let there = level.map_or(full, |(tokens, then)| {
            (tokens + rate * now.saturating_duration_since(then).as_secs_f64()).min(full)
        });
        let needed = cost.min(full);
        if there < needed {
            *level = Some((there, now));
            return Err(Duration::from_secs_f64((needed - there) / rate));
        }
        *level = Some((there - cost, now));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, RateLimit};
    use std::time::{Duration, Instant};

    #[test]
    fn a_bucket_lets_through_its_rate_and_its_burst() {
        let limit = RateLimit {
            per_second: 10,
            burst: 20,
        };
        let (bucket, start) = (Bucket::new(), Instant::now());
        assert_eq!(bucket.take(limit, 20, start), Ok(()));
        assert_eq!(bucket.take(limit, 1, start), Err(Duration::from_millis(100)));
        assert_eq!(bucket.take(limit, 5, start + Duration::from_millis(500)), Ok(()));
        let later = start + Duration::from_secs(60);
        assert_eq!(
            bucket.take(limit, 50, later),
            Ok(()),
            "a batch above the burst passes when the bucket is full"
        );
        assert_eq!(bucket.take(limit, 1, later), Err(Duration::from_millis(3100)));
    }
}
