//! Parts of the table that have expired altogether are dropped and not rewritten, and nothing else goes with them.

use crate::support::engine::TestEngine;
use crate::support::eventually;
use crate::support::expiry::{append, assert_balanced, by_site, counts, cut_off, once};
use crate::support::log::Log;
use crate::support::running::Running;
use crate::support::tables::{assert_books, count};
use clickhouse::Client;
use footfall_processor::retention::{Order, Policy, run};

/// Times that parts were rewritten without some of their rows.
async fn rewritten(client: &Client) -> u64 {
    let sql = "SELECT count() FROM system.mutations WHERE table = 'events' AND command LIKE '%DELETE%'";
    client.query(sql).fetch_one().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_that_has_expired_is_dropped_and_what_comes_meanwhile_is_not() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    // A part that is merged in between is no longer there to be dropped.
    client.query("SYSTEM STOP MERGES events").execute().await.unwrap();
    let of_last_year = |rows| {
        for nth in 0..rows {
            append(&log, ["demo", "short"][nth % 2], 400);
        }
        for site in ["long", "demo"] {
            append(&log, site, 0);
        }
    };
    of_last_year(50);
    let running = Running::fenced(&engine.server, &log);
    eventually("all are rows", async || count(&client, "events").await == 52).await;
    let report = once(&engine.server, Order::default()).await;
    assert_eq!(report.events, counts(&[("demo", 25), ("short", 25)]));
    assert_eq!(by_site(&client, "1").await, counts(&[("demo", 1), ("long", 1)]));
    assert_eq!(rewritten(&client).await, 0);
    assert_balanced(&client, log.last()).await;

    // Others of that month come in all the time, and are merged.
    client
        .query("SYSTEM START MERGES events")
        .execute()
        .await
        .unwrap();
    let (mut expired, mut times) = (0, 1);
    while expired < 300 {
        of_last_year(20);
        times += 1;
        expired += once(&engine.server, Order::default()).await.all_events();
        // What is still on its way is missing: an insert has a part for each month, one after the other.
        let doubled = "SELECT sum(doubled) FROM books";
        assert_eq!(client.query(doubled).fetch_one::<u64>().await.unwrap(), 0);
    }
    let left = counts(&[("demo", times), ("long", times)]);
    eventually("all have a fate", async || {
        by_site(&client, "site = 'long'").await["long"] == times
    })
    .await;
    running.stop().await;
    once(&engine.server, Order::default()).await;
    assert_eq!(by_site(&client, "1").await, left);
    assert_balanced(&client, log.last()).await;
    assert_books(&client, log.id, log.last()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_of_which_the_fates_are_written_is_dropped_by_the_next_run() {
    let engine = TestEngine::start().await;
    let (log, client) = (Log::new(), engine.server.client());
    client.query("SYSTEM STOP MERGES events").execute().await.unwrap();
    for days in [400, 0] {
        for _ in 0..10 {
            append(&log, "demo", days);
        }
    }
    let running = Running::fenced(&engine.server, &log);
    eventually("all are rows", async || count(&client, "events").await == 20).await;
    running.stop().await;
    cut_off(&client, log.id, &[(1, 10)]).await;
    let order = Order {
        finish: true,
        ..Order::default()
    };
    let report = run(&engine.server, &Policy::default(), order).await.unwrap();
    assert_eq!((report.finished, report.all_events()), (10, 0));
    assert_eq!(by_site(&client, "1").await, counts(&[("demo", 10)]));
    assert_eq!(rewritten(&client).await, 0);
    assert_balanced(&client, log.last()).await;

    // Of this month only some; nothing is rewritten while merges are stopped.
    client
        .query("SYSTEM START MERGES events")
        .execute()
        .await
        .unwrap();
    cut_off(&client, log.id, &[(12, 13), (20, 20)]).await;
    let report = run(&engine.server, &Policy::default(), order).await.unwrap();
    assert_eq!(report.finished, 3);
    assert_eq!(
        by_site(&client, "log_seq NOT IN (12, 13, 20)").await,
        counts(&[("demo", 7)])
    );
    assert_eq!(by_site(&client, "1").await, counts(&[("demo", 7)]));
    assert_balanced(&client, log.last()).await;
}
