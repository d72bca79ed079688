//! How fast the tables grow, how large they will be, and whether their disk has room for that: from what is there.
//!
//! A day's growth is the rows of the last complete days (at most [`DAYS`] of them) times the bytes that a row takes now. A site
//! whose events expire stops growing when it has as many days as it keeps.

use crate::clickhouse::Access;
use anyhow::{Context as _, Result};
use footfall_processor::retention::{Days, Policy};

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
    /// Rows of events a day, by site.
    pub per_day: Vec<(String, f64)>,
    /// Entries of the ledger a day.
    pub entries_per_day: f64,
    /// Free bytes of the disk that the tables are on.
    pub free: u64,
}

/// A table on its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Rows.
    pub rows: u64,
    /// Bytes, compressed.
    pub bytes: u64,
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
    /// Bytes that `events` grows a day, before anything of it expires.
    #[must_use]
    pub fn events_per_day(&self) -> u64 {
        let rows: f64 = self.per_day.iter().map(|(_, rows)| rows).sum();
        bytes(rows * self.events.per_row())
    }

    /// Bytes that `ledger` grows a day.
    #[must_use]
    pub fn ledger_per_day(&self) -> u64 {
        bytes(self.entries_per_day * self.ledger.per_row())
    }

    /// Bytes of both tables in so many days.
    #[must_use]
    pub fn after(&self, days: u32, policy: &Policy) -> u64 {
        let ahead = f64::from(days);
        let growing = |kept: Days, per_day: f64| match kept {
            // What is of today goes with the days before it.
            Some(kept) => per_day * ahead.min(f64::from(kept) + 1.0),
            None => per_day * ahead,
        };
        let kept = |site: &str| policy.sites.get(site).unwrap_or(&policy.default).events;
        let new: f64 = (self.per_day.iter())
            .map(|(site, per_day)| growing(kept(site), *per_day))
            .sum();
        // Of what is there now a share has expired by then: as much as came on as many days, where there is that much.
        let gone: f64 = (self.per_day.iter())
            .filter_map(|(site, per_day)| Some(per_day * (ahead - f64::from(kept(site)?) - 1.0).max(0.0)))
            .sum();
        let old = (number(self.events.rows) - gone.min(self.expiring(policy))).max(0.0);
        bytes((old + new) * self.events.per_row())
            + self.ledger.bytes
            + bytes(ahead * number(self.ledger_per_day()))
    }

    /// Rows that are there of sites whose events expire, as far as the last days say whose they are.
    fn expiring(&self, policy: &Policy) -> f64 {
        let kept = |site: &str| policy.sites.get(site).unwrap_or(&policy.default).events;
        let all: f64 = self.per_day.iter().map(|(_, rows)| rows).sum();
        let expiring = self.per_day.iter().filter(|(site, _)| kept(site).is_some());
        let some: f64 = expiring.map(|(_, rows)| rows).sum();
        if all > 0.0 {
            number(self.events.rows) * some / all
        } else {
            0.0
        }
    }

    /// In how many days the disk is full, if it will be within `within`.
    #[must_use]
    pub fn full_in(&self, within: u32, policy: &Policy) -> Option<u32> {
        let now = self.events.bytes + self.ledger.bytes;
        (1..=within).find(|days| self.after(*days, policy).saturating_sub(now) > self.free)
    }
}

/// Asks. `now`: instead of the server's clock, ms since 1970.
///
/// # Errors
/// ClickHouse refuses, or does not answer.
pub async fn find(access: &Access, now: Option<i64>) -> Result<Found> {
    let now = match now {
        Some(now) => now,
        None => one(access, "SELECT toUnixTimestamp64Milli(now64(3))").await?,
    };
    let first = one(
        access,
        "SELECT toUnixTimestamp64Milli(min(received_at)) FROM events",
    )
    .await?;
    let (from, until) = window(first, now);
    let days = f64::from(u32::try_from(until - from).unwrap_or(u32::MAX)) / f64::from(u32::try_from(DAY)?);
    let between = |column: &str| {
        format!(
            "{column} >= fromUnixTimestamp64Milli(toInt64({from}), 'UTC') AND {column} < fromUnixTimestamp64Milli(toInt64({until}), 'UTC')"
        )
    };
    let per_day = |rows: f64| if days > 0.0 { rows / days } else { 0.0 };
    let sites = format!(
        "SELECT toString(site), count() FROM events WHERE {} GROUP BY site ORDER BY site",
        between("received_at")
    );
    let sites = access.text(&sites, &[]).await?;
    let sites = sites.lines().map(|line| {
        let (site, rows) = line.split_once('\t').context("read the rows of a site")?;
        anyhow::Ok((site.to_owned(), per_day(rows.parse()?)))
    });
    let entries = format!("SELECT count() FROM ledger WHERE {}", between("at"));
    let entries: f64 = access.text(&entries, &[]).await?.trim().parse()?;
    Ok(Found {
        events: size(access, "events").await?,
        ledger: size(access, "ledger").await?,
        per_day: sites.collect::<Result<_>>()?,
        entries_per_day: per_day(entries),
        free: one(access, FREE).await?.try_into().unwrap_or(0),
    })
}

/// Of the disk with the least room among those that the tables are on.
const FREE: &str = "SELECT toInt64(min(free_space)) FROM system.disks WHERE name IN \
    (SELECT disk_name FROM system.parts WHERE active AND database = currentDatabase() AND table IN ('events', 'ledger'))";

async fn one(access: &Access, sql: &str) -> Result<i64> {
    let answer = access.text(sql, &[]).await?;
    answer
        .trim()
        .parse()
        .with_context(|| format!("`{sql}` is answered `{answer}`"))
}

async fn size(access: &Access, table: &str) -> Result<Size> {
    let of = |what: &str| {
        format!(
            "SELECT toInt64(sum({what})) FROM system.parts WHERE active AND database = currentDatabase() AND table = '{table}'"
        )
    };
    Ok(Size {
        rows: one(access, &of("rows")).await?.try_into()?,
        bytes: one(access, &of("bytes_on_disk")).await?.try_into()?,
    })
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
    use super::{DAY, Found, Size, window};
    use footfall_processor::retention::{Policy, Terms};

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

    /// 10 days of 100 rows each, half of them of the shop, 80 bytes a row.
    fn found() -> Found {
        Found {
            events: Size {
                rows: 1_000,
                bytes: 80_000,
            },
            ledger: Size { rows: 10, bytes: 200 },
            per_day: vec![("blog".to_owned(), 50.0), ("shop".to_owned(), 50.0)],
            entries_per_day: 1.0,
            free: 100_000,
        }
    }

    #[test]
    fn what_is_kept_for_ever_grows_and_what_expires_stops() {
        let found = found();
        assert_eq!((found.events_per_day(), found.ledger_per_day()), (8_000, 20));
        assert_eq!(found.after(10, &policy(None, None)), 160_000 + 400);
        // The shop keeps nine days and the one of today: ten came, ten have gone.
        assert_eq!(
            found.after(30, &policy(None, Some(9))),
            (2_000 + 500) * 80 + 200 + 600
        );
        assert_eq!(
            found.after(365, &policy(Some(9), Some(9))),
            1_000 * 80 + 200 + 7_300
        );
    }

    #[test]
    fn a_disk_is_full_when_what_comes_no_longer_fits() {
        let found = found();
        assert_eq!(found.full_in(365, &policy(None, None)), Some(13));
        assert_eq!(found.full_in(12, &policy(None, None)), None);
        assert_eq!(found.full_in(365, &policy(Some(9), Some(9))), None);
    }
}
