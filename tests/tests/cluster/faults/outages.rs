//! Brokers or ClickHouse away for longer. Ingest takes everything meanwhile.

use super::pass;
use crate::world::{World, lock};
use anyhow::{Result, ensure};
use footfall_tests::proxy::Mode;
use footfall_tests::seed::Seed;
use std::time::Duration;

/// Events per second while the broker is away at full length.
const RATE: u64 = 2_000;

/// Killed, or frozen: its connections stay open and silent.
pub(super) fn broker(world: &World, long: bool, seed: &mut Seed) -> Result<()> {
    let edges: Vec<_> = world.ingests.iter().map(lock).collect();
    let mut broker = lock(&world.broker);
    let rate = long.then(|| world.load.set_rate(RATE));
    // Of an ingest that another fault has just replaced, clients learn with their next request, within a second.
    std::thread::sleep(Duration::from_millis(1_500));
    drop(world.load.tally());
    let frozen = seed.below(2) == 0;
    if frozen {
        broker.stop();
    } else {
        broker.kill9();
    }
    let length = if long { 120 } else { 12 };
    std::thread::sleep(Duration::from_secs(length));
    let tally = world.load.tally();
    if frozen {
        broker.cont();
    } else {
        broker.restart()?;
    }
    if let Some(rate) = rate {
        world.load.set_rate(rate);
    }
    drop(edges);
    let how = if frozen { "frozen" } else { "killed" };
    lock(&world.seen).outages.push(format!(
        "broker {how} for {length} s: {} requests with {} events, {} not taken; p50 {:.1?}, p99 {:.1?}, max {:.1?}",
        tally.requests,
        tally.events,
        tally.not_taken,
        tally.latencies.percentile(0.5),
        tally.latencies.percentile(0.99),
        tally.latencies.percentile(1.0),
    ));
    ensure!(
        tally.not_taken == 0,
        "{} of {} requests were not taken without a broker: {:?}",
        tally.not_taken,
        tally.requests,
        tally.reasons
    );
    Ok(())
}

/// Killed, frozen, or not to be reached.
pub(super) fn clickhouse(world: &World, long: bool, seed: &mut Seed) -> Result<()> {
    let mut engine = lock(&world.engine);
    let _network = lock(&world.network);
    let how = *seed.pick(&["killed", "frozen", "unreachable"]);
    match how {
        "killed" => engine.kill9()?,
        "frozen" => engine.signal(libc::SIGSTOP),
        _ => world.proxy.set(Mode::Refuse),
    }
    let length = if long { 300 } else { 15 };
    std::thread::sleep(Duration::from_secs(length));
    pass(seed, Duration::from_secs(3));
    match how {
        "killed" => engine.again()?,
        "frozen" => engine.signal(libc::SIGCONT),
        _ => world.proxy.set(Mode::Pass),
    }
    lock(&world.seen)
        .outages
        .push(format!("ClickHouse {how} for {length} s"));
    Ok(())
}
