//! Rows an hour or some at a time, so that no statement names more numbers than the server has room for.

use super::{RetentionError, ask};
use clickhouse::{Client, Row};
use serde::Deserialize;

/// Rows that one statement deletes: it names their numbers, 64 bytes each in the server, and rewrites their month's parts.
pub(super) const DELETED: u64 = 4_000_000;

/// Rows that expire and were received in one hour, or some hours one after the other.
#[derive(Debug, Clone, Copy, Row, Deserialize)]
pub(super) struct Hour {
    /// `toYYYYMM`: the partition.
    pub(super) month: u32,
    /// Its beginning and its end, ms since 1970.
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) rows: u64,
}

impl Hour {
    /// Received then, as a condition.
    pub(super) fn condition(self) -> String {
        format!(
            "received_at >= fromUnixTimestamp64Milli(toInt64({}), 'UTC') AND received_at < fromUnixTimestamp64Milli(toInt64({}), 'UTC')",
            self.from, self.to
        )
    }
}

/// The hours of the rows of `table`, or of a question in brackets, for which the condition holds.
///
/// # Errors
/// No answer.
pub(super) async fn of(client: &Client, table: &str, condition: &str) -> Result<Vec<Hour>, RetentionError> {
    let sql = format!(
        "SELECT toYYYYMM(received_at) AS month, toInt64(toUnixTimestamp(toStartOfHour(received_at))) * 1000 AS from, \
         from + 3600000 AS to, count() AS rows FROM {table} WHERE {condition} GROUP BY month, from ORDER BY month, from"
    );
    ask("find what has expired", client.query(&sql).fetch_all::<Hour>()).await
}

/// Hours one after the other that have so many rows together. An hour is never cut.
pub(super) fn joined<'a>(hours: impl IntoIterator<Item = &'a Hour>, rows: u64) -> Vec<Hour> {
    let mut joined: Vec<Hour> = Vec::new();
    for hour in hours {
        match joined.last_mut() {
            Some(last) if last.rows + hour.rows <= rows => {
                last.to = hour.to;
                last.rows += hour.rows;
            }
            _ => joined.push(*hour),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::{Hour, joined};

    #[test]
    fn hours_are_taken_together_as_long_as_they_are_small() {
        let hour = |from, rows| Hour {
            month: 202_601,
            from,
            to: from + 1,
            rows,
        };
        let hours = [hour(0, 10), hour(1, 90), hour(2, 1), hour(5, 200)];
        let found = joined(&hours, 100);
        let found: Vec<_> = found.iter().map(|one| (one.from, one.to, one.rows)).collect();
        assert_eq!(found, [(0, 2, 100), (2, 3, 1), (5, 6, 200)]);
    }
}
