//! What an operator says about something that waits, and what it changes: that, and nothing else.

use crate::support::engine::TestEngine;
use crate::support::event::{now_ms, small};
use crate::support::eventually;
use crate::support::log::Log;
use crate::support::running::{Running, config};
use crate::support::tables::{assert_books, count, fates, tally};
use clickhouse::Client;
use footfall_delivery::{Meta, Mode, Numbers, Tag};
use footfall_processor::words;
use footfall_processor::{Config, Server, Wiring};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const NEWER: &[u8] = b"{\"v\":2,\"all\":\"new\"}";

fn listening(server: &Server) -> Config {
    let mut config = config(Mode::Fenced, server);
    config.heed_every = Duration::from_millis(100);
    config
}

fn start(server: &Server, log: &Arc<Log>) -> Running {
    Running::start(listening(server), Wiring::new(server.clone()), log)
}

async fn skip(client: &Client, log: &Log, first: u64, last: u64) {
    let log_id = log.id;
    let numbers = Numbers { log_id, first, last };
    words::skip(client, numbers, "a test").await.unwrap();
}

async fn waits(running: &Running) {
    let mut condition = running.control.condition();
    let waits = condition.wait_for(|condition| condition.why_not.contains("footfall ledger skip"));
    waits.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_skipped_number_goes_to_the_ledger_with_its_bytes_and_no_other_does() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    for payload in [small(1), NEWER.to_vec(), small(2), NEWER.to_vec(), small(3)] {
        log.append(payload, now_ms());
    }
    let running = start(&engine.server, &log);
    waits(&running).await;
    // About a row, about what is far away, about another log: means nothing. Twice: means once.
    skip(&client, &log, 1, 1).await;
    skip(&client, &log, 100, 200).await;
    skip(&client, &Log::new(), 1, 100).await;
    assert_eq!(
        (count(&client, "events").await, count(&client, "ledger").await),
        (1, 0)
    );
    skip(&client, &log, 2, 2).await;
    skip(&client, &log, 2, 2).await;
    eventually("the partition goes on", async || {
        count(&client, "events").await == 2
    })
    .await;
    waits(&running).await;
    let known = fates(&client, log.id).await;
    let known: Vec<_> = known.iter().map(|one| (one.seq, one.fate.as_str())).collect();
    assert_eq!(known, [(1, "row"), (2, "unknown_version"), (3, "row")]);
    let payload = client
        .query("SELECT payload FROM ledger WHERE first_seq = 2")
        .fetch_one::<String>();
    assert_eq!(payload.await.unwrap().as_bytes(), NEWER);

    // Without a position everything is read again: what has a fate keeps it, and what waits still waits.
    running.drop_dead().await;
    log.set_committed(None);
    let running = start(&engine.server, &log);
    waits(&running).await;
    assert_eq!(
        (count(&client, "events").await, count(&client, "ledger").await),
        (2, 1)
    );
    skip(&client, &log, 4, u64::MAX).await;
    eventually("the rest is there", async || count(&client, "events").await == 3).await;
    running.stop().await;
    assert_books(&client, log.id, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_given_before_and_the_newer_release_that_comes_after_all_do_no_harm() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    // Said before anybody has read it; and about numbers that can be read.
    skip(&client, &log, 1, 3).await;
    log.append(small(1), now_ms());
    log.append(NEWER, now_ms());
    log.append(small(2), now_ms());
    let running = start(&engine.server, &log);
    eventually("all have a fate", async || count(&client, "events").await == 2).await;
    running.stop().await;
    let expected = [("row".to_owned(), 2), ("unknown_version".to_owned(), 1)];
    assert_eq!(tally(&client, log.id).await, expected.into());
    assert_books(&client, log.id, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_word_about_the_very_owner_ends_the_hold_of_another_server() {
    let (one, other) = (TestEngine::start().await, TestEngine::start().await);
    let log = Log::new();
    log.append(small(1), now_ms());
    let running = start(&one.server, &log);
    eventually("it is a row", async || {
        count(&one.server.client(), "events").await == 1
    })
    .await;
    running.drop_dead().await;
    let Some(Meta::Open {
        tag, server, address, ..
    }) = log.committed().and_then(|(_, line)| Meta::parse(&line))
    else {
        panic!("not open: {:?}", log.committed())
    };

    log.append(small(2), now_ms());
    let client = other.server.client();
    let running = start(&other.server, &log);
    let mut condition = running.control.condition();
    let held = condition.wait_for(|condition| condition.why_not.contains("footfall confirm-server-gone"));
    held.await.unwrap();
    let earlier = Tag::new("footfall", "test-log", &Uuid::new_v4().to_string());
    words::server_gone(&client, &earlier, (server, &address), "a test")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(count(&client, "events").await, 0, "another owner was meant");
    words::server_gone(&client, &tag, (server, &address), "a test")
        .await
        .unwrap();
    eventually("it goes on with the new server", async || {
        count(&client, "events").await >= 1
    })
    .await;
    running.stop().await;
    let there = fates(&client, log.id).await;
    assert_eq!(there.iter().map(|fate| fate.seq).max(), Some(2));
}
