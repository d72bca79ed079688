//! Counting: cheap sums first, and only where they do not add up the numbers themselves.

use super::{AuditError, LogReport, Scope, ask, duplicates};
use crate::retention;
use clickhouse::{Client, Row};
use footfall_delivery::Numbers;
use footfall_delivery::ranges::{joined, without};
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

/// Numbers that a report lists; the rest is found by the next audit.
const LISTED: usize = 10_000;

#[derive(Row, Deserialize)]
struct Counts {
    all: u64,
    distinct: u64,
}

#[derive(Row, Deserialize)]
struct Range {
    first: u64,
    last: u64,
}

/// Every log that a mark has closed, from 1: a mark closes its own log up to itself, and says where the one before ended.
pub(super) async fn closed_by_marks(client: &Client, grace: Duration) -> Result<Vec<Numbers>, AuditError> {
    #[derive(Row, Deserialize)]
    struct Log {
        #[serde(with = "clickhouse::serde::uuid")]
        log_id: Uuid,
        last: u64,
    }
    let sql = "WITH marks AS (SELECT log_id, last_seq, detail FROM ledger WHERE reason = 'mark' AND at <= now64(3) - toIntervalMillisecond(?)) \
               SELECT id AS log_id, max(seq) AS last FROM ( \
                   SELECT log_id AS id, last_seq AS seq FROM marks UNION ALL \
                   SELECT toUUIDOrZero(JSONExtractString(detail, 'previous', 'log')) AS id, \
                          JSONExtractUInt(detail, 'previous', 'through') AS seq FROM marks WHERE JSONHas(detail, 'previous')) \
               WHERE id != toUUID('00000000-0000-0000-0000-000000000000') AND seq > 0 GROUP BY id ORDER BY id";
    let millis = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
    let logs = ask(
        "list the closed logs",
        client.query(sql).bind(millis).fetch_all::<Log>(),
    )
    .await?;
    Ok(logs
        .into_iter()
        .map(|log| Numbers {
            log_id: log.log_id,
            first: 1,
            last: log.last,
        })
        .collect())
}

/// Audits one range.
pub(super) async fn find(client: &Client, scope: &Scope) -> Result<LogReport, AuditError> {
    let numbers = scope.numbers;
    let counts = count(client, numbers).await?;
    let entries = ledger(client, numbers, "reason NOT IN ('erased', 'expired')").await?;
    let listed = joined(entries.clone());
    let sum = |ranges: &[Numbers]| ranges.iter().map(Numbers::count).sum::<u64>();
    let extra_entries = sum(&entries) - sum(&listed);
    // These may follow any fate, so they double none.
    let erased = ledger(client, numbers, "reason = 'erased'").await?;
    let expired = ledger(client, numbers, "reason = 'expired'").await?;
    let has_expired = !expired.is_empty();
    let listed = sum(&joined(listed.into_iter().chain(erased).chain(expired).collect()));
    let mut report = LogReport {
        numbers,
        rows: counts.distinct,
        ledger: listed,
        missing: Vec::new(),
        doubled: Vec::new(),
        extra: counts.all - counts.distinct + extra_entries,
        both: Vec::new(),
        late_duplicates: Vec::new(),
    };
    if extra_entries > 0 {
        report.doubled.extend(overlapping(entries));
    }
    if counts.all != counts.distinct {
        report.doubled.extend(doubled(client, numbers).await?);
    }
    // One too few here and one too many there add up: the sums alone prove nothing once a number is in both tables.
    report.both = both(client, numbers).await?;
    let expiring = if has_expired {
        expiring(client, numbers).await?
    } else {
        0
    };
    if counts.distinct + listed != numbers.count() + report.both.len() as u64 + expiring {
        // Retention goes on meanwhile: a fate is written before its row is deleted, so the rows are looked at first.
        let islands = islands(client, numbers).await?;
        let listed = ledger(client, numbers, "true").await?;
        report.missing = without(numbers, &joined(islands.into_iter().chain(listed).collect()));
        report.missing.truncate(LISTED);
    }
    if let Some(since) = scope.duplicates_since {
        report.late_duplicates = duplicates::find(client, numbers, since).await?;
    }
    Ok(report)
}

fn within(numbers: Numbers) -> String {
    format!(
        "log_id = '{}' AND log_seq BETWEEN {} AND {}",
        numbers.log_id, numbers.first, numbers.last
    )
}

async fn count(client: &Client, numbers: Numbers) -> Result<Counts, AuditError> {
    let sql = format!(
        "SELECT count() AS all, uniqExact(log_seq) AS distinct FROM events WHERE {}",
        within(numbers)
    );
    ask("count the rows", client.query(&sql).fetch_one::<Counts>()).await
}

