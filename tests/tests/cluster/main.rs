//! The cluster from outside: several ingests, a real Kafka, several processors, the real engine.
//!
//! Here: events by value, end to end. `all_faults`: whatever happens to the cluster; `plan`, `world` and `faults` are its parts.
//! It takes longest, and is first by name: tests begin in that order, two at a time in the everyday run.
//! `lost`: records that no copy has any more; `refusals`: those that still have one. `operator`: what other commands do;
//! `gone`: a ClickHouse server is gone for good, `restore`: it was, and there is a back-up. `three_brokers`: one of three killed
//! at a time. `secure`: TLS, passwords and https everywhere, right and wrong ones; `rights`: users who may do a part.
//! `privacy`: what is nowhere. `upgrade`: tables of a later release, and whether all works; `erase`: who was erased stays so;
//! `retention`: what has expired too.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends at the first wrong thing, and says what it counted"
)]

mod all_faults;
mod erase;
mod faults;
mod gone;
mod lost;
mod operator;
mod plan;
mod privacy;
mod refusals;
mod restore;
mod retention;
mod rights;
mod secure;

mod three_brokers;
mod upgrade;
mod world;

use footfall_tests::books;
use footfall_tests::cluster::Cluster;
use footfall_tests::footfall::Home;
use footfall_tests::load::{self, Control, Outcome, Plan, Witness};
use footfall_tests::seed::Seed;
use footfall_tests::service::Service;
use std::time::{Duration, Instant};

/// Events of the run; `TEST_EVENTS` overrides (500,000 in the full run).
const EVENTS: u64 = 60_000;

/// Sends the same plan to each home at once; what became of all.
fn send(homes: &[Home], plan: &Plan, seed: &mut Seed, control: &Control) -> Witness {
    std::thread::scope(|scope| {
        let loads: Vec<_> = homes
            .iter()
            .map(|home| {
                let mut own = seed.fork();
                scope.spawn(move || load::run(home, plan, &mut own, control).0)
            })
            .collect();
        loads.into_iter().flat_map(|load| load.join().unwrap()).collect()
    })
}

/// How many events these are, of which none was refused or left without an answer.
fn acknowledged(witness: &Witness) -> u64 {
    assert!(
        witness
            .values()
            .all(|(outcome, _)| *outcome == Outcome::Acknowledged)
    );
    witness.len() as u64
}

/// Holds everything against the table by value, then the books.
fn settle(name: &str, home: &Home, witness: &Witness, services: &[&Service]) {
    let printed = || {
        let texts: Vec<_> = services.iter().map(|service| service.printed()).collect();
        texts.join("\n----\n")
    };
    let checked =
        books::check(home, witness).unwrap_or_else(|error| panic!("{name}: {error:?}\n{}", printed()));
    let books = books::balanced(home).unwrap_or_else(|error| panic!("{name}: {error:?}\n{}", printed()));
    println!("{name}: {} events, {checked:?}, {books:?}", witness.len());
}

/// All at once: partitions are not handed on from one that is to stop to the next.
fn stop_all<'a>(services: impl IntoIterator<Item = &'a mut Service>) {
    let services: Vec<_> = services.into_iter().collect();
    for service in &services {
        service.signal(libc::SIGTERM);
    }
    for service in services {
        service.stopped().unwrap();
    }
}

#[test]
fn every_event_is_in_the_table_once_as_it_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), 12).unwrap();
    let mut ingests = ["edge-1", "edge-2"].map(|name| cluster.wiring.ingest(name).unwrap());
    let mut processors = ["p-1", "p-2", "p-3"].map(|name| cluster.wiring.processor(name).unwrap());
    let homes = ingests.each_ref().map(|ingest| cluster.wiring.home(ingest));
    let events = std::env::var("TEST_EVENTS").map_or(EVENTS, |text| text.parse().unwrap());
    let plan = Plan {
        clients: 8,
        events,
        batch: 50,
        pause: Duration::ZERO,
    };
    let started = Instant::now();
    let witness = send(&homes, &plan, &mut Seed::from_env(), &Control::default());
    let sent = started.elapsed();
    let all: Vec<_> = ingests.iter().chain(&processors).collect();
    settle("cluster", &homes[0], &witness, &all);
    println!("sent in {sent:.1?}, all there after {:.1?}", started.elapsed());
    stop_all(ingests.iter_mut().chain(&mut processors));
    // The logs' closing marks are sent at the stop; somebody has to be there to read them.
    let mut last = cluster.wiring.processor("p-4").unwrap();
    settle("cluster, stopped", &homes[0], &witness, &[&last]);
    books::closed(&homes[0]).unwrap();
    last.stop().unwrap();
}
