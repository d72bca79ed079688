//! What a request costs: CPU-µs of ours beside a bare axum handler that reads and drops the same body.
//!
//! `cargo bench -p footfall-ingest --bench edge`. Each server is a process of its own, pinned to core 0; the load comes
//! from core 1 ([`load`]). Each connection is a visitor whom a campaign has brought, and who comes back with the cookie of
//! the last answer. Rounds are interleaved, figures are medians of rounds, CPU time is the kernel's count for all threads of
//! the server. Ratios hold between machines, absolute figures do not. `FOOTFALL_BENCH_ROUNDS` and `FOOTFALL_BENCH_SECONDS`
//! change the effort.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and ends where it cannot go on"
)]

mod bodies;
mod child;
mod load;
mod slow;
mod stages;

use child::Child;
use load::Load;
use std::time::Duration;

/// One line of the table.
struct Case {
    label: &'static str,
    server: &'static str,
    connections: usize,
    batch: bool,
}

const CASES: [Case; 6] = [
    Case {
        label: "bare axum, 64 connections",
        server: "bare",
        connections: 64,
        batch: false,
    },
    Case {
        label: "footfall, 64 connections",
        server: "ours",
        connections: 64,
        batch: false,
    },
    Case {
        label: "bare axum, 512 connections",
        server: "bare",
        connections: 512,
        batch: false,
    },
    Case {
        label: "footfall, 512 connections",
        server: "ours",
        connections: 512,
        batch: false,
    },
    Case {
        label: "footfall, batches of 50, gzip",
        server: "ours",
        connections: 64,
        batch: true,
    },
    Case {
        label: "footfall, no cookies, 64",
        server: "anonymous",
        connections: 64,
        batch: false,
    },
];

/// What one round showed.
#[derive(Clone, Copy, Default)]
struct Round {
    cpu_us: f64,
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
    fsync_us: f64,
    /// Records per fdatasync.
    group: f64,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (what, of) = (arguments.next(), arguments.next());
    if what.as_deref() == Some("serve") {
        return child::serve(&of.unwrap());
    }
    pin(1);
    if what.as_deref() == Some("case") {
        return one(of.unwrap().parse().unwrap());
    }
    let rounds = number("FOOTFALL_BENCH_ROUNDS", 5);
    let seconds = Duration::from_secs(number("FOOTFALL_BENCH_SECONDS", 2));
    let batches = bodies::batches();
    let mut measured: Vec<Vec<Round>> = CASES.iter().map(|_| Vec::new()).collect();
    for _ in 0..rounds {
        for (case, into) in CASES.iter().zip(&mut measured) {
            into.push(round(case, seconds, &batches));
        }
    }
    let medians: Vec<_> = measured.iter().map(|rounds| median(rounds)).collect();
    report(&medians);
    stages::report(medians[1].cpu_us, medians[0].cpu_us);
    slow::report();
}

/// One case alone, for a profiler: `perf record -C 0 -g -- edge case 1`.
fn one(case: usize) {
    let seconds = Duration::from_secs(number("FOOTFALL_BENCH_SECONDS", 8));
    let seen = round(&CASES[case], seconds, &bodies::batches());
    println!(
        "{}: {:.2} CPU-µs, {:.0} requests/s, {:.0} records per group, fdatasync {:.0} µs",
        CASES[case].label, seen.cpu_us, seen.per_second, seen.group, seen.fsync_us
    );
}

fn round(case: &Case, seconds: Duration, batches: &[Vec<u8>]) -> Round {
    let child = Child::start(case.server);
    let load = Load {
        to: child.public,
        connections: case.connections,
        batches: case.batch.then_some(batches),
        returning: case.server == "ours",
    };
    load.run(Duration::from_millis(500));
    let before = child.cpu();
    let seen = load.run(seconds);
    let cpu = child.cpu() - before;
    #[expect(clippy::cast_precision_loss, reason = "a benchmark's figures")]
    let requests = seen.micros.len() as f64;
    let fsync_us = child.figure("footfall_log_fsync_p50_seconds") * 1e6;
    let groups = child.figure("footfall_log_groups_total").max(1.0);
    let group = child.figure("footfall_log_appended_total") / groups;
    child.stop();
    Round {
        cpu_us: cpu.as_secs_f64() * 1e6 / requests,
        per_second: requests / seen.took.as_secs_f64(),
        p50_us: seen.percentile(50),
        p99_us: seen.percentile(99),
        fsync_us,
        group,
    }
}

fn report(medians: &[Round]) {
    println!(
        "{:<31} {:>8} {:>11} {:>9} {:>9} {:>14} {:>6}",
        "one core", "CPU µs", "requests/s", "p50 µs", "p99 µs", "fdatasync p50", "group"
    );
    for (case, round) in CASES.iter().zip(medians) {
        let Round {
            cpu_us,
            per_second,
            p50_us,
            p99_us,
            fsync_us,
            group,
        } = round;
        println!(
            "{:<31} {cpu_us:>8.1} {per_second:>11.0} {p50_us:>9.0} {p99_us:>9.0} {fsync_us:>11.0} µs {group:>6.0}",
            case.label
        );
    }
    let ratio = |bare: usize, ours: usize| medians[bare].cpu_us / medians[ours].cpu_us;
    println!(
        "bare / ours, 64 connections:  {:.2}, without cookies {:.2}   (without: aim 0.7, at least 0.5)",
        ratio(0, 1),
        ratio(0, 5)
    );
    println!("bare / ours, 512 connections: {:.2}", ratio(2, 3));
    let (with, without) = (medians[1].cpu_us, medians[5].cpu_us);
    println!(
        "cookie read and renewed, session, consent, token: + {:.2} µs = {:.1} %   (at most 15)",
        with - without,
        100.0 * (with - without) / without
    );
    let batch = f64::from(bodies::BATCH);
    println!(
        "events per CPU-second: single {:.0}, batches {:.0}, {:.1} times as many   (at least 5)",
        1e6 / medians[1].cpu_us,
        batch * 1e6 / medians[4].cpu_us,
        medians[1].cpu_us * batch / medians[4].cpu_us,
    );
}

/// The median of each figure for itself.
fn median(rounds: &[Round]) -> Round {
    let of = |figure: fn(&Round) -> f64| {
        let mut figures: Vec<_> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Round {
        cpu_us: of(|round| round.cpu_us),
        per_second: of(|round| round.per_second),
        p50_us: of(|round| round.p50_us),
        p99_us: of(|round| round.p99_us),
        fsync_us: of(|round| round.fsync_us),
        group: of(|round| round.group),
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// Keeps this process on one core.
fn pin(core: usize) {
    // SAFETY: the set is a plain bit mask that lives through the call.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set)
    };
    assert_eq!(failed, 0, "could not pin to core {core}: two cores are needed");
}
