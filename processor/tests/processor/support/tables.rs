//! Our tables in a server, and what stands in them.

use super::engine::DATABASE;
use clickhouse::{Client, Row};
use footfall_processor::Server;
use serde::Deserialize;
use std::collections::BTreeMap;
use uuid::Uuid;

pub async fn create(server: &Server) {
    footfall_tables::migrate(&server.client(), DATABASE, &mut |_| {})
        .await
        .unwrap();
}

/// One number as either table has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Row, Deserialize)]
pub struct Fate {
    pub seq: u64,
    /// `row`, or the ledger's reason.
    pub fate: String,
    #[serde(with = "clickhouse::serde::uuid")]
    pub event_id: Uuid,
}

/// Every row of both tables for a log, sorted by number.
pub async fn fates(client: &Client, log_id: Uuid) -> Vec<Fate> {
    let sql = format!(
        "SELECT log_seq AS seq, 'row' AS fate, event_id FROM events WHERE log_id = '{log_id}' \
         UNION ALL SELECT arrayJoin(range(first_seq, last_seq + 1)) AS seq, toString(reason) AS fate, event_id \
         FROM ledger WHERE log_id = '{log_id}'"
    );
    let mut fates = client.query(&sql).fetch_all::<Fate>().await.unwrap();
    fates.sort();
    fates
}

pub async fn count(client: &Client, table: &str) -> u64 {
    client
        .query(&format!("SELECT count() FROM {table}"))
        .fetch_one::<u64>()
        .await
        .unwrap()
}

/// How many numbers have each fate.
pub async fn tally(client: &Client, log_id: Uuid) -> BTreeMap<String, u64> {
    let mut tally = BTreeMap::new();
    for fate in fates(client, log_id).await {
        *tally.entry(fate.fate).or_default() += 1;
    }
    tally
}

/// Each number of `1..=last` must be in the tables exactly once.
pub async fn assert_books(client: &Client, log_id: Uuid, last: u64) {
    let numbers: Vec<u64> = fates(client, log_id)
        .await
        .into_iter()
        .map(|fate| fate.seq)
        .collect();
    let expected: Vec<u64> = (1..=last).collect();
    let (missing, extra) = differences(&expected, &numbers);
    assert!(
        missing.is_empty() && extra.is_empty(),
        "missing {missing:?}, doubled or unknown {extra:?}"
    );
}

fn differences(expected: &[u64], found: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let missing = expected
        .iter()
        .filter(|number| found.binary_search(number).is_err())
        .copied()
        .collect();
    let mut extra: Vec<u64> = found
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
        .collect();
    extra.extend(
        found
            .iter()
            .filter(|number| expected.binary_search(number).is_err()),
    );
    (missing, extra)
}