/// The ledger's ranges with such a reason, cut to the asked one, sorted.
async fn ledger(client: &Client, numbers: Numbers, reason: &str) -> Result<Vec<Numbers>, AuditError> {
    let Numbers { log_id, first, last } = numbers;
    let sql = format!(
        "SELECT greatest(first_seq, {first}) AS first, least(last_seq, {last}) AS last FROM ledger \
         WHERE log_id = '{log_id}' AND last_seq >= {first} AND first_seq <= {last} AND {reason} ORDER BY first, last"
    );
    let found = ask("read the ledger", client.query(&sql).fetch_all::<Range>()).await?;
    Ok(of_log(log_id, found))
}

async fn doubled(client: &Client, numbers: Numbers) -> Result<Vec<u64>, AuditError> {
    let sql = format!(
        "SELECT log_seq FROM events WHERE {} GROUP BY log_seq HAVING count() > 1 ORDER BY log_seq LIMIT {LISTED}",
        within(numbers)
    );
    ask("find doubled numbers", client.query(&sql).fetch_all::<u64>()).await
}

/// Numbers that are in both tables. Ledger ranges of more than one number are of lost records; those of expired ones do not
/// count: their rows are being deleted, or will be with the next run of retention.
async fn both(client: &Client, numbers: Numbers) -> Result<Vec<u64>, AuditError> {
    let Numbers { log_id, first, last } = numbers;
    let entries = format!(
        "SELECT arrayJoin(range(greatest(first_seq, {first}), least(last_seq, {last}) + 1)) FROM ledger \
         WHERE log_id = '{log_id}' AND last_seq >= {first} AND first_seq <= {last} AND reason != 'expired'"
    );
    let sql = format!(
        "SELECT DISTINCT log_seq FROM events WHERE {} AND log_seq IN ({entries}) ORDER BY log_seq LIMIT {LISTED}",
        within(numbers)
    );
    ask(
        "find numbers in both tables",
        client.query(&sql).fetch_all::<u64>(),
    )
    .await
}

/// How many numbers have expired while their rows are still there: after a run of retention that was cut off, or a restore.
async fn expiring(client: &Client, numbers: Numbers) -> Result<u64, AuditError> {
    let sql = format!(
        "SELECT uniqExact(log_seq) FROM (SELECT log_id, log_seq FROM events WHERE {}) AS rows \
         ASOF JOIN ({}) AS expired ON rows.log_id = expired.log_id AND rows.log_seq >= expired.first_seq \
         WHERE log_seq <= reach",
        within(numbers),
        retention::ranges(&format!("log_id = '{}'", numbers.log_id))
    );
    ask(
        "count rows that have expired",
        client.query(&sql).fetch_one::<u64>(),
    )
    .await
}

/// Unbroken runs of numbers in `events`.
async fn islands(client: &Client, numbers: Numbers) -> Result<Vec<Numbers>, AuditError> {
    let sql = format!(
        "SELECT min(s) AS first, max(s) AS last FROM (SELECT s, s - row_number() OVER (ORDER BY s) AS island \
         FROM (SELECT DISTINCT log_seq AS s FROM events WHERE {})) GROUP BY island",
        within(numbers)
    );
    let found = ask("find missing numbers", client.query(&sql).fetch_all::<Range>()).await?;
    Ok(of_log(numbers.log_id, found))
}

fn of_log(log_id: Uuid, ranges: Vec<Range>) -> Vec<Numbers> {
    let numbers = |Range { first, last }| Numbers { log_id, first, last };
    ranges.into_iter().map(numbers).collect()
}

/// Numbers below a missing one that are looked at for when it must have been received.
const NEAR: u64 = 100_000;

/// When rows with numbers shortly below these were received, the latest of them, ms since 1970.
pub(super) async fn received_before(client: &Client, numbers: Numbers) -> Result<Option<i64>, AuditError> {
    let Numbers { log_id, first, .. } = numbers;
    let from = first.saturating_sub(NEAR);
    let sql = format!(
        "SELECT toUnixTimestamp64Milli(max(received_at)) FROM events WHERE log_id = '{log_id}' \
         AND log_seq >= {from} AND log_seq < {first}"
    );
    let at = ask(
        "find when a missing number was received",
        client.query(&sql).fetch_one::<i64>(),
    )
    .await?;
    Ok(Some(at).filter(|at| *at > 0))
}

/// First numbers of sorted ranges that overlap the one before.
fn overlapping(ranges: Vec<Numbers>) -> Vec<u64> {
    let mut end = 0;
    let mut found = Vec::new();
    for range in ranges {
        if range.first <= end && found.len() < LISTED {
            found.push(range.first);
        }
        end = end.max(range.last);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::overlapping;
    use footfall_delivery::Numbers;
    use uuid::Uuid;

    fn ranges(list: &[(u64, u64)]) -> Vec<Numbers> {
        let log_id = Uuid::nil();
        list.iter()
            .map(|&(first, last)| Numbers { log_id, first, last })
            .collect()
    }

    #[test]
    fn entries_that_overlap_are_doubled() {
        assert_eq!(
            overlapping(ranges(&[(1, 1), (1, 1), (3, 9), (5, 5), (10, 10)])),
            [1, 5]
        );
    }
}
