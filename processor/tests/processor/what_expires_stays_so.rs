//! What has been kept for as long as its site wants it goes, with a fate: the books are right before, in the middle and after,
//! and nothing of it comes back.

use crate::support::engine::TestEngine;
use crate::support::event::now_ms;
use crate::support::eventually;
use crate::support::expiry::{DAY, append, assert_balanced, by_site, counts, cut_off, once, policy};
use crate::support::log::Log;
use crate::support::proxy::Questions;
use crate::support::running::{Running, config};
use crate::support::tables::{assert_books, count, tally};
use clickhouse::Client;
use footfall_delivery::{Mode, Numbers};
use footfall_processor::Wiring;
use footfall_processor::audit::{audit, closed, look_at};
use footfall_processor::retention::{Order, Policy, Retention, run};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Of each day 5 events in a row of each site, then one in turn; a record that nobody can read, and a mark.
async fn settled(engine: &TestEngine) -> (Arc<Log>, Client) {
    let (log, client) = (Log::new(), engine.server.client());
    for days in [40, 10, 4, 0] {
        for site in ["short", "long", "demo"] {
            for _ in 0..5 {
                append(&log, site, days);
            }
        }
        // The last of each day stays.
        for site in ["demo", "short", "long"] {
            append(&log, site, days);
        }
    }
    log.append(b"poison".to_vec(), now_ms());
    log.mark(now_ms());
    let running = Running::fenced(&engine.server, &log);
    eventually("all have a fate", async || {
        count(&client, "events").await + count(&client, "ledger").await == log.last()
    })
    .await;
    running.stop().await;
    (log, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_site_has_its_own_days_and_the_books_name_what_went() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    let dry = Order {
        dry: true,
        ..Order::default()
    };
    let would = once(&engine.server, dry).await;
    assert_eq!(
        by_site(&client, "1").await,
        counts(&[("demo", 24), ("long", 24), ("short", 24)])
    );
    assert_eq!(would.events, counts(&[("demo", 6), ("short", 12)]));

    let report = once(&engine.server, Order::default()).await;
    assert_eq!(report.events, would.events);
    assert_eq!(
        by_site(&client, "1").await,
        counts(&[("demo", 18), ("long", 24), ("short", 12)])
    );
    assert_balanced(&client, log.last()).await;
    assert_books(&client, log.id, log.last()).await;
    // Runs of numbers: on the 40th day `short` 1 to 5, and 11 to 17 of two sites side by side; on the 10th `short` twice.
    let runs =
        "SELECT first_seq, last_seq, toString(site) FROM ledger WHERE reason = 'expired' ORDER BY first_seq";
    let runs = client
        .query(runs)
        .fetch_all::<(u64, u64, String)>()
        .await
        .unwrap();
    let run = |first, last, site: &str| (first, last, site.to_owned());
    assert_eq!(
        runs,
        [
            run(1, 5, "short"),
            run(11, 17, ""),
            run(19, 23, "short"),
            run(35, 35, "short")
        ]
    );
    assert_eq!(report.entries, 4);
    let reports = audit(
        &engine.server,
        &closed(&engine.server, Duration::ZERO).await.unwrap(),
        false,
    )
    .await;
    assert!(reports.unwrap().is_clean());

    // Another time there is nothing to do, and late ones of a day that has gone go too.
    assert!(once(&engine.server, Order::default()).await.is_empty());
    let late = append(&log, "short", 40);
    let running = Running::fenced(&engine.server, &log);
    eventually("the late one is a row", async || {
        by_site(&client, "1").await["short"] == 13
    })
    .await;
    running.stop().await;
    assert_eq!(
        once(&engine.server, Order::default()).await.events,
        counts(&[("short", 1)])
    );
    assert_balanced(&client, late).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_payloads_are_emptied_and_their_rows_stay() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    let network = "INSERT INTO events SELECT * REPLACE(toIPv6('203.0.113.0') AS ip, 100 AS log_seq, now64(3) + 60 AS insert_deadline) \
                   FROM events WHERE site = 'long' ORDER BY received_at LIMIT 1";
    client.query(network).execute().await.unwrap();
    let report = once(&engine.server, Order::default()).await;
    // Of 40, 10 and 4 days ago, what is left of it; an address that has no more than a network stays.
    assert_eq!(
        report.addresses,
        counts(&[("demo", 12), ("long", 18), ("short", 6)])
    );
    assert_eq!(by_site(&client, "ip = toIPv6('::')").await, report.addresses);
    assert_eq!(
        by_site(&client, "ip = toIPv6('203.0.113.7')").await,
        counts(&[("demo", 6), ("long", 6), ("short", 6)])
    );
    assert_eq!(
        by_site(&client, "ip = toIPv6('203.0.113.0')").await,
        counts(&[("long", 1)])
    );
    assert_eq!(report.payloads, 0);
    let in_a_week = Order {
        now: Some(now_ms() + 7 * DAY),
        ..Order::default()
    };
    let entries = count(&client, "ledger").await;
    let report = once(&engine.server, in_a_week).await;
    assert_eq!(report.payloads, 1);
    let kept = "SELECT countIf(payload != ''), countIf(reason = 'unreadable') FROM ledger";
    assert_eq!(
        client.query(kept).fetch_one::<(u64, u64)>().await.unwrap(),
        (0, 1)
    );
    assert_eq!(count(&client, "ledger").await, entries + report.entries);
    assert_eq!(tally(&client, log.id).await["unreadable"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_cut_off_leaves_right_books_and_the_next_finishes_it() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    // Fates are written, no row is deleted: what a run leaves that dies between its two steps.
    cut_off(&client, log.id, &[(1, 5), (19, 23)]).await;
    assert_balanced(&client, log.last()).await;
    let closed = closed(&engine.server, Duration::ZERO).await.unwrap();
    let found = audit(&engine.server, &closed, true).await.unwrap();
    assert!(found.is_clean(), "{found:?}");
    // By now everything is kept for ever: what has expired stays expired, and nothing else does.
    let order = Order {
        finish: true,
        ..Order::default()
    };
    let report = run(&engine.server, &Policy::default(), order).await.unwrap();
    assert_eq!((report.finished, report.all_events()), (10, 0));
    assert_eq!(by_site(&client, "1").await["short"], 14);
    assert_balanced(&client, log.last()).await;
    assert_books(&client, log.id, log.last()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_off_hides_nothing_that_is_missing_and_goes_where_entries_overlap() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    // Two runs at the same time write fates twice, also within each other.
    cut_off(&client, log.id, &[(1, 5), (2, 2), (19, 23), (20, 20)]).await;
    // Of what has expired eight are still there, and as many others are not.
    for gone in ["log_seq IN (1, 19)", "log_seq BETWEEN 60 AND 67"] {
        let sql = format!("ALTER TABLE events DELETE WHERE {gone} SETTINGS mutations_sync = 1");
        client.query(&sql).execute().await.unwrap();
    }
    let closed = closed(&engine.server, Duration::ZERO).await.unwrap();
    for _ in 0..2 {
        let found = audit(&engine.server, &closed, false).await.unwrap();
        let missing: Vec<_> = (found.logs[0].missing.iter())
            .map(|range| (range.first, range.last))
            .collect();
        assert_eq!(missing, [(60, 67)]);
        assert!(
            found.logs[0].both.is_empty() && found.logs[0].extra == 0,
            "{found:?}"
        );
        let order = Order {
            finish: true,
            ..Order::default()
        };
        run(&engine.server, &Policy::default(), order).await.unwrap();
        let sql = "log_seq BETWEEN 1 AND 5 OR log_seq BETWEEN 19 AND 23";
        assert_eq!(by_site(&client, sql).await, counts(&[]));
    }
}

/// A run of retention between any two questions of an audit: numbers of which it has written the fates are in the ledger or
/// still in their rows, whichever was looked at before.
#[tokio::test(flavor = "multi_thread")]
async fn what_expires_while_the_books_are_audited_is_not_missing() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    // An earlier run was cut off, so there is more to count than sums.
    cut_off(&client, log.id, &[(1, 5)]).await;
    let between = Questions::start(engine.address(), "ASOF JOIN").await;
    let server = engine.behind(between.address);
    let numbers = Numbers {
        log_id: log.id,
        first: 1,
        last: log.last(),
    };
    let auditing = async { look_at(&server, numbers).await.unwrap() };
    let waits = async |times| {
        let held = || between.held.load(Ordering::Relaxed);
        eventually("a question waits", async || held() == times).await;
    };
    let retention = async {
        waits(1).await;
        cut_off(&client, log.id, &[(19, 23)]).await;
        between.hold.send_replace("AS island");
        waits(2).await;
        let gone = "ALTER TABLE events DELETE WHERE log_seq BETWEEN 19 AND 23 SETTINGS mutations_sync = 1";
        client.query(gone).execute().await.unwrap();
        between.hold.send_replace("");
    };
    let (found, ()) = tokio::join!(auditing, retention);
    assert!(found.is_clean(), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_again_and_again_leaves_right_books_and_everything_goes_in_the_end() {
    let mut engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    let order = Order {
        finish: true,
        ..Order::default()
    };
    for nth in 0..6 {
        let before = count(&client, "ledger").await;
        let (server, policy) = (engine.server.clone(), policy());
        let mut running = Box::pin(async move { run(&server, &policy, order).await });
        // A little further each time.
        let steps = tokio::time::timeout(Duration::from_millis(10 << nth), &mut running);
        let is_done = steps.await.is_ok();
        engine.restart().await;
        drop(running);
        assert_balanced(&client, log.last()).await;
        println!(
            "kill {nth}: done {is_done}, {} entries more",
            count(&client, "ledger").await - before
        );
    }
    once(&engine.server, order).await;
    assert_eq!(
        by_site(&client, "1").await,
        counts(&[("demo", 18), ("long", 24), ("short", 12)])
    );
    assert_balanced(&client, log.last()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_does_it_by_itself_and_brings_nothing_back() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    let mut wiring = Wiring::new(engine.server.clone());
    wiring.retention = Some(Retention {
        every: Duration::from_secs(3_600),
        policy: Arc::new(|| Ok(policy())),
    });
    let running = Running::start(config(Mode::Fenced, &engine.server), wiring, &log);
    let left = counts(&[("demo", 18), ("long", 24), ("short", 12)]);
    eventually("what has expired is gone", async || {
        by_site(&client, "1").await == left
    })
    .await;
    running.stop().await;
    // Everything is read again.
    for _ in 0..2 {
        log.set_committed(None);
        let last = log.mark(now_ms());
        let running = Running::fenced(&engine.server, &log);
        eventually("the new mark has its fate", async || {
            let sql = format!("SELECT count() FROM ledger WHERE first_seq = {last}");
            client.query(&sql).fetch_one::<u64>().await.unwrap() == 1
        })
        .await;
        running.stop().await;
    }
    assert_eq!(by_site(&client, "1").await, left);
    assert_balanced(&client, log.last()).await;
    assert_books(&client, log.id, log.last()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_for_ever_stays() {
    let engine = TestEngine::start().await;
    let (log, client) = settled(&engine).await;
    let report = run(&engine.server, &Policy::default(), Order::default())
        .await
        .unwrap();
    assert!(report.is_empty(), "{report:?}");
    assert_eq!(count(&client, "events").await, 72);
    assert_balanced(&client, log.last()).await;
}
