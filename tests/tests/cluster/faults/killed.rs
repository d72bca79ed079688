//! `kill -9` of one part; after a moment it is started again as it was.

use super::{one, pass};
use crate::world::{World, lock};
use anyhow::{Context, Result};
use footfall_tests::seed::Seed;
use std::time::Duration;

pub(super) fn ingest(world: &World, seed: &mut Seed) -> Result<()> {
    let mut ingest = lock(&world.ingests[one(seed, 2)]);
    ingest.kill9()?;
    pass(seed, Duration::from_secs(2));
    ingest.again()?;
    ingest.wait_ready()
}

/// Kafka notices after the session time-out, and the partitions wait for 10 s more.
pub(super) fn processor(world: &World, seed: &mut Seed) -> Result<()> {
    let mut member = lock(&world.processors[one(seed, 3)]);
    member.service.kill9()?;
    pass(seed, Duration::from_secs(5));
    member.service.again()
}

pub(super) fn broker(world: &World, seed: &mut Seed) -> Result<()> {
    let mut broker = lock(&world.broker);
    broker.kill9();
    pass(seed, Duration::from_secs(3));
    Ok(broker.restart()?)
}

pub(super) fn engine(world: &World, seed: &mut Seed) -> Result<()> {
    let mut engine = lock(&world.engine);
    engine.kill9()?;
    pass(seed, Duration::from_secs(3));
    engine.again()
}

/// The forwarder begins at the oldest number that the log still has.
pub(super) fn position_lost(world: &World, seed: &mut Seed) -> Result<()> {
    let mut ingest = lock(&world.ingests[one(seed, 2)]);
    ingest.kill9()?;
    let cursors = ingest.data.join("log/cursors");
    let positions = std::fs::read_dir(&cursors).with_context(|| format!("read {}", cursors.display()))?;
    for position in positions {
        std::fs::remove_file(position?.path())?;
    }
    ingest.again()?;
    ingest.wait_ready()
}
