//! Restarts, cut answers, late inserts, a cursor that is set back: the tables have every number once.

use crate::support::engine::{DATABASE, TestEngine};
use crate::support::event::{now_ms, small};
use crate::support::eventually;
use crate::support::log::Log;
use crate::support::proxy::Proxy;
use crate::support::running::{Running, config, supervise};
use crate::support::tables::{assert_books, count};
use bytes::Bytes;
use footfall_delivery::Mode;
use footfall_processor::insert::{Inserted, Inserter, Statement};
use footfall_processor::{ProcessorError, Wiring};
use footfall_tables::{EVENTS, EventBlock, EventRow, insert_sql};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Mutex;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_comes_back_does_not_hold_the_end_of_the_processor() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    log.append(small(1), now_ms());
    let mut short = config(Mode::Fenced, &engine.server);
    short.drain = Duration::from_millis(300);
    let running = Running::start(short, Wiring::new(engine.server.clone()), &log);
    eventually("it is there", async || fates(&client).await == 1).await;
    log.mute.store(true, Ordering::Relaxed);
    let ended = running.end().await;
    assert!(matches!(ended, Err(ProcessorError::Drain(_))), "{ended:?}");
}

async fn fates(client: &clickhouse::Client) -> u64 {
    count(client, "events").await + count(client, "ledger").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_that_dies_at_any_moment_is_followed_by_one_that_goes_on() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    for life in 0..12_u64 {
        for number in 0..2_000 {
            log.append(small(life * 2_000 + number), now_ms());
        }
        let mut short = config(Mode::Fenced, &engine.server);
        short.round.enough = 300;
        short.round.records = 400;
        short.delivery.lease = 1_500;
        short.delivery.max_execution = 1_400;
        short.insert_timeout = Duration::from_millis(1_300);
        let before = fates(&client).await;
        let running = Running::start(short, Wiring::new(engine.server.clone()), &log);
        // Dies somewhere between its fence and its last insert.
        eventually("it does something", async || fates(&client).await > before).await;
        tokio::time::sleep(Duration::from_millis(life * 7 % 40)).await;
        running.drop_dead().await;
    }
    log.mark(now_ms());
    let running = Running::fenced(&engine.server, &log);
    eventually("all have a fate", async || fates(&client).await >= log.last()).await;
    running.stop().await;
    assert_books(&client, log.id, log.last()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_is_set_back_or_lost_doubles_nothing() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    for number in 0..3_000 {
        log.append(small(number), now_ms());
    }
    for committed in [None, Some((1_000, String::new())), None] {
        log.set_committed(committed);
        let running = Running::fenced(&engine.server, &log);
        let expected = log.last() + 1;
        log.append(small(expected), now_ms());
        eventually("the new one is there too", async || {
            fates(&client).await >= expected
        })
        .await;
        running.stop().await;
        assert_books(&client, log.id, expected).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_cuts_inserts_and_answers_costs_time_only() {
    let engine = TestEngine::start().await;
    let proxy = Proxy::start(engine.address(), 3).await;
    let behind = engine.behind(proxy.address);
    let (log, client) = (Log::new(), engine.server.client());
    for number in 0..6_000 {
        log.append(small(number), now_ms());
    }
    let mut short = config(Mode::Fenced, &behind);
    short.round.enough = 100;
    short.round.records = 100;
    short.delivery.lease = 2_000;
    short.delivery.max_execution = 1_900;
    short.insert_timeout = Duration::from_millis(1_800);
    let running = Running::start(short, Wiring::new(behind), &log);
    for number in 0..10 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        log.append(small(10_000 + number), now_ms());
    }
    eventually("all have a fate", async || fates(&client).await >= log.last()).await;
    running.stop().await;
    assert!(proxy.faults.load(Ordering::Relaxed) >= 3);
    assert_books(&client, log.id, log.last()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_dies_in_mid_insert_is_settled_by_a_fresh_one() {
    let engine = Arc::new(Mutex::new(TestEngine::start().await));
    let server = engine.lock().await.server.clone();
    let (asked, supervisor) = supervise(Arc::clone(&engine));
    let (log, client) = (Log::new(), server.client());
    let mut wiring = Wiring::new(server.clone());
    wiring.engine = Some(asked);
    let mut small_rounds = config(Mode::Child, &server);
    small_rounds.round.records = 500;
    small_rounds.round.enough = 500;
    let running = Running::start(small_rounds, wiring, &log);
    for kill in 0..5_u64 {
        for number in 0..4_000 {
            log.append(small(kill * 4_000 + number), now_ms());
        }
        tokio::time::sleep(Duration::from_millis(100 + kill * 37)).await;
        // The supervisor starts another by itself, whether or not anybody asks.
        engine.lock().await.restart().await;
    }
    eventually("all have a fate", async || {
        let count = client
            .query("SELECT count() FROM events")
            .fetch_one::<u64>()
            .await;
        count.is_ok_and(|count| count >= log.last())
    })
    .await;
    running.stop().await;
    assert_books(&client, log.id, log.last()).await;
    supervisor.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_insert_is_refused_and_leaves_nothing() {
    let engine = TestEngine::start().await;
    let statement = Statement {
        tag: "footfall/footfall/test/1".to_owned(),
        max_execution: Duration::from_secs(8),
        timeout: Duration::from_secs(7),
    };
    let mut inserter = Inserter::new(engine.server.clone(), statement);
    let sql = insert_sql(DATABASE, EVENTS);
    let body = |deadline: i64| {
        let mut block = EventBlock::default();
        for _ in 0..3 {
            block.push(&EventRow {
                received_at: now_ms(),
                ..EventRow::default()
            });
        }
        block.set_insert_deadline(deadline);
        let mut body = Vec::new();
        block.write_native(&mut body);
        Bytes::from(body)
    };
    let client = engine.server.client();
    assert_eq!(inserter.send(&sql, body(now_ms() - 1)).await, Inserted::Late);
    assert_eq!(count(&client, "events").await, 0);
    assert_eq!(
        inserter.send(&sql, body(now_ms() + 60_000)).await,
        Inserted::Written(3)
    );
    let refused = inserter
        .send(&insert_sql(DATABASE, "nowhere"), body(now_ms() + 60_000))
        .await;
    assert!(
        matches!(refused, Inserted::Refused { code: 60, .. }),
        "{refused:?}"
    );
    assert_eq!(count(&client, "events").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_lasts_is_said_and_survived() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    client
        .query("RENAME TABLE ledger TO elsewhere")
        .execute()
        .await
        .unwrap();
    client
        .query("CREATE TABLE ledger AS elsewhere")
        .execute()
        .await
        .unwrap();
    client
        .query("ALTER TABLE ledger ADD CONSTRAINT never CHECK first_seq = 0")
        .execute()
        .await
        .unwrap();
    client
        .query("ALTER TABLE ledger DROP CONSTRAINT fresh")
        .execute()
        .await
        .unwrap();
    client
        .query("ALTER TABLE ledger MODIFY COLUMN detail UInt64")
        .execute()
        .await
        .unwrap();
    log.append(small(1), now_ms());
    log.append(b"poison".to_vec(), now_ms());
    let running = Running::fenced(&engine.server, &log);
    let mut condition = running.control.condition();
    condition
        .wait_for(|condition| condition.why_not.contains("refuses"))
        .await
        .unwrap();
    assert_eq!(count(&client, "events").await, 0);
    client.query("DROP TABLE ledger").execute().await.unwrap();
    client
        .query("RENAME TABLE elsewhere TO ledger")
        .execute()
        .await
        .unwrap();
    eventually("both have a fate", async || fates(&client).await == 2).await;
    running.stop().await;
    assert_books(&client, log.id, 2).await;
}
