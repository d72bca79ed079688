//! Rate limits: a token bucket of events for a site, and one for each address that sends to it.

use crate::sites::RateLimit;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Addresses of one site that are remembered at once, 32 bytes each. Beyond it those that have been quiet are forgotten,
/// then all: a limit that fails lets through.
const MOST_ADDRESSES: usize = 65_536;

/// Tokens and when they were counted; none yet: full.
type Level = Option<(f64, Instant)>;

/// The tokens of one site.
pub(crate) struct Bucket {
    level: Mutex<Level>,
}

/// The tokens of each address, in memory only.
#[derive(Default)]
pub(crate) struct Buckets {
    levels: Mutex<HashMap<u64, Level>>,
}

impl Buckets {
    /// As [`Bucket::take`], for one address.
    ///
    /// # Errors
    /// How long to wait until the same request would pass.
    pub(crate) fn take(
        &self,
        limit: RateLimit,
        ip: IpAddr,
        events: usize,
        now: Instant,
    ) -> Result<(), Duration> {
        let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        let key = key(ip);
        if levels.len() >= MOST_ADDRESSES && !levels.contains_key(&key) {
            levels.retain(|_, level| tokens(*level, limit, now) < full(limit));
            if levels.len() >= MOST_ADDRESSES {
                levels.clear();
            }
        }
        take(levels.entry(key).or_default(), limit, events, now)
    }
}

/// An IPv4 address, or the /64 of an IPv6 one: whoever has one IPv6 address has as many as they like.
fn key(ip: IpAddr) -> u64 {
    match ip {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => u64::try_from(v6.to_bits() >> 64).unwrap_or(u64::MAX),
    }
}

fn full(limit: RateLimit) -> f64 {
    if limit.burst == 0 {
        f64::from(limit.per_second) * 10.0
    } else {
        f64::from(limit.burst)
    }
}

fn tokens(level: Level, limit: RateLimit, now: Instant) -> f64 {
    let rate = f64::from(limit.per_second);
    level.map_or(full(limit), |(tokens, then)| {
        (tokens + rate * now.saturating_duration_since(then).as_secs_f64()).min(full(limit))
    })
}

fn take(level: &mut Level, limit: RateLimit, events: usize, now: Instant) -> Result<(), Duration> {
    let cost = f64::from(u32::try_from(events).unwrap_or(u32::MAX));
    let there = tokens(*level, limit, now);
    let needed = cost.min(full(limit));
    if there < needed {
        *level = Some((there, now));
        return Err(Duration::from_secs_f64(
            (needed - there) / f64::from(limit.per_second),
        ));
    }
    *level = Some((there - cost, now));
    Ok(())
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
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        take(&mut level, limit, events, now)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, Buckets, MOST_ADDRESSES, RateLimit};
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::{Duration, Instant};

    #[test]
    fn each_address_has_a_bucket_of_its_own_and_memory_is_bounded() {
        let limit = RateLimit {
            per_second: 1,
            burst: 1,
        };
        let (buckets, start) = (Buckets::default(), Instant::now());
        let take = |ip: &str| buckets.take(limit, ip.parse().unwrap(), 1, start);
        assert_eq!(take("203.0.113.7"), Ok(()));
        assert_eq!(take("203.0.113.7"), Err(Duration::from_secs(1)));
        assert_eq!(take("203.0.113.8"), Ok(()));
        assert_eq!(take("2001:db8:1:2::1"), Ok(()));
        assert!(take("2001:db8:1:2:ffff::9").is_err(), "the same /64");
        for n in 0..u32::try_from(MOST_ADDRESSES).unwrap() * 2 {
            let ip = IpAddr::V4(Ipv4Addr::from_bits(0x0A00_0000 + n));
            buckets.take(limit, ip, 1, start).unwrap();
        }
        assert!(buckets.levels.lock().unwrap().len() <= MOST_ADDRESSES);
    }

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
