//! What a list of erased persons costs: the same backlog with nobody on it, with a thousand and with a hundred thousand hashes, in
//! interleaved rounds. Each kind of name is on the list, so that every event is hashed for each kind that it has.

use crate::bench::median;
use crate::compare::{self, Cost};
use crate::{bench, made};
use clickhouse::Client;
use footfall_processor::suppressed::{Key, Kind};
use std::sync::Arc;
use std::time::Duration;

/// Hashes on the list.
const LENGTHS: [u64; 3] = [0, 1_000, 100_000];

pub(crate) async fn run(events: usize, rounds: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let (engine, server) = bench::start(folder.path()).await;
    let client = server.client();
    let key = Key::parse(&"5e".repeat(32)).expect("a key");
    let payloads = Arc::new(made::log_json(&made::events(events)));
    println!(
        "\n{events} events a round; µs of CPU per event, and what one core would do if the processor had it alone"
    );
    println!("on the list    processor    engine     rows/s");
    let mut costs = LENGTHS.map(|_| Vec::new());
    for _ in 0..rounds {
        for (length, costs) in LENGTHS.into_iter().zip(&mut costs) {
            fill(&client, &key, length).await;
            let cost = compare::processor(&engine, &server, &payloads, Some(&key)).await;
            line(length, &cost);
            costs.push(cost.ours);
        }
    }
    let [none, few, many] = costs.map(median);
    println!(
        "processor, median: none {none:.2} µs, 1,000 {few:.2} ({:+.1} %), 100,000 {many:.2} ({:+.1} %)",
        (few / none - 1.0) * 100.0,
        (many / none - 1.0) * 100.0
    );
    engine.stop(Duration::from_secs(10)).await;
}

fn line(length: u64, cost: &Cost) {
    println!(
        "{length:>11}    {:>9.2}    {:>6.2}    {:>7.0}",
        cost.ours,
        cost.engine(),
        1e6 / cost.ours
    );
}

/// Nobody whom the events are of.
async fn fill(client: &Client, key: &Key, length: u64) {
    let kinds: Vec<_> = Kind::ALL
        .iter()
        .map(|kind| format!("'{}'", kind.label()))
        .collect();
    let fill = format!(
        "INSERT INTO suppressed (erasure, kind, hash, key_id, site, since, until, asked, finished, said_by, at) \
         SELECT generateUUIDv4(), [{}][1 + number % 4], number, {}, '', toDateTime64(0, 3), now64(3), true, true, '', now64(3) \
         FROM numbers({length})",
        kinds.join(", "),
        key.id()
    );
    for sql in ["TRUNCATE TABLE suppressed", &fill] {
        client.query(sql).execute().await.expect("a list");
    }
}
