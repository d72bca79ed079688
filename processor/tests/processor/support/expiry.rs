//! What expires in these tests, and what is asked of the tables then.

use super::event::{full, json, now_ms};
use super::log::Log;
use clickhouse::Client;
use footfall_processor::Server;
use footfall_processor::retention::{Order, Policy, Report, Terms, run};
use std::collections::BTreeMap;
use uuid::Uuid;

pub const DAY: i64 = 24 * 3_600_000;

/// 30 days, of the site `short` 7, of `long` for ever; addresses for 3.
pub fn policy() -> Policy {
    let terms = |events| Terms {
        events,
        addresses: Some(3),
    };
    Policy {
        default: terms(Some(30)),
        sites: [
            ("short".to_owned(), terms(Some(7))),
            ("long".to_owned(), terms(None)),
        ]
        .into(),
        payloads: Some(5),
    }
}

/// Received so many days ago.
pub fn append(log: &Log, site: &'static str, days: i64) -> u64 {
    let mut event = full(log.last());
    let at = now_ms() - days * DAY;
    event.site = site.into();
    event.ip = "203.0.113.7".into();
    (event.received_at, event.time) = (at, at);
    log.append(json(&event), at)
}

pub async fn once(server: &Server, order: Order) -> Report {
    run(server, &policy(), order).await.unwrap()
}

/// By what the view says, at this moment.
pub async fn assert_balanced(client: &Client, numbers: u64) {
    let sql = "SELECT sum(acknowledged), sum(rows + ledger), sum(missing), sum(doubled) FROM books";
    let books = client
        .query(sql)
        .fetch_one::<(u64, u64, u64, u64)>()
        .await
        .unwrap();
    assert_eq!(books, (numbers, numbers, 0, 0));
}

pub async fn by_site(client: &Client, condition: &str) -> BTreeMap<String, u64> {
    let sql = format!("SELECT toString(site), count() FROM events WHERE {condition} GROUP BY site");
    client
        .query(&sql)
        .fetch_all::<(String, u64)>()
        .await
        .unwrap()
        .into_iter()
        .collect()
}

pub fn counts(list: &[(&str, u64)]) -> BTreeMap<String, u64> {
    list.iter()
        .map(|(site, rows)| ((*site).to_owned(), *rows))
        .collect()
}

/// Fates of these numbers, whose rows stay: what a run leaves that dies between its two steps.
pub async fn cut_off(client: &Client, log_id: Uuid, ranges: &[(u64, u64)]) {
    for (first, last) in ranges {
        let sql = format!(
            "INSERT INTO ledger (log_id, first_seq, last_seq, reason, detail, at, insert_deadline) \
             SELECT '{log_id}', {first}, {last}, 'expired', 'cut off', now64(3), now64(3) + 60"
        );
        client.query(&sql).execute().await.unwrap();
    }
}
