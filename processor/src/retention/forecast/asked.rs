//! What has to be asked for a forecast, and how its answers are read: [`TABLES`], then [`Tables::pace`]; the disk by itself
//! ([`DISK`]), because it takes rights that who reads the tables may not have.
//!
//! Every answer is rows of texts, so that no format of ClickHouse's has a say in how numbers look.

use super::{DAY, Disk, Found, Site, Size, number, window};

/// Sizes, the first event's time and the server's clock: one row for [`Tables::read`]. Takes what reading the tables takes.
pub const TABLES: &str = "SELECT toString(toUnixTimestamp64Milli(now64(3))), \
    (SELECT toString(toUnixTimestamp64Milli(min(received_at))) FROM events), \
    toString(sumIf(ifNull(total_rows, 0), name = 'events')), toString(sumIf(ifNull(total_bytes, 0), name = 'events')), \
    toString(sumIf(ifNull(total_rows, 0), name = 'ledger')), toString(sumIf(ifNull(total_bytes, 0), name = 'ledger')) \
    FROM system.tables WHERE database = currentDatabase() AND name IN ('events', 'ledger')";

/// The disk with the least room of those that the tables are on: one row for [`Disk::read`]. Takes [`RIGHTS`].
pub const DISK: &str = "SELECT toString(count()), toString(min(free_space)), toString(argMin(total_space, free_space)) \
    FROM system.disks WHERE name IN \
    (SELECT disk_name FROM system.parts WHERE active AND database = currentDatabase() AND table IN ('events', 'ledger'))";

/// The tables that [`DISK`] reads beside those of the database. A server usually lets nobody read them unasked.
pub const RIGHTS: [&str; 2] = ["system.parts", "system.disks"];

/// An answer is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ClickHouse's answer about {what} is not what was asked for: {answer:?}")]
pub struct Unreadable {
    what: &'static str,
    answer: Vec<String>,
}

/// What [`TABLES`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tables {
    /// The server's clock, ms since 1970.
    pub now: i64,
    /// When the first event was received, ms since 1970; 0: none.
    pub first: i64,
    /// The table `events`.
    pub events: Size,
    /// The table `ledger`.
    pub ledger: Size,
}

impl Tables {
    /// Reads the answer.
    ///
    /// # Errors
    /// It is another one.
    pub fn read(rows: &[Vec<String>]) -> Result<Self, Unreadable> {
        let [now, first, sizes @ ..] = one::<6>("the tables", rows)?;
        let size = |at: usize| Size {
            rows: sizes[at].unsigned_abs(),
            bytes: sizes[at + 1].unsigned_abs(),
        };
        let (events, ledger) = (size(0), size(2));
        Ok(Self {
            now,
            first,
            events,
            ledger,
        })
    }

    /// The next question: how much there is of each site, and how much of it came in the days that say what a day is. Reads
    /// two columns of all events.
    #[must_use]
    pub fn pace(&self) -> String {
        let (from, until) = window(self.first, self.now);
        let came = |column: &str| {
            format!(
                "toString(countIf({column} >= fromUnixTimestamp64Milli(toInt64({from}), 'UTC') \
                 AND {column} < fromUnixTimestamp64Milli(toInt64({until}), 'UTC')))"
            )
        };
        format!(
            "SELECT 'site', toString(site), toString(count()), toString(toUnixTimestamp64Milli(min(received_at))), {} FROM events GROUP BY site \
             UNION ALL SELECT 'ledger', '', toString(count()), '0', {} FROM ledger",
            came("received_at"),
            came("at")
        )
    }

    /// Both answers together.
    ///
    /// # Errors
    /// The second one is another.
    pub fn found(&self, pace: &[Vec<String>]) -> Result<Found, Unreadable> {
        let (from, until) = window(self.first, self.now);
        let days = days(until - from);
        let mut found = Found {
            events: self.events,
            ledger: self.ledger,
            is_measured: days > 0.0,
            ..Found::default()
        };
        for row in pace {
            let unreadable = || Unreadable {
                what: "the sites",
                answer: row.clone(),
            };
            let [of, key, figures @ ..] = &**row else {
                return Err(unreadable());
            };
            let [rows, first, came] = numbers(figures).ok_or_else(unreadable)?;
            let per_day = if days > 0.0 {
                number(came.unsigned_abs()) / days
            } else {
                0.0
            };
            if of == "ledger" {
                found.entries_per_day = per_day;
                continue;
            }
            found.sites.push(Site {
                key: key.clone(),
                rows: rows.unsigned_abs(),
                age: self::days(self.now - first),
                per_day,
            });
        }
        found.sites.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(found)
    }
}

