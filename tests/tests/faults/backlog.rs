//! A backlog: the engine is away while events come, then everything drains; memory does not grow with the backlog.

use crate::{is_full, while_the_engine_stands_still};
use footfall_tests::books;
use footfall_tests::footfall::{Home, eventually, signal};
use footfall_tests::load::{self, Control, Outcome, Plan};
use footfall_tests::seed::Seed;
use std::time::{Duration, Instant};

/// What the whole `footfall` process may hold, engine not counted.
const LIMIT_KIB: u64 = 512 * 1024;

#[test]
fn a_backlog_drains_in_bounded_memory() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::new(&folder.path().join("data")).unwrap();
    let mut seed = Seed::from_env();
    let mut footfall = home.start().unwrap();
    let times = if is_full() { 10 } else { 1 };
    let sent = while_the_engine_stands_still(&footfall, || send(&home, &mut seed, times));
    signal(footfall.engine().unwrap(), libc::SIGCONT);
    footfall.wait_ready().unwrap();
    let started = Instant::now();
    eventually("the backlog to drain", || books::wait_for_rows(&home, sent)).unwrap();
    let peak = peak_kib(footfall.pid()) / 1024;
    println!(
        "backlog of {sent} events drained in {:.1?}, peak of the process {peak} MiB",
        started.elapsed()
    );
    assert!(peak <= LIMIT_KIB / 1024, "the process took {peak} MiB");
    let count =
        |what: &str| books::number(&home, &format!("SELECT {what} AS n FROM footfall.events")).unwrap();
    assert_eq!((count("count()"), count("uniqExact(event_id)")), (sent, sent));
    println!("backlog: {:?}", books::balanced(&home).unwrap());
    footfall.stop().unwrap();
}

/// Sends `times` half a million events and gives how many were acknowledged. Only counted, not kept: by value is what
/// the other tests are for.
fn send(home: &Home, seed: &mut Seed, times: u64) -> u64 {
    let plan = Plan {
        clients: 8,
        events: 500_000,
        batch: 400,
        pause: Duration::ZERO,
    };
    let mut once = || {
        let (witness, _) = load::run(home, &plan, seed, &Control::default());
        assert!(
            witness
                .values()
                .all(|(outcome, _)| *outcome == Outcome::Acknowledged)
        );
        witness.len() as u64
    };
    (0..times).map(|_| once()).sum()
}

/// The most memory that a process ever held, KiB.
fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
