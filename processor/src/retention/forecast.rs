//! How fast the tables grow, how large they will be, and whether their disk has room for that: from what is there and for how
//! long it is kept. Pure; [`asked`] are the questions whose answers it is made of, which who asks sends his own way.
//!
//! A day's growth is the rows of the last complete days (at most [`DAYS`] of them) times the bytes that a row takes now. A site
//! whose events expire stops growing when it has as many days as it keeps; what is there of it counts as spread evenly over
//! the time since its first event.

pub mod asked;

use super::policy::{Days, Policy};

/// Milliseconds of a day.
const DAY: i64 = 24 * 3_600_000;
/// Complete days that say how much a day is.
pub const DAYS: i64 = 7;
/// Less than this of a first day says nothing yet, ms.
const ENOUGH: i64 = 3_600_000;

/// What is there, as ClickHouse says it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The table `events`.
    pub events: Size,
    /// The table `ledger`.
    pub ledger: Size,
    /// The sites that have events.
    pub sites: Vec<Site>,
    /// Entries of the ledger a day.
    pub entries_per_day: f64,
    /// Whether there was enough time to say what a day is; if not, nothing grows.
    pub is_measured: bool,
}

/// A table on its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Rows.
    pub rows: u64,
    /// Bytes, compressed.
    pub bytes: u64,
}

/// What `events` has of a site.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Site {
    /// Its key.
    pub key: String,
    /// Rows.
    pub rows: u64,
    /// Age of the oldest of them, days.
    pub age: f64,
    /// Rows a day.
    pub per_day: f64,
}

/// Of the disk with the least room among those that the tables are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// Free bytes.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
}

impl Size {
    fn per_row(self) -> f64 {
        if self.rows == 0 {
            0.0
        } else {
            number(self.bytes) / number(self.rows)
        }
    }
}

impl Site {
    /// Rows in so many days, at least one, where they are kept for `kept`.
    fn after(&self, days: f64, kept: Days) -> f64 {
        let rows = number(self.rows);
        let Some(kept) = kept else {
            return rows + self.per_day * days;
        };
        // What is of today goes with the days before it.
        let kept = f64::from(kept) + 1.0;
        let left = ((kept - days) / self.age.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        rows * left + self.per_day * days.min(kept)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a forecast has three digits")]
fn number(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is too large or below nothing is the largest, or nothing"
)]
fn bytes(number: f64) -> u64 {
    number.round() as u64
}

impl Found {
    /// Bytes of both tables now.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.events.bytes + self.ledger.bytes
    }

    /// Rows that `events` gets a day.
    #[must_use]
    pub fn rows_per_day(&self) -> f64 {
        self.sites.iter().map(|site| site.per_day).sum()
    }

    /// Bytes that `events` grows a day, before anything of it expires.
    #[must_use]
    pub fn events_per_day(&self) -> u64 {
        bytes(self.rows_per_day() * self.events.per_row())
    }

    /// Bytes that `ledger` grows a day.
    #[must_use]
    pub fn ledger_per_day(&self) -> u64 {
        bytes(self.entries_per_day * self.ledger.per_row())
    }

    /// Bytes of both tables in so many days.
    #[must_use]
    pub fn after(&self, days: u32, policy: &Policy) -> u64 {
        if days == 0 {
            return self.bytes();
        }
        let ahead = f64::from(days);
        let kept = |site: &str| policy.sites.get(site).unwrap_or(&policy.default).events;
        let rows: f64 = (self.sites.iter())
            .map(|site| site.after(ahead, kept(&site.key)))
            .sum();
        bytes(rows * self.events.per_row()) + self.ledger.bytes + bytes(ahead * number(self.ledger_per_day()))
    }

    /// Bytes that will have expired in so many days, of what is there now and of what comes.
    #[must_use]
    pub fn expired(&self, days: u32, policy: &Policy) -> u64 {
        let for_ever = self.after(days, &Policy::default());
        for_ever.saturating_sub(self.after(days, policy))
    }

    /// In how many days the disk is full, if it will be within `within`.
    #[must_use]
    pub fn full_in(&self, disk: Disk, within: u32, policy: &Policy) -> Option<u32> {
        (1..=within).find(|days| self.after(*days, policy).saturating_sub(self.bytes()) > disk.free)
    }
}

/// The time whose rows say what a day is: whole days, or as much as there is of the first one. Empty: too little.
fn window(first: i64, now: i64) -> (i64, i64) {
    if first <= 0 || first >= now {
        return (now, now);
    }
    let today = now.div_euclid(DAY) * DAY;
    // A first day counts if next to nothing of it lies before the first event.
    let begin = (first - ENOUGH).div_euclid(DAY) * DAY + DAY;
    let begin = begin.max(today - DAYS * DAY);
    if begin < today {
        (begin, today)
    } else if now - first >= ENOUGH {
        (first, now)
    } else {
        (now, now)
    }
}

#[cfg(test)]
mod tests {
    use super::super::policy::{Policy, Terms};
    use super::{DAY, Disk, Found, Site, Size, window};

