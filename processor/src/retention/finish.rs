//! What a run that was cut off has left: rows whose numbers have expired already. Their entries are found by their rows, and
//! these are deleted by number, because by now the days that are kept may be others.

use super::{RetentionError, ask, order, ranges};
use clickhouse::{Client, Row};
use serde::Deserialize;
use uuid::Uuid;

/// Entries that one statement names.
const ENTRIES: usize = 500;

/// An entry `expired` that has rows, and how many.
#[derive(Row, Deserialize)]
struct Left {
    #[serde(with = "clickhouse::serde::uuid")]
    log_id: Uuid,
    first: u64,
    last: u64,
    rows: u64,
}

/// Deletes rows that have expired in the ledger; says how many there were.
pub(super) async fn finish(client: &Client) -> Result<u64, RetentionError> {
    // Only rows in blocks of numbers of which some have expired are compared with the entries.
    let sql = format!(
        "SELECT entries.log_id AS log_id, entries.first_seq AS first, entries.reach AS last, count() AS rows FROM \
         (SELECT log_id, log_seq FROM events WHERE (log_id, intDiv(log_seq, 65536)) IN \
          (SELECT log_id, arrayJoin(range(intDiv(first_seq, 65536), intDiv(last_seq, 65536) + 1)) FROM ledger \
           WHERE reason = 'expired')) AS of \
         ASOF JOIN ({}) AS entries ON of.log_id = entries.log_id AND of.log_seq >= entries.first_seq \
         WHERE of.log_seq <= entries.reach GROUP BY log_id, first, last ORDER BY log_id, first",
        ranges("1")
    );
    let left = ask(
        "look for rows that have expired in the ledger",
        client.query(&sql).fetch_all::<Left>(),
    )
    .await?;
    for some in left.chunks(ENTRIES) {
        let numbers: Vec<_> = some
            .iter()
            .map(|one| {
                format!(
                    "(log_id = '{}' AND log_seq BETWEEN {} AND {})",
                    one.log_id, one.first, one.last
                )
            })
            .collect();
        let sql = format!(
            "ALTER TABLE events DELETE WHERE {} SETTINGS mutations_sync = 1",
            numbers.join(" OR ")
        );
        order(client, "delete rows that have expired in the ledger", &sql).await?;
    }
    Ok(left.iter().map(|one| one.rows).sum())
}
