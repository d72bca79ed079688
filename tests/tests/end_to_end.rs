//! End to end: many events over HTTP from many clients, every one in the table once, every field as it was sent.

use footfall_tests::books;
use footfall_tests::footfall::Home;
use footfall_tests::load::{self, Control, Plan};
use footfall_tests::seed::Seed;
use std::time::{Duration, Instant};

/// Events of the run; `TEST_EVENTS` overrides.
const EVENTS: u64 = 200_000;

#[test]
fn every_event_is_in_the_table_once_as_it_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(&folder.path().join("data")).unwrap();
    let footfall = home.start().unwrap();
    let events = std::env::var("TEST_EVENTS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(EVENTS);
    let plan = Plan {
        clients: 16,
        events,
        batch: 50,
        pause: Duration::ZERO,
    };
    let started = Instant::now();
    let (witness, latencies) = load::run(&home, &plan, &mut Seed::from_env(), &Control::default());
    let sent = started.elapsed();
    assert!(witness.len() as u64 >= events);
    let checked = books::check(&home, &witness).unwrap();
    assert_eq!(checked.acknowledged, witness.len(), "{checked:?}");
    let books = books::balanced(&home).unwrap();
    println!(
        "{} events sent in {sent:.1?} by 16 clients (2xx: p50 {:.1?}, p99 {:.1?}), all compared by value; {books:?}",
        witness.len(),
        latencies.percentile(0.5),
        latencies.percentile(0.99),
    );
    footfall.stop().unwrap();
}

#[test]
fn what_was_acknowledged_before_a_stop_is_there_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(&folder.path().join("data")).unwrap();
    let (mut seed, mut all) = (Seed::from_env(), load::Witness::new());
    for _ in 0..3 {
        let footfall = home.start().unwrap();
        let plan = Plan {
            clients: 4,
            events: 2_000,
            batch: 20,
            pause: Duration::ZERO,
        };
        all.extend(load::run(&home, &plan, &mut seed, &Control::default()).0);
        footfall.stop().unwrap();
    }
    let footfall = home.start().unwrap();
    let checked = books::check(&home, &all).unwrap();
    assert_eq!(checked.acknowledged, all.len());
    books::balanced(&home).unwrap();
    footfall.stop().unwrap();
}
