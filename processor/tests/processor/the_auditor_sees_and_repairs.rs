//! What is planted is found, and repaired or counted as lost.

use crate::support::engine::TestEngine;
use crate::support::event::{full, json, now_ms, small};
use crate::support::eventually;
use crate::support::log::Log;
use crate::support::running::{Running, config};
use crate::support::tables::{assert_books, count, tally};
use clickhouse::Client;
use footfall_delivery::Mode;
use footfall_processor::audit::{Report, closed};
use footfall_processor::{Wiring, audit};
use std::sync::Arc;
use std::time::Duration;

/// A log of 20 events, one of them poison, and a mark, in the tables.
async fn settled(engine: &TestEngine) -> (Arc<Log>, Client) {
    let (log, client) = (Log::new(), engine.server.client());
    for number in 0..20 {
        if number == 9 {
            log.append(b"poison".to_vec(), now_ms());
        } else {
            log.append(small(number), now_ms());
        }
    }
    log.mark(now_ms());
    let running = Running::fenced(&engine.server, &log);
    eventually("all have a fate", async || count(&client, "events").await == 19).await;
    running.stop().await;
    (log, client)
}

async fn audited(engine: &TestEngine, repair: bool) -> Report {
    let closed = closed(&engine.server, Duration::ZERO).await.unwrap();
    audit(&engine.server, &closed, repair).await.unwrap()
}

async fn run(client: &Client, sql: &str) {
    client
        .query(sql)
        .with_setting("mutations_sync", "1")
        .execute()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn right_books_are_called_right() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    let report = audited(&engine, true).await;
    assert!(report.is_clean(), "{report:?}");
    let numbers = report.logs[0].numbers;
    assert_eq!((numbers.log_id, numbers.first, numbers.last), (log.id, 1, 21));
    assert_eq!((report.logs[0].rows, report.logs[0].ledger), (19, 2));
    assert_eq!(count(&client, "audited").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubled_row_is_seen_and_one_copy_stays() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    for copy in 0..2 {
        run(&client, "INSERT INTO events SELECT * REPLACE(now64(3) + 60 AS insert_deadline) FROM events WHERE log_seq IN (3, 15)").await;
        assert_eq!(count(&client, "events").await, [21, 25][copy]);
    }
    run(&client, "INSERT INTO ledger SELECT * REPLACE(now64(3) + 60 AS insert_deadline) FROM ledger WHERE reason = 'unreadable'").await;
    let report = audited(&engine, false).await;
    assert_eq!(report.logs[0].doubled, [10, 3, 15]);
    assert_eq!(report.logs[0].extra, 7);
    let repaired = audited(&engine, true).await.repaired;
    assert_eq!(repaired.extra, 7);
    assert!(audited(&engine, false).await.is_clean());
    assert_books(&client, log.id, 21).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_duplicate_becomes_a_ledger_row() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    // A processor that remembers nothing takes the same event twice.
    let event = full(50);
    let mut forgetful = config(Mode::Fenced, &engine.server);
    forgetful.delivery.dedup_ids = 1;
    let running = Running::start(forgetful, Wiring::new(engine.server.clone()), &log);
    for payload in [json(&event), small(51), small(52), json(&event)] {
        let before = count(&client, "events").await;
        log.append(payload, now_ms());
        eventually("it is a row", async || {
            count(&client, "events").await == before + 1
        })
        .await;
    }
    let ledger = count(&client, "ledger").await;
    log.mark(now_ms());
    eventually("the mark is there", async || {
        count(&client, "ledger").await == ledger + 1
    })
    .await;
    running.stop().await;

    let found = audited(&engine, false).await;
    let late = found.logs[0].late_duplicates[0];
    assert_eq!((late.log_seq, late.of_log_seq, late.event_id), (25, 22, event.id));
    assert_eq!(audited(&engine, true).await.repaired.late_duplicates, 1);
    assert!(audited(&engine, false).await.is_clean());
    assert_books(&client, log.id, 26).await;
    assert_eq!(tally(&client, log.id).await["duplicate"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_number_is_read_again_and_what_no_copy_has_is_lost() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    run(&client, "ALTER TABLE events DELETE WHERE log_seq IN (4, 5, 12)").await;
    run(&client, "ALTER TABLE ledger DELETE WHERE reason = 'unreadable'").await;
    log.gone.lock().unwrap().push(12);
    let missing: Vec<_> = audited(&engine, true).await.logs[0]
        .missing
        .iter()
        .map(|r| (r.first, r.last))
        .collect();
    assert_eq!(missing, [(4, 5), (10, 10), (12, 12)]);

    let mut auditing = config(Mode::Fenced, &engine.server);
    auditing.audit.every = Duration::from_millis(200);
    let running = Running::start(auditing, Wiring::new(engine.server.clone()), &log);
    // A new mark closes the log for the running auditor.
    log.append(small(99), now_ms());
    log.mark(now_ms());
    eventually("every number has a fate", async || {
        tally(&client, log.id).await.values().sum::<u64>() == 23
    })
    .await;
    running.stop().await;
    assert_books(&client, log.id, 23).await;
    let expected = [("lost", 1), ("mark", 2), ("row", 19), ("unreadable", 1)];
    assert_eq!(
        tally(&client, log.id).await,
        expected.map(|(fate, count)| (fate.to_owned(), count)).into()
    );
    assert!(audited(&engine, false).await.is_clean());
}
