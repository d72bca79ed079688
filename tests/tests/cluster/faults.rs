//! Whatever part of the cluster is killed, frozen or away under load: nothing is lost, nothing is doubled.

use crate::{send, settle};
use footfall_tests::cluster::Cluster;
use footfall_tests::load::{Control, Plan};
use footfall_tests::seed::Seed;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A steady load that everybody keeps up with.
const STEADY: Plan = Plan {
    clients: 4,
    events: u64::MAX,
    batch: 30,
    pause: Duration::from_millis(4),
};

fn rounds(short: u64, full: u64) -> u64 {
    let is_full = std::env::var("TEST_FAULTS").is_ok_and(|text| text == "full");
    if is_full { full } else { short }
}

fn pass(seed: &mut Seed, most: Duration) {
    let most = u64::try_from(most.as_millis()).unwrap();
    std::thread::sleep(Duration::from_millis(seed.below(most)));
}

#[test]
fn whatever_is_killed_nothing_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::start(folder.path(), 12).unwrap();
    let mut ingests = ["edge-1", "edge-2"].map(|name| cluster.ingest(name).unwrap());
    let mut processors = ["p-1", "p-2"].map(|name| cluster.processor(name).unwrap());
    let homes = ingests.each_ref().map(|ingest| cluster.home(ingest));
    let mut seed = Seed::from_env();
    let (control, mut own) = (Control::default(), seed.fork());
    let witness = std::thread::scope(|scope| {
        let load = scope.spawn(|| send(&homes, &STEADY, &mut own, &control));
        let end = EndOfLoad(&control);
        for round in 0..rounds(4, 40) {
            pass(&mut seed, Duration::from_secs(6));
            let which = usize::try_from(seed.below(2)).unwrap();
            match round % 4 {
                0 => {
                    ingests[which].kill9().unwrap();
                    pass(&mut seed, Duration::from_secs(2));
                    ingests[which].again().unwrap();
                }
                1 => {
                    processors[which].kill9().unwrap();
                    pass(&mut seed, Duration::from_secs(5));
                    processors[which].again().unwrap();
                }
                2 => {
                    cluster.broker.kill9();
                    pass(&mut seed, Duration::from_secs(5));
                    cluster.broker.restart().unwrap();
                }
                // Longer than the session: the others take over, and it comes back in the middle of something.
                _ => {
                    processors[which].signal(libc::SIGSTOP);
                    std::thread::sleep(Duration::from_secs(16));
                    processors[which].signal(libc::SIGCONT);
                }
            }
        }
        drop(end);
        load.join().unwrap()
    });
    let all: Vec<_> = ingests.iter().chain(&processors).collect();
    settle("kills and zombies", &homes[0], &witness, &all);
}

#[test]
fn without_a_broker_events_are_taken_and_drained_later() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::start(folder.path(), 4).unwrap();
    let ingest = cluster.ingest("edge-1").unwrap();
    let processor = cluster.processor("p-1").unwrap();
    let homes = [cluster.home(&ingest)];
    let (mut seed, control, refused) = (Seed::from_env(), Control::default(), AtomicBool::new(false));
    let witness = std::thread::scope(|scope| {
        let load = scope.spawn(|| send(&homes, &STEADY, &mut seed, &control));
        let end = EndOfLoad(&control);
        std::thread::sleep(Duration::from_secs(3));
        cluster.broker.kill9();
        std::thread::sleep(Duration::from_secs(rounds(15, 120)));
        cluster.broker.restart().unwrap();
        drop(end);
        load.join().unwrap()
    });
    for (outcome, _) in witness.values() {
        refused.fetch_or(
            *outcome != footfall_tests::load::Outcome::Acknowledged,
            Ordering::Relaxed,
        );
    }
    assert!(
        !refused.into_inner(),
        "an event was not taken: {}",
        ingest.printed()
    );
    settle(
        "a broker that is away",
        &homes[0],
        &witness,
        &[&ingest, &processor],
    );
}

/// Ends the load when it goes, also when the disturbance has panicked: the load would go on for ever.
struct EndOfLoad<'a>(&'a Control);

impl Drop for EndOfLoad<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}
