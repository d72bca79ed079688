//! What a run that was cut off has left: rows whose numbers have expired already. They are found by their numbers, because by now
//! the days that are kept may be others. Parts that hold nothing else are dropped, of others
//! the month's are rewritten, once for each few million rows.

use super::hours::{self, DELETED, joined};
use super::{RetentionError, ask, order, ranges, whole};
use clickhouse::{Client, Row};
use serde::Deserialize;

/// A part that has rows whose numbers have expired, and how many.
#[derive(Row, Deserialize)]
struct Part {
    /// `toYYYYMM`: the partition.
    month: u32,
    part: String,
    rows: u64,
}

/// Deletes rows that have expired in the ledger; says how many there were.
pub(super) async fn finish(client: &Client) -> Result<u64, RetentionError> {
    let sql = left(
        "toYYYYMM(of.received_at) AS month, toString(of.part) AS part, count() AS rows",
        "1",
    ) + " GROUP BY month, part ORDER BY month, part";
    let parts = ask(
        "look for rows that have expired in the ledger",
        client.query(&sql).fetch_all::<Part>(),
    )
    .await?;
    for month in parts.chunk_by(|one, next| one.month == next.month) {
        let mut is_done = true;
        for some in month.chunks(whole::AT_ONCE) {
            is_done &= drop_whole(client, some).await?;
        }
        if let Some(Part { month, .. }) = month.first().filter(|_| !is_done) {
            delete(client, *month).await?;
        }
    }
    Ok(parts.iter().map(|part| part.rows).sum())
}

/// Drops those of the parts that have expired altogether; says whether all are gone.
async fn drop_whole(client: &Client, parts: &[Part]) -> Result<bool, RetentionError> {
    let names: Vec<_> = parts.iter().map(|part| part.part.clone()).collect();
    let sql = format!(
        "SELECT toString(_part) AS part, count() FROM events WHERE {} GROUP BY part",
        whole::rows_of(&names)
    );
    let sizes = ask(
        "count the rows of parts",
        client.query(&sql).fetch_all::<(String, u64)>(),
    )
    .await?;
    let mut is_done = true;
    for part in parts {
        let is_whole = (sizes.iter()).any(|(name, rows)| *name == part.part && *rows == part.rows);
        is_done &= is_whole && whole::drop(client, &part.part).await;
    }
    Ok(is_done)
}

/// By their numbers, some hours at a time.
async fn delete(client: &Client, month: u32) -> Result<(), RetentionError> {
    let of_month = format!("toYYYYMM(received_at) = {month}");
    let rest = format!("({})", left("of.received_at AS received_at", &of_month));
    for some in joined(&hours::of(client, &rest, "1").await?, DELETED) {
        let numbers = left("log_id, log_seq", &format!("{of_month} AND {}", some.condition()));
        let sql = format!(
            "ALTER TABLE events DELETE IN PARTITION {month} WHERE (log_id, log_seq) IN ({numbers}) SETTINGS mutations_sync = 1"
        );
        order(client, "delete rows that have expired in the ledger", &sql).await?;
    }
    Ok(())
}

/// A question about rows of `events` whose numbers have expired. Only rows in blocks of numbers of which some have are compared
/// with the entries.
fn left(columns: &str, condition: &str) -> String {
    format!(
        "SELECT {columns} FROM \
         (SELECT _part AS part, received_at, log_id, log_seq FROM events \
          WHERE {condition} AND (log_id, intDiv(log_seq, 65536)) IN \
          (SELECT log_id, arrayJoin(range(intDiv(first_seq, 65536), intDiv(last_seq, 65536) + 1)) FROM ledger \
           WHERE reason = 'expired')) AS of \
         ASOF JOIN ({}) AS entries ON of.log_id = entries.log_id AND of.log_seq >= entries.first_seq \
         WHERE of.log_seq <= entries.reach",
        ranges("1")
    )
}