impl Disk {
    /// Reads the answer to [`DISK`]; nothing where no disk is in use yet, or none with an end (an object store).
    ///
    /// # Errors
    /// It is another one.
    pub fn read(rows: &[Vec<String>]) -> Result<Option<Self>, Unreadable> {
        let [disks, free, total] = one::<3>("the disk", rows)?;
        // A store without an end says so by the largest number there is.
        let has_end = free < i64::MAX && total > 0;
        Ok((disks > 0 && has_end).then(|| Self {
            free: free.unsigned_abs(),
            total: total.unsigned_abs(),
        }))
    }
}

/// The numbers of the only row.
fn one<const N: usize>(what: &'static str, rows: &[Vec<String>]) -> Result<[i64; N], Unreadable> {
    let only = match rows {
        [row] => numbers(row),
        _ => None,
    };
    only.ok_or_else(|| Unreadable {
        what,
        answer: rows.concat(),
    })
}

fn numbers<const N: usize>(texts: &[String]) -> Option<[i64; N]> {
    let read = |text: &String| {
        let read: i128 = text.parse().ok()?;
        // Only what has no end is larger.
        Some(i64::try_from(read).unwrap_or(i64::MAX))
    };
    let numbers: Option<Vec<i64>> = texts.iter().map(read).collect();
    numbers?.try_into().ok()
}

/// Of milliseconds.
fn days(span: i64) -> f64 {
    number(span.max(0).unsigned_abs()) / number(DAY.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::super::{DAY, Disk, Site, Size};
    use super::Tables;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        let texts = |row: &&[&str]| row.iter().map(ToString::to_string).collect();
        rows.iter().map(texts).collect()
    }

    #[test]
    fn answers_become_what_was_found() {
        let (now, first) = (20 * DAY + DAY / 2, 10 * DAY);
        let answer = [
            now.to_string(),
            first.to_string(),
            "600".into(),
            "6000".into(),
            "7".into(),
            "70".into(),
        ];
        let tables = Tables::read(&[answer.to_vec()]).unwrap();
        assert_eq!(
            (tables.events, tables.ledger),
            (
                Size {
                    rows: 600,
                    bytes: 6_000
                },
                Size { rows: 7, bytes: 70 }
            )
        );
        let said = format!("toInt64({})", 13 * DAY);
        assert!(tables.pace().contains(&said), "{}", tables.pace());
        let first = first.to_string();
        let found = tables
            .found(&rows(&[
                &["ledger", "", "7", "0", "14"],
                &["site", "shop", "400", &first, "70"],
                &["site", "blog", "200", &first, "0"],
            ]))
            .unwrap();
        let site = |key: &str, rows, per_day| Site {
            key: key.to_owned(),
            rows,
            age: 10.5,
            per_day,
        };
        assert_eq!(found.sites, [site("blog", 200, 0.0), site("shop", 400, 10.0)]);
        assert!(
            found.is_measured && (found.entries_per_day - 2.0).abs() < 1e-9,
            "{found:?}"
        );
    }

    #[test]
    fn a_store_without_an_end_is_no_disk_and_anything_else_is_said() {
        let disk = |texts: &[&str]| Disk::read(&rows(&[texts]));
        assert_eq!(disk(&["1", "5", "9"]), Ok(Some(Disk { free: 5, total: 9 })));
        assert_eq!(
            disk(&["1", "18446744073709551615", "18446744073709551615"]),
            Ok(None)
        );
        assert_eq!(disk(&["0", "0", "0"]), Ok(None));
        let said = disk(&["1", "much", "9"]).unwrap_err().to_string();
        assert!(said.contains("about the disk") && said.contains("much"), "{said}");
        assert!(Tables::read(&[]).is_err());
    }
}
