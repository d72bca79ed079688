//! Late duplicates: the same event id under two numbers, missed because the first had left the memory of the processor.

use super::{AuditError, LateDuplicate, ask};
use clickhouse::{Client, Row};
use footfall_delivery::Numbers;
use serde::Deserialize;
use std::fmt::Write;
use uuid::Uuid;

/// Event ids that are compared at once: about 50 MB in the server.
const SLICE: u64 = 500_000;
/// Ids of one question.
const IDS: usize = 1_000;

#[derive(Row, Deserialize, Clone, Copy, PartialEq, Eq)]
struct Place {
    #[serde(with = "clickhouse::serde::uuid")]
    event_id: Uuid,
    #[serde(with = "clickhouse::serde::uuid")]
    log_id: Uuid,
    log_seq: u64,
}

/// Rows, inside or outside of `numbers`, whose event is in the table under an earlier number too, as far as one of the
/// two is in `numbers` and both were received since `since`.
pub(super) async fn find(
    client: &Client,
    numbers: Numbers,
    since: i64,
) -> Result<Vec<LateDuplicate>, AuditError> {
    let mut found: Vec<LateDuplicate> = Vec::new();
    let mut first = numbers.first;
    while first <= numbers.last {
        let last = first.saturating_add(SLICE - 1).min(numbers.last);
        for ids in suspicious(
            client,
            Numbers {
                first,
                last,
                ..numbers
            },
            since,
        )
        .await?
        .chunks(IDS)
        {
            for late in later_ones(places(client, ids, since).await?) {
                if !found.contains(&late) {
                    found.push(late);
                }
            }
        }
        let Some(next) = last.checked_add(1) else { break };
        first = next;
    }
    Ok(found)
}

/// Event ids of a slice with more than one row. The same number twice is no duplicate but doubled: sorted out later.
async fn suspicious(client: &Client, slice: Numbers, since: i64) -> Result<Vec<Uuid>, AuditError> {
    #[derive(Row, Deserialize)]
    struct Id {
        #[serde(with = "clickhouse::serde::uuid")]
        event_id: Uuid,
    }
    // Ids that say nothing (nil, all ones) are not the same event.
    let sql = format!(
        "SELECT event_id FROM events WHERE received_at >= fromUnixTimestamp64Milli({since}) AND event_id IN \
         (SELECT event_id FROM events WHERE log_id = '{}' AND log_seq BETWEEN {} AND {}) \
         AND event_id NOT IN ('00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff') \
         GROUP BY event_id HAVING count() > 1",
        slice.log_id, slice.first, slice.last
    );
    let ids = ask("find late duplicates", client.query(&sql).fetch_all::<Id>()).await?;
    Ok(ids.into_iter().map(|id| id.event_id).collect())
}

/// Where these ids are, first come first.
async fn places(client: &Client, ids: &[Uuid], since: i64) -> Result<Vec<Place>, AuditError> {
    let mut list = String::with_capacity(ids.len() * 40);
    for id in ids {
        let _ = write!(list, "'{id}',");
    }
    let sql = format!(
        "SELECT event_id, log_id, log_seq FROM events WHERE received_at >= fromUnixTimestamp64Milli({since}) \
         AND event_id IN ({}) GROUP BY event_id, log_id, log_seq ORDER BY event_id, min(received_at), log_id, log_seq",
        list.trim_end_matches(',')
    );
    ask("place late duplicates", client.query(&sql).fetch_all::<Place>()).await
}

/// All but the first of each id; `places` are sorted by id and age.
fn later_ones(places: Vec<Place>) -> Vec<LateDuplicate> {
    let mut late = Vec::new();
    for same in places.chunk_by(|a, b| a.event_id == b.event_id) {
        let Some((first, rest)) = same.split_first() else {
            continue;
        };
        late.extend(rest.iter().map(|place| LateDuplicate {
            event_id: place.event_id,
            log_id: place.log_id,
            log_seq: place.log_seq,
            of_log_id: first.log_id,
            of_log_seq: first.log_seq,
        }));
    }
    late
}