    const HOUR: i64 = DAY / 24;

    #[test]
    fn whole_days_say_what_a_day_is_and_of_the_first_one_what_there_is() {
        let now = 100 * DAY + 10 * HOUR;
        assert_eq!(window(50 * DAY, now), (93 * DAY, 100 * DAY));
        assert_eq!(window(98 * DAY + 5 * HOUR, now), (99 * DAY, 100 * DAY));
        assert_eq!(window(99 * DAY + 1, now), (99 * DAY, 100 * DAY));
        assert_eq!(window(99 * DAY + 5 * HOUR, now), (99 * DAY + 5 * HOUR, now));
        assert_eq!(window(now - HOUR / 2, now), (now, now));
        assert_eq!(window(0, now), (now, now));
    }

    fn policy(default: Option<u32>, shop: Option<u32>) -> Policy {
        let terms = |events| Terms {
            events,
            addresses: None,
        };
        Policy {
            default: terms(default),
            sites: [("shop".to_owned(), terms(shop))].into(),
            payloads: None,
        }
    }

    fn site(key: &str, rows: u64, age: f64, per_day: f64) -> Site {
        Site {
            key: key.to_owned(),
            rows,
            age,
            per_day,
        }
    }

    const DISK: Disk = Disk {
        free: 100_000,
        total: 1_000_000,
    };

    /// 10 days of 100 rows each, half of them of the shop, 80 bytes a row.
    fn found() -> Found {
        Found {
            events: Size {
                rows: 1_000,
                bytes: 80_000,
            },
            ledger: Size { rows: 10, bytes: 200 },
            sites: vec![site("blog", 500, 10.0, 50.0), site("shop", 500, 10.0, 50.0)],
            entries_per_day: 1.0,
            is_measured: true,
        }
    }

    #[test]
    fn what_is_kept_for_ever_grows_and_what_expires_stops() {
        let found = found();
        assert_eq!((found.events_per_day(), found.ledger_per_day()), (8_000, 20));
        assert_eq!(found.after(10, &policy(None, None)), 160_000 + 400);
        // The shop keeps nine days and the one of today: ten came, ten have gone.
        let shop = policy(None, Some(9));
        assert_eq!(found.after(30, &shop), (2_000 + 500) * 80 + 200 + 600);
        assert_eq!(found.expired(30, &shop), 30 * 50 * 80);
        assert_eq!(
            found.after(365, &policy(Some(9), Some(9))),
            1_000 * 80 + 200 + 7_300
        );
    }

    #[test]
    fn a_site_that_has_as_many_days_as_it_keeps_stays_as_large_as_it_is() {
        let found = found();
        let both = policy(Some(9), Some(9));
        for days in [0, 1, 5, 10, 15, 20, 365] {
            let ledger = 200 + u64::from(days) * 20;
            assert_eq!(found.after(days, &both), 80_000 + ledger, "{days} days");
            assert_eq!(found.expired(days, &both), u64::from(days) * 8_000, "{days} days");
        }
    }

    #[test]
    fn a_site_that_has_less_grows_until_then_and_one_that_has_more_shrinks_at_once() {
        let found = found();
        let rows = |days, policy: &Policy| (found.after(days, policy) - 200 - u64::from(days) * 20) / 80;
        let long = policy(Some(19), Some(19));
        assert_eq!(
            [1, 10, 20, 30].map(|days| rows(days, &long)),
            [1_100, 2_000, 2_000, 2_000]
        );
        // Five days stay of ten; of these one goes and another comes.
        let short = policy(Some(4), Some(4));
        assert_eq!([1, 4, 30].map(|days| rows(days, &short)), [500, 500, 500]);
    }

    #[test]
    fn a_site_that_has_gone_silent_is_gone_in_the_end() {
        let mut found = found();
        found.sites = vec![site("shop", 1_000, 10.0, 0.0)];
        found.entries_per_day = 0.0;
        let kept = policy(None, Some(19));
        assert_eq!(
            [10, 15, 20].map(|days| found.after(days, &kept)),
            [80_200, 40_200, 200]
        );
    }

    #[test]
    fn a_disk_is_full_when_what_comes_no_longer_fits() {
        let found = found();
        assert_eq!(found.full_in(DISK, 365, &policy(None, None)), Some(13));
        assert_eq!(found.full_in(DISK, 12, &policy(None, None)), None);
        assert_eq!(found.full_in(DISK, 365, &policy(Some(9), Some(9))), None);
    }
}
