//! The cluster's figures, of the built product around a real Kafka and the engine in ClickHouse's place:
//! `edge`: what forwarding costs an ingest.
//!
//! `cargo bench -p footfall-tests --bench cluster [-- <part>…]`; `TEST_BIN` names the binary, built with Kafka in release.
//! Everything shares one machine, so that ratios and CPU times count and rates are low. `BENCH_ROUNDS` and
//! `BENCH_SECONDS` change the effort.
#![expect(
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark prints its figures, and is nobody's library"
)]

#[path = "../../../ingest/benches/edge/bodies.rs"]
mod bodies;
mod edge;
mod load;
mod process;

use anyhow::Result;

fn main() -> Result<()> {
    let parts: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|one| one == part);
    machine();
    if wanted("edge") {
        edge::compare()?;
    }
    Ok(())
}

/// What the figures hold for.
fn machine() {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or_default();
    println!("{cores} cores, {}", model.trim_start_matches(['\t', ' ', ':']));
}

fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}
