//! What has been kept for long enough goes from a cluster, also when two operators let it go at once, and does not come back from
//! what Kafka still has. Clocks, sites, kills in the middle: `deploy/footfall/tests/one_machine/retention.rs`.

use crate::{acknowledged, send};
use footfall_tests::books::{self, number};
use footfall_tests::cluster::{Cluster, Wiring};
use footfall_tests::footfall::{Home, eventually};
use footfall_tests::load::{Control, Plan};
use footfall_tests::seed::Seed;
use serde_json::Value;
use std::time::Duration;

fn come(homes: &[Home], seed: &mut Seed) -> u64 {
    let plan = Plan {
        clients: 4,
        events: 10_000,
        batch: 50,
        pause: Duration::ZERO,
    };
    acknowledged(&send(homes, &plan, seed, &Control::default()))
}

fn rows(home: &Home, wanted: u64) {
    eventually("rows", || {
        let rows = number(home, "SELECT count() AS n FROM footfall.events")?;
        anyhow::ensure!(rows == wanted, "{rows} of {wanted}");
        Ok(())
    })
    .unwrap();
}

/// An operator's run, as if it were that time; gives how many events expired.
fn retention(wiring: &Wiring, name: &str, now: &str) -> u64 {
    let data = wiring.operator().with_file_name(name);
    std::fs::create_dir_all(&data).unwrap();
    let said = wiring
        .run_in(&data, &["retention", "--json", "--now", now])
        .unwrap();
    let report: Value = serde_json::from_str(&said).unwrap();
    report["events"]["demo"].as_u64().unwrap_or(0)
}

#[test]
fn what_has_expired_goes_once_and_does_not_come_back_from_kafka() {
    let folder = tempfile::tempdir().unwrap();
    let mut seed = Seed::from_env();
    let cluster = Cluster::start(folder.path(), 6).unwrap();
    // Who lets something go has to know which sites keep it longer.
    let sites = cluster.wiring.operator().join("sites.toml");
    let wiring = cluster.wiring.with(&[
        ("FOOTFALL_INGEST_SITES", sites.to_str().unwrap()),
        ("FOOTFALL_RETENTION_EVENTS", "30d"),
    ]);
    let mut ingests = ["edge-1", "edge-2"].map(|name| wiring.ingest(name).unwrap());
    let homes = ingests.each_ref().map(|ingest| wiring.home(ingest));
    let home = &homes[0];
    let mut processors = ["p-1", "p-2"].map(|name| wiring.processor(name).unwrap());
    let old = come(&homes, &mut seed);
    rows(home, old);
    eventually("the books are balanced", || books::balanced(home)).unwrap();

    let in_40_days = "SELECT formatDateTime(now('UTC') + INTERVAL 40 DAY, '%FT%TZ') AS now";
    let now = &books::query(home, in_40_days).unwrap()[0]["now"];
    let now = now.as_str().unwrap();
    let gone = std::thread::scope(|scope| {
        let runs = ["operator-1", "operator-2"].map(|name| scope.spawn(|| retention(&wiring, name, now)));
        runs.map(|run| run.join().unwrap())
    });
    println!("two runs at once let go of {gone:?} of {old} events");
    // Each of them gave a fate to what the other had not deleted yet.
    assert!(
        gone.iter().all(|events| *events <= old) && gone.iter().sum::<u64>() >= old,
        "{gone:?}"
    );
    assert_eq!(retention(&wiring, "operator-3", now), 0);
    rows(home, 0);
    let books = books::balanced(home).unwrap();
    assert!(books.ledger >= old, "{books:?}");

    // Everything that Kafka has is read again, and more comes.
    for processor in &mut processors {
        processor.stop().unwrap();
    }
    let again = wiring.with(&[("FOOTFALL_KAFKA_GROUP", "another")]);
    let mut last = again.processor("p-3").unwrap();
    let new = come(&homes, &mut seed);
    eventually("what was there is read again", || {
        let left_out = last.metric("footfall_processor_left_out_total")?;
        anyhow::ensure!(left_out >= old as f64, "{left_out} of {old} records left out");
        Ok(())
    })
    .unwrap();
    rows(home, new);
    let books = books::balanced(home).unwrap();
    println!("{new} new events, {books:?}");
    for ingest in &mut ingests {
        ingest.stop().unwrap();
    }
    last.stop().unwrap();
}
