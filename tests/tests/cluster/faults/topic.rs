//! What brokers and operators do to the topic. What it loses of records that nobody has read, the edges' logs still have.

use super::group::{again, group, stop};
use super::pass;
use crate::world::{PARTITIONS, World, lock};
use anyhow::{Result, ensure};
use footfall_tests::seed::Seed;
use std::time::Duration;

/// Above it the topic is made anew first: a suite adds partitions many times.
const MOST: u32 = 48;

/// 12 -> 24, later more.
pub(super) fn partitions_added(world: &World) -> Result<()> {
    let has_most = {
        let (_topic, _broker) = (lock(&world.topic), lock(&world.broker));
        world.kafka.partitions()? >= MOST
    };
    if has_most {
        recreated(world, &mut Seed::new(1))?;
    }
    let _topic = lock(&world.topic);
    let _broker = lock(&world.broker);
    world.kafka.grow(world.kafka.partitions()? + PARTITIONS)?;
    world.wait_for_more(100)
}

/// Deleted under load, and made anew by `footfall topics`.
pub(super) fn recreated(world: &World, seed: &mut Seed) -> Result<()> {
    let _topic = lock(&world.topic);
    let edges = world.ingests.each_ref().map(lock);
    let members = world.all();
    let (_broker, _engine, _network) = (lock(&world.broker), lock(&world.engine), lock(&world.network));
    world.kafka.delete()?;
    pass(seed, Duration::from_secs(4));
    world.wiring.run(&["topics"])?;
    // Also of what is sent from now on, so that all that the old topic took lies below.
    world.wait_for_more(100)?;
    std::thread::sleep(Duration::from_secs(5));
    drop(members);
    world.send_again(&world.heights()?, &[&edges[0], &edges[1]])
}

/// Records are removed before anybody has read them.
pub(super) fn retention(world: &World, seed: &mut Seed) -> Result<()> {
    let renamed = lock(&world.topic);
    let edges = world.ingests.each_ref().map(lock);
    let mut members = world.all();
    let (_broker, _engine, _network) = (lock(&world.broker), lock(&world.engine), lock(&world.network));
    stop(world, &mut members)?;
    std::thread::sleep(Duration::from_secs(2));
    pass(seed, Duration::from_secs(3));
    let removed = world.kafka.remove_records(&group(*renamed))?;
    ensure!(removed > 0, "there was nothing to remove");
    again(&mut members)?;
    world.wait_for_more(100)?;
    std::thread::sleep(Duration::from_secs(5));
    world.send_again(&world.heights()?, &[&edges[0], &edges[1]])
}
