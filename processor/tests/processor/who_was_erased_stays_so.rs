//! Whom the table `suppressed` names comes back by no way: not late, not again, not in an insert that was on its way when the
//! name was written.

use crate::support::engine::TestEngine;
use crate::support::event::{full, json, now_ms};
use crate::support::eventually;
use crate::support::log::Log;
use crate::support::proxy::Proxy;
use crate::support::running::{Running, config};
use crate::support::tables::{assert_books, count, tally};
use clickhouse::Client;
use footfall_delivery::Mode;
use footfall_processor::suppressed::{Key, Kind, LEASE};
use footfall_processor::{Server, Wiring};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use uuid::Uuid;

const SOMEBODY: Uuid = Uuid::from_u128(0xE4A5ED);

fn key() -> Key {
    Key::parse(&"5e".repeat(32)).unwrap()
}

/// The number of an event of that visitor.
fn append(log: &Log, visitor: Uuid) -> u64 {
    let mut event = full(1);
    event.visitor = visitor;
    log.append(json(&event), now_ms())
}

/// As `footfall erase` writes it; gives the server's clock then.
async fn suppress(client: &Client, visitor: Uuid) -> i64 {
    let sql = "INSERT INTO suppressed (erasure, kind, hash, key_id, site, since, until, asked, finished, said_by, at) \
               SELECT generateUUIDv4(), 'visitor', ?, ?, '', toDateTime64(0, 3), now64(3) + 300, true, false, 'a test', now64(3)";
    let row = client
        .query(sql)
        .bind(key().of_id(Kind::Visitor, visitor))
        .bind(key().id());
    row.execute().await.unwrap();
    clock(client).await
}

async fn clock(client: &Client) -> i64 {
    let sql = "SELECT toUnixTimestamp64Milli(now64(3))";
    client.query(sql).fetch_one::<i64>().await.unwrap()
}

fn start(server: &Server, log: &Arc<Log>, key: Option<Key>) -> Running {
    let mut wiring = Wiring::new(server.clone());
    wiring.erasure_key = key;
    Running::start(config(Mode::Fenced, server), wiring, log)
}

async fn fates(client: &Client) -> u64 {
    count(client, "events").await + count(client, "ledger").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_late_or_again_is_erased_and_of_others_nothing_is() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    suppress(&client, SOMEBODY).await;
    for number in 1..=40 {
        append(
            &log,
            if number % 4 == 0 {
                SOMEBODY
            } else {
                Uuid::from_u128(number)
            },
        );
    }
    let expected = [("erased".to_owned(), 10), ("row".to_owned(), 30)];
    for _ in 0..3 {
        let running = start(&engine.server, &log, Some(key()));
        eventually("all have a fate", async || fates(&client).await >= log.last()).await;
        running.stop().await;
        assert_eq!(tally(&client, log.id).await, expected.clone().into());
        // Everything is read again.
        log.set_committed(None);
    }
    let kept = "SELECT countIf(payload != '' OR event_id != toUUID('00000000-0000-0000-0000-000000000000')) FROM ledger";
    assert_eq!(client.query(kept).fetch_one::<u64>().await.unwrap(), 0);
    assert_books(&client, log.id, log.last()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_written_while_the_processor_runs_counts_within_a_moment() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    append(&log, SOMEBODY);
    let running = start(&engine.server, &log, Some(key()));
    eventually("it is a row", async || count(&client, "events").await == 1).await;
    let written = suppress(&client, SOMEBODY).await;
    // What is promised: nothing of them is inserted any more once the lease is over.
    eventually("the lease is over", async || {
        clock(&client).await > written + LEASE
    })
    .await;
    let before = fates(&client).await;
    for _ in 0..50 {
        append(&log, SOMEBODY);
    }
    eventually("all have a fate", async || fates(&client).await >= log.last()).await;
    assert_eq!(count(&client, "ledger").await, log.last() - before);
    running.stop().await;
    assert_books(&client, log.id, log.last()).await;
}

/// The machine would let it in for twenty seconds: only the age of the list it was built with keeps it out.
#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_was_on_its_way_when_the_name_was_written_cannot_begin_after_the_lease() {
    let engine = TestEngine::start().await;
    let proxy = Proxy::start(engine.address(), u64::MAX).await;
    let behind = engine.behind(proxy.address);
    let (log, client) = (Log::new(), engine.server.client());
    append(&log, SOMEBODY);
    let mut patient = config(Mode::Fenced, &behind);
    patient.delivery.lease = 20_000;
    patient.delivery.max_execution = 18_000;
    patient.insert_timeout = Duration::from_secs(17);
    let mut wiring = Wiring::new(behind);
    wiring.erasure_key = Some(key());
    let running = Running::start(patient, wiring, &log);
    eventually("it is a row", async || count(&client, "events").await == 1).await;

    proxy.open.send_replace(false);
    let before = proxy.inserts.load(Ordering::Relaxed);
    append(&log, SOMEBODY);
    append(&log, Uuid::from_u128(7));
    eventually("the insert is on its way", async || {
        proxy.inserts.load(Ordering::Relaxed) > before
    })
    .await;
    let written = suppress(&client, SOMEBODY).await;
    eventually("the lease is over", async || {
        clock(&client).await > written + LEASE
    })
    .await;
    proxy.open.send_replace(true);

    eventually("all have a fate", async || fates(&client).await >= log.last()).await;
    running.stop().await;
    let expected = [("erased".to_owned(), 1), ("row".to_owned(), 2)];
    assert_eq!(tally(&client, log.id).await, expected.into());
    assert_books(&client, log.id, log.last()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_of_the_names_nothing_is_inserted_and_the_reason_is_said() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    suppress(&client, SOMEBODY).await;
    append(&log, SOMEBODY);
    append(&log, Uuid::from_u128(7));
    for wrong in [None, Some(Key::parse(&"0".repeat(64)).unwrap())] {
        let running = start(&engine.server, &log, wrong);
        let mut condition = running.control.condition();
        let refuses = condition.wait_for(|condition| condition.why_not.contains("who was erased"));
        refuses.await.unwrap();
        assert_eq!(fates(&client).await, 0);
        running.stop().await;
    }
    let running = start(&engine.server, &log, Some(key()));
    eventually("both have a fate", async || fates(&client).await == 2).await;
    running.stop().await;
    assert_books(&client, log.id, 2).await;
}
