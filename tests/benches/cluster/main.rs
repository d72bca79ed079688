//! The cluster's figures, of the built product around a real Kafka and the engine in ClickHouse's place:
//! 1. `edge`: what forwarding costs an ingest;
//! 2. `takeover`: how long the partitions of a processor that is gone have no owner;
//! 3. `scaling`: what a second processor brings.
//!
//! `cargo bench -p footfall-tests --features kafka --bench cluster [-- <part>…]`; `TEST_BIN` names the binary, built with
//! Kafka in release. Everything shares one machine, so that ratios and CPU times count and rates are low. `BENCH_ROUNDS`,
//! `BENCH_SECONDS`, `BENCH_TAKEOVERS` and `BENCH_EVENTS` change the effort.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    unreachable_pub,
    reason = "a benchmark prints its figures, which are small, and is nobody's library; made bodies cannot fail"
)]

#[path = "../../../ingest/benches/edge/bodies.rs"]
mod bodies;
mod edge;
mod load;
mod process;
mod scaling;
mod takeover;

use anyhow::Result;
use footfall_tests::cluster::Cluster;

/// Of the topic.
const PARTITIONS: u32 = 12;

fn main() -> Result<()> {
    let words = std::env::args().skip(1).filter(|word| !word.starts_with('-'));
    let parts: Vec<String> = words.collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|one| one == part);
    machine();
    if wanted("edge") {
        // Load and broker share a core; the ingest has the other one.
        process::pin(&[1])?;
        let folder = tempfile::tempdir()?;
        edge::compare(folder.path(), &Cluster::start(folder.path(), PARTITIONS)?)?;
        process::pin(&[0, 1])?;
    }
    if wanted("takeover") {
        let folder = tempfile::tempdir()?;
        takeover::measure(&Cluster::start(folder.path(), PARTITIONS)?, PARTITIONS)?;
    }
    if wanted("scaling") {
        let folder = tempfile::tempdir()?;
        scaling::compare(&Cluster::start(folder.path(), PARTITIONS)?)?;
    }
    Ok(())
}

/// What the figures hold for.
fn machine() {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.unwrap_or_default().trim_start_matches(['\t', ' ', ':']);
    println!("{cores} cores, {model}");
}

fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}
