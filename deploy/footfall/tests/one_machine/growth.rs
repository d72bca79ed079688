//! What is said of tomorrow's disk is held against tomorrow's disk: two days of real events, moved to days that are over.

use crate::harness::{PASSWORD, Server, Up, footfall, in_time, text};
use footfall::clickhouse::{Access, of_engine};
use footfall::forecast::{disk, find};
use footfall_processor::retention::Policy;
use std::path::Path;

const DAY: i64 = 24 * 3_600_000;
/// Of what is forecast, percent.
const ALLOWED: u64 = 20;
const EVENTS: u64 = 30_000;

async fn run(access: &Access, sql: &str) -> String {
    access.text(sql, &[]).await.unwrap().trim().to_owned()
}

/// Events of a seed come by the front door; when they are rows their receipt is spread over the day that begins at `day`.
async fn a_day(up: &Up, access: &Access, server: &Server, seed: &str, day: i64) {
    let load = footfall(&up.data)
        .envs(server.env(PASSWORD))
        .args([
            "loadgen",
            "--rate",
            "0",
            "--retries",
            "9",
            "--seed",
            seed,
            "--events",
        ])
        .arg(EVENTS.to_string())
        .output()
        .unwrap();
    assert!(load.status.success(), "{}", text(&load));
    let today = "received_at > now64(3) - INTERVAL 12 HOUR";
    in_time("all are rows", async || {
        let rows = run(access, &format!("SELECT count() FROM events WHERE {today}")).await;
        (rows == EVENTS.to_string()).then_some(())
    })
    .await;
    let at = format!(
        "fromUnixTimestamp64Milli(toInt64({day} + intDiv(log_seq * {}, (SELECT max(log_seq) + 1 FROM events WHERE {today}))), 'UTC')",
        DAY
    );
    run(
        access,
        &format!(
            "INSERT INTO events SELECT * REPLACE({at} AS received_at, {at} AS time, now64(3) + 600 AS insert_deadline) \
             FROM (SELECT * FROM events WHERE {today})"
        ),
    )
    .await;
    run(
        access,
        &format!("ALTER TABLE events DELETE WHERE {today} SETTINGS mutations_sync = 1"),
    )
    .await;
}

fn start(data: &Path, server: &Server) -> Up {
    Up::start_with(data, |command| {
        command.envs(server.env(PASSWORD));
        // The tables are moved about under it, which no auditor would like.
        command.args(["--set", "processor.audit_every=0s", "--set", "retention.every=0s"]);
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_forecast_of_a_day_is_right_when_the_day_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("engine"));
    let up = start(&folder.path().join("data"), &server);
    let access = of_engine(&server.url, "footfall", "default", PASSWORD.to_owned()).unwrap();
    let now: i64 = run(&access, "SELECT toUnixTimestamp64Milli(now64(3))")
        .await
        .parse()
        .unwrap();
    let today = now.div_euclid(DAY) * DAY;

    a_day(&up, &access, &server, "1", today - 3 * DAY).await;
    let first = find(&access, Some(today - 2 * DAY)).await.unwrap();
    assert_eq!(first.events.rows, EVENTS);
    let grown = first.after(1, &Policy::default()) - first.bytes();
    a_day(&up, &access, &server, "2", today - 2 * DAY).await;
    let second = find(&access, Some(today - DAY)).await.unwrap();
    let really = second.bytes() - first.bytes();
    let disk = disk(&access).await.unwrap().unwrap();
    println!(
        "a day of {EVENTS} events: forecast {grown} bytes, really {really}; {} free, full in {:?} days",
        disk.free,
        second.full_in(disk, 36_500, &Policy::default())
    );
    assert!(
        grown.abs_diff(really) * 100 <= grown * ALLOWED,
        "forecast {grown}, really {really}"
    );
    assert!(0 < disk.free && disk.free < disk.total);
}
