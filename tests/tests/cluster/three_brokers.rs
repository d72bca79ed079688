//! Three brokers, each record on two of them before it counts: any one may be killed, and nothing stops.

use footfall_broker::Options;
use footfall_tests::account::Account;
use footfall_tests::books::{balanced, number};
use footfall_tests::cluster::Wiring;
use footfall_tests::footfall::eventually;
use footfall_tests::seed::Seed;
use footfall_tests::server::Server;
use footfall_tests::steady::Steady;
use std::time::{Duration, Instant};

#[test]
fn one_of_three_brokers_may_be_killed_at_a_time_and_nothing_stops() {
    let folder = tempfile::tempdir().unwrap();
    let mut brokers = footfall_broker::Cluster::start(&Options::default()).unwrap();
    let clickhouse = Server::start(&folder.path().join("clickhouse")).unwrap();
    let wiring = Wiring::new(folder.path(), &brokers.bootstrap(), &clickhouse, 12, 3);
    wiring.prepare().unwrap();
    let mut ingests = ["edge-1", "edge-2"].map(|name| wiring.ingest(name).unwrap());
    let mut processors = ["p-1", "p-2", "p-3"].map(|name| wiring.processor(name).unwrap());
    let homes = ingests.each_ref().map(|ingest| wiring.home(ingest));
    let mut seed = Seed::from_env();
    let (load, mut own, mut account) = (Steady::new(1_000), seed.fork(), Account::default());
    let rows = || number(&homes[0], "SELECT count() AS n FROM footfall.events");
    std::thread::scope(|scope| {
        scope.spawn(|| load.run(&homes, 4, &mut own));
        let end = EndOfLoad(&load);
        let arrive = |what: &str| {
            let (before, began) = (rows().unwrap(), Instant::now());
            eventually(what, || {
                let there = rows()?;
                anyhow::ensure!(there > before + 1_000, "{there} rows, were {before}");
                Ok(())
            })
            .unwrap();
            println!(
                "three brokers: 1,000 more rows {what} after {:.1?}",
                began.elapsed()
            );
        };
        arrive("with all of them");
        for broker in &mut brokers.brokers {
            broker.kill9();
            // Not only what was on its way already.
            arrive("without one");
            arrive("without one, again");
            broker.restart().unwrap();
            arrive("with it");
        }
        drop(end);
    });
    let tally = load.tally();
    let not_taken = tally.not_taken;
    println!(
        "three brokers: {} requests, {not_taken} not taken, p99 {:.1?}",
        tally.requests,
        tally.latencies.percentile(0.99)
    );
    assert_eq!(not_taken, 0, "{:?}", tally.reasons);
    account.add(load.take());
    account.settle(&homes[0], Duration::from_secs(120)).unwrap();
    ingests.iter_mut().for_each(|ingest| ingest.stop().unwrap());
    let books = balanced(&homes[0]).unwrap();
    let checked = account.finish(&homes[0]).unwrap();
    println!("three brokers: {checked:?}, {books:?}");
    processors
        .iter_mut()
        .for_each(|processor| processor.stop().unwrap());
}

struct EndOfLoad<'a>(&'a Steady);

impl Drop for EndOfLoad<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
