//! From the beacon to a query's answer: how long an event takes until ClickHouse gives it back, at a steady rate.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as it should be"
)]

use footfall_tests::books;
use footfall_tests::footfall::Home;
use footfall_tests::latency::Latencies;
use footfall_tests::load::{self, now_ms};
use footfall_tests::seed::Seed;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Events per second.
const RATE: u64 = 2_000;
/// Connections over which they come.
const CLIENTS: u64 = 20;
/// How long.
const SECONDS: u64 = 20;

#[test]
fn an_event_is_queryable_soon_after_its_beacon() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(&folder.path().join("data")).unwrap();
    let footfall = home.start().unwrap();
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&home, &done));
        let mut seed = Seed::from_env();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let own = seed.fork();
                scope.spawn(|| send(&home, own))
            })
            .collect();
        for client in clients {
            client.join().unwrap();
        }
        books::wait_for_rows(&home, RATE * SECONDS).unwrap();
        done.store(true, Ordering::Relaxed);
        watcher.join().unwrap()
    });
    println!(
        "beacon to queryable at {RATE} events/s: {} probes, p50 {:.0?}, p99 {:.0?}, max {:.0?}",
        seen.count(),
        seen.percentile(0.5),
        seen.percentile(0.99),
        seen.percentile(1.0)
    );
    books::balanced(&home).unwrap();
    footfall.stop().unwrap();
}

/// Sends singles at this client's share of the rate, on schedule; `ts` is the moment of sending.
fn send(home: &Home, mut seed: Seed) {
    let (mut http, start) = (home.client(), Instant::now());
    let count = RATE * SECONDS / CLIENTS;
    let step = Duration::from_secs(SECONDS) / u32::try_from(count).unwrap();
    for number in 0..count {
        std::thread::sleep(
            (start + step * u32::try_from(number).unwrap()).saturating_duration_since(Instant::now()),
        );
        let mut event = load::event(&mut seed);
        (event["site"], event["ts"]) = (json!("demo"), json!(now_ms()));
        event["sent_at"] = event["ts"].clone();
        let answer = http
            .request(
                "POST",
                "/v1/events",
                &[("content-type", "text/plain")],
                event.to_string().as_bytes(),
            )
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

/// Asks again and again what has come since the last answer. An event's latency is the time from its sending to the end
/// of the first answer that has it.
fn watch(home: &Home, done: &AtomicBool) -> Latencies {
    let (mut latencies, mut through) = (Latencies::default(), 0);
    while !done.load(Ordering::Relaxed) {
        let sql = format!(
            "SELECT log_seq, toUnixTimestamp64Milli(client_time) AS ts FROM footfall.events WHERE log_seq > {through}"
        );
        let rows = books::query(home, &sql).unwrap_or_default();
        let now = now_ms();
        for row in rows {
            through = through.max(row["log_seq"].as_u64().unwrap());
            let late = u64::try_from(now - row["ts"].as_i64().unwrap()).unwrap_or(0);
            latencies.add(Duration::from_millis(late));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    latencies
}
