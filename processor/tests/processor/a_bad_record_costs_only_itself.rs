//! Poison, newer formats, damage, duplicates: each has its fate, and the rest goes on.

use crate::support::engine::TestEngine;
use crate::support::event::{full, json, now_ms, small};
use crate::support::eventually;
use crate::support::log::Log;
use crate::support::running::{Running, config};
use crate::support::tables::{assert_books, count, tally};
use clickhouse::Row;
use footfall_delivery::Mode;
use footfall_processor::Wiring;
use serde::Deserialize;

#[derive(Row, Deserialize, Debug)]
struct Entry {
    first: u64,
    last: u64,
    reason: String,
    detail: String,
    payload: String,
}

async fn entries(client: &clickhouse::Client) -> Vec<Entry> {
    let sql = "SELECT first_seq AS first, last_seq AS last, toString(reason) AS reason, detail, hex(payload) AS payload FROM ledger ORDER BY first";
    client.query(sql).fetch_all::<Entry>().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_goes_to_the_ledger_with_its_bytes() {
    let engine = TestEngine::start().await;
    let log = Log::new();
    log.append(small(1), now_ms());
    log.append(b"\xff\x00not json".to_vec(), now_ms());
    log.append(b"{\"v\":1}".to_vec(), now_ms());
    log.append(small(2), now_ms());
    log.damage(3, now_ms());
    log.append(small(3), now_ms());
    log.mark(now_ms());
    let running = Running::fenced(&engine.server, &log);
    let client = engine.server.client();
    eventually("the good ones are there", async || {
        count(&client, "events").await == 3
    })
    .await;
    running.stop().await;
    assert_books(&client, log.id, 9).await;
    let found = entries(&client).await;
    let kinds: Vec<_> = found
        .iter()
        .map(|entry| (entry.first, entry.last, entry.reason.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            (2, 2, "unreadable"),
            (3, 3, "unreadable"),
            (5, 7, "lost"),
            (9, 9, "mark")
        ]
    );
    assert_eq!(found[0].payload, "FF006E6F74206A736F6E");
    assert_eq!(found[1].detail, "data error at line 1 column 7");
    assert_eq!(found[2].detail, "flipped byte");
    assert!(found[3].detail.contains("\"through\":8"), "{:?}", found[3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_format_stops_the_partition_until_the_operator_says_so() {
    let engine = TestEngine::start().await;
    let log = Log::new();
    log.append(small(1), now_ms());
    log.append(b"{\"v\":2,\"all\":\"new\"}".to_vec(), now_ms());
    log.append(small(2), now_ms());
    let running = Running::fenced(&engine.server, &log);
    let client = engine.server.client();
    let mut condition = running.control.condition();
    condition
        .wait_for(|condition| condition.why_not.contains("newer format"))
        .await
        .unwrap();
    assert_eq!(
        (count(&client, "events").await, count(&client, "ledger").await),
        (1, 0)
    );
    running.stop().await;
    assert_eq!(log.committed().unwrap().0, 1);

    let mut skipping = config(Mode::Fenced, &engine.server);
    skipping.skip_unknown_version = true;
    let running = Running::start(skipping, Wiring::new(engine.server.clone()), &log);
    eventually("the rest is there", async || count(&client, "events").await == 2).await;
    running.stop().await;
    let found = entries(&client).await;
    assert_eq!(
        (found[0].reason.as_str(), found[0].detail.as_str()),
        ("unknown_version", "format 2")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_again_is_a_duplicate() {
    let engine = TestEngine::start().await;
    let (log, event, other) = (Log::new(), full(1), full(2));
    let client = engine.server.client();
    // Twice in one round, once more in a later round, and once after a restart.
    for again in 0..3 {
        let running = Running::fenced(&engine.server, &log);
        log.append(json(&event), now_ms());
        log.append(json(&event), now_ms());
        log.append(json(&other), now_ms());
        let last = log.last();
        eventually("all have a fate", async || {
            count(&client, "events").await + count(&client, "ledger").await == last
        })
        .await;
        if again == 1 {
            running.drop_dead().await;
        } else {
            running.stop().await;
        }
    }
    assert_books(&client, log.id, 9).await;
    assert_eq!(
        tally(&client, log.id).await,
        [("duplicate".to_owned(), 7), ("row".to_owned(), 2)].into()
    );
    let found = entries(&client).await;
    assert_eq!(found[0].detail, format!("first as {} 1", log.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_was_retried_is_looked_up_beyond_the_memory() {
    let engine = TestEngine::start().await;
    let (log, mut event) = (Log::new(), full(1));
    let client = engine.server.client();
    let mut forgetful = config(Mode::Fenced, &engine.server);
    forgetful.delivery.dedup_window = 0;
    forgetful.delivery.dedup_ids = 1;
    let running = Running::start(forgetful, Wiring::new(engine.server.clone()), &log);
    log.append(json(&event), now_ms());
    for number in 10..20 {
        log.append(small(number), now_ms());
    }
    eventually("the first are there", async || {
        count(&client, "events").await == 11
    })
    .await;
    event.attempt = 2;
    log.append(json(&event), now_ms());
    eventually("the retry has its fate", async || {
        count(&client, "ledger").await == 1
    })
    .await;
    running.stop().await;
    assert_books(&client, log.id, 12).await;
}
