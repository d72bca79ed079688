//! What a take-over costs: seconds from `kill -9`, or SIGTERM, of one of two processors until its peer has the first row of
//! its partitions in the table, and until rows there are no older than a second again.
//!
//! An unclean one takes a session time-out of Kafka's (10 s), and then the time for which inserts of the dead may still
//! come (10 s); a clean one neither.

use crate::number;
use crate::process::median;
use anyhow::{Context, Result, ensure};
use footfall_tests::books::query;
use footfall_tests::cluster::Cluster;
use footfall_tests::footfall::{Home, eventually};
use footfall_tests::load::now_ms;
use footfall_tests::seed::Seed;
use footfall_tests::service::Service;
use footfall_tests::steady::Steady;
use footfall_topics::partition_of;
use std::collections::BTreeSet;
use std::time::Duration;

/// Events a second, so that every partition has some at any time.
const RATE: u64 = 1_000;

/// Both kinds, some times each.
pub fn measure(cluster: &Cluster, partitions: u32) -> Result<()> {
    let ingest = cluster.wiring.ingest("take-over")?;
    let (one, two) = (cluster.wiring.processor("one")?, cluster.wiring.processor("two")?);
    let (home, load) = (cluster.wiring.home(&ingest), Steady::new(RATE));
    std::thread::scope(|scope| {
        scope.spawn(|| load.run(std::slice::from_ref(&home), 8, &mut Seed::from_env()));
        let measured = rounds(&home, partitions, one, two);
        load.end();
        measured
    })
}

fn rounds(home: &Home, partitions: u32, mut one: Service, two: Service) -> Result<()> {
    println!("\nseconds of a take-over at {RATE} events/s       first row   rows no older than 1 s");
    for (label, clean) in [("kill -9", false), ("in good order", true)] {
        let mut seen = (Vec::new(), Vec::new());
        for _ in 0..number("BENCH_TAKEOVERS", 3) {
            let theirs = shared(&one, &two, partitions)?;
            let gone = now_ms();
            let from = if clean {
                one.stop()?;
                now_ms()
            } else {
                one.kill9()?;
                gone
            };
            let first = wait(home, &theirs, partitions, || from)?;
            let fresh = wait(home, &theirs, partitions, || now_ms() - 1_000)?;
            seen.0.push(seconds(first - gone));
            seen.1.push(seconds(fresh - gone));
            one.again()?;
        }
        println!("{label:<44} {:>9.2}   {:>9.2}", median(seen.0), median(seen.1));
    }
    Ok(())
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1e3
}

/// Waits until both have partitions, all of them together, and gives those of the first.
fn shared(one: &Service, two: &Service, partitions: u32) -> Result<BTreeSet<u32>> {
    let owned = eventually("two processors that share", || {
        let (first, second) = (owned(one)?, owned(two)?);
        let all = first.len() + second.len();
        ensure!(
            !first.is_empty()
                && !second.is_empty()
                && all == partitions as usize
                && first.is_disjoint(&second),
            "{first:?} and {second:?}"
        );
        Ok(first)
    })?;
    // A partition that has just changed hands is looked at before anything is inserted.
    std::thread::sleep(Duration::from_secs(2));
    Ok(owned)
}

/// What a processor owns since its last start, by what it has printed.
fn owned(service: &Service) -> Result<BTreeSet<u32>> {
    let text = service.printed();
    let start = text.rfind("reading ").unwrap_or_default();
    let mut owned = BTreeSet::new();
    for line in text.get(start..).unwrap_or_default().lines() {
        if line.contains("\"message\":\"assigned\"") {
            owned = list(line, "\"all\":\"[")?;
        } else if line.contains("\"message\":\"revoked\"") {
            let revoked = list(line, "\"partitions\":\"[")?;
            owned.retain(|partition| !revoked.contains(partition));
        }
    }
    Ok(owned)
}

fn list(line: &str, name: &str) -> Result<BTreeSet<u32>> {
    let (_, rest) = line.split_once(name).with_context(|| line.to_owned())?;
    let (numbers, _) = rest.split_once(']').with_context(|| line.to_owned())?;
    let numbers = numbers.split(", ").filter(|number| !number.is_empty());
    numbers.map(|number| Ok(number.parse()?)).collect()
}

/// When the table first had a row of these partitions that was received after `since`, unix ms.
fn wait(home: &Home, of: &BTreeSet<u32>, partitions: u32, since: impl Fn() -> i64) -> Result<i64> {
    eventually("a row of the partitions that changed hands", || {
        let sql = format!(
            "SELECT DISTINCT toString(visitor_id) AS visitor FROM footfall.events WHERE received_at > fromUnixTimestamp64Milli({})",
            since()
        );
        let rows = query(home, &sql)?;
        let mut visitors = rows.iter().filter_map(|row| row["visitor"].as_str());
        ensure!(
            visitors.any(|visitor| of.contains(&partition_of(visitor.as_bytes(), partitions))),
            "none yet"
        );
        Ok(now_ms())
    })
}
