//! What the tables have: the greatest number of each log, recent event ids, and whether given numbers are there.

use super::answered;
use clickhouse::error::Error;
use clickhouse::{Client, Row};
use footfall_delivery::ranges::joined_within;
use footfall_delivery::{Answer, Looked, LookedUp, Number, Numbers, RecentId};
use serde::Deserialize;
use std::fmt::Write;
use uuid::Uuid;

/// Numbers closer than this are asked for as one range: an answer may say more than was asked.
const GAP: u64 = 1_000;
/// Ranges of one question.
const RANGES: usize = 200;
/// Event ids of one question: 40 bytes each.
const IDS: usize = 10_000;
/// Enough for [`IDS`]; ClickHouse's own limit is 256 KiB.
const QUERY_BYTES: &str = "1048576";

#[derive(Row, Deserialize)]
struct High {
    #[serde(with = "clickhouse::serde::uuid")]
    log_id: Uuid,
    seq: u64,
}

#[derive(Row, Deserialize)]
struct Id {
    #[serde(with = "clickhouse::serde::uuid")]
    event_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    log_id: Uuid,
    log_seq: u64,
    received: i64,
}

#[derive(Row, Deserialize)]
struct Range {
    #[serde(with = "clickhouse::serde::uuid")]
    log_id: Uuid,
    first: u64,
    last: u64,
}

impl From<Id> for RecentId {
    fn from(id: Id) -> Self {
        let number = Number {
            log_id: id.log_id,
            seq: id.log_seq,
        };
        Self {
            event_id: id.event_id,
            number,
            received_at: id.received,
        }
    }
}

/// Reads both tables, see [`Looked`].
///
/// # Errors
/// [`footfall_delivery::Unanswered`].
pub async fn look(client: &Client, rows_from: i64, ids_from: i64, max_ids: usize) -> Answer<Looked> {
    answered("look", async {
        let mut looked = Looked { highs: highs(client, rows_from).await?, ids: Vec::new() };
        let sql = "SELECT event_id, log_id, log_seq, toUnixTimestamp64Milli(received_at) AS received FROM events \
                   WHERE received_at >= fromUnixTimestamp64Milli(?) ORDER BY received_at DESC LIMIT ?";
        let mut rows = client.query(sql).bind(ids_from).bind(max_ids as u64).fetch::<Id>()?;
        while let Some(id) = rows.next().await? {
            looked.ids.push(id.into());
        }
        looked.ids.reverse();
        Ok(looked)
    })
    .await
}

async fn highs(client: &Client, rows_from: i64) -> Result<Vec<Number>, Error> {
    let sql = "SELECT log_id, max(log_seq) AS seq FROM events WHERE received_at >= fromUnixTimestamp64Milli(?) GROUP BY log_id \
               UNION ALL SELECT log_id, max(last_seq) AS seq FROM ledger GROUP BY log_id";
    let highs = client.query(sql).bind(rows_from).fetch_all::<High>().await?;
    Ok(highs
        .into_iter()
        .map(|high| Number {
            log_id: high.log_id,
            seq: high.seq,
        })
        .collect())
}

/// Reads both tables for these numbers and event ids, see [`LookedUp`]. May say more than was asked.
///
/// # Errors
/// [`footfall_delivery::Unanswered`].
pub async fn look_up(client: &Client, numbers: Vec<Numbers>, event_ids: Vec<Uuid>) -> Answer<LookedUp> {
    answered("look up", async {
        let mut found = LookedUp::default();
        for ranges in joined_within(numbers, GAP).chunks(RANGES) {
            let rows = format!(
                "SELECT log_id, log_seq AS first, log_seq AS last FROM events WHERE {}",
                touching(ranges, "log_seq", "log_seq")
            );
            found.events.extend(ask(client, &rows).await?);
            let ledger = format!(
                "SELECT log_id, first_seq AS first, last_seq AS last FROM ledger WHERE {}",
                touching(ranges, "first_seq", "last_seq")
            );
            found.ledger.extend(ask(client, &ledger).await?);
        }
        for ids in event_ids.chunks(IDS) {
            found.ids.extend(ask_ids(client, ids).await?);
        }
        Ok(found)
    })
    .await
}

async fn ask(client: &Client, sql: &str) -> Result<Vec<Numbers>, Error> {
    let found = client
        .query(sql)
        .with_setting("max_query_size", QUERY_BYTES)
        .fetch_all::<Range>()
        .await?;
    Ok(found
        .into_iter()
        .map(|range| Numbers {
            log_id: range.log_id,
            first: range.first,
            last: range.last,
        })
        .collect())
}

async fn ask_ids(client: &Client, ids: &[Uuid]) -> Result<Vec<RecentId>, Error> {
    let mut list = String::with_capacity(ids.len() * 40);
    for id in ids {
        let _ = write!(list, "'{id}',");
    }
    let sql = format!(
        "SELECT event_id, log_id, log_seq, toUnixTimestamp64Milli(received_at) AS received FROM events WHERE event_id IN ({})",
        list.trim_end_matches(',')
    );
    let found = client
        .query(&sql)
        .with_setting("max_query_size", QUERY_BYTES)
        .fetch_all::<Id>()
        .await?;
    Ok(found.into_iter().map(RecentId::from).collect())
}

fn touching(ranges: &[Numbers], first: &str, last: &str) -> String {
    let one = |range: &Numbers| {
        format!(
            "(log_id = '{}' AND {last} >= {} AND {first} <= {})",
            range.log_id, range.first, range.last
        )
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(" OR ")
}

#[cfg(test)]
mod tests {
    use super::touching;
    use footfall_delivery::Numbers;
    use uuid::Uuid;

    #[test]
    fn a_ledger_range_that_touches_is_found() {
        let range = Numbers {
            log_id: Uuid::from_u128(1),
            first: 5,
            last: 9,
        };
        assert_eq!(
            touching(&[range], "first_seq", "last_seq"),
            "(log_id = '00000000-0000-0000-0000-000000000001' AND last_seq >= 5 AND first_seq <= 9)"
        );
    }
}
