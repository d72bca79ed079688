//! What happens to the consumer group: members come and go, positions are set back, another name.

use super::pass;
use crate::world::{Member, World, lock};
use anyhow::Result;
use footfall_tests::footfall::eventually;
use footfall_tests::seed::Seed;
use footfall_tests::service::Service;
use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::time::Duration;

const GROUP: &str = "FOOTFALL_KAFKA_GROUP";

/// Processors join, insert, and leave again; one in four is killed instead.
pub(super) fn rebalances(world: &World, seed: &mut Seed) -> Result<()> {
    let renamed = lock(&world.topic);
    let url = format!("http://{}", world.proxy.address);
    let wiring = world
        .wiring
        .with(&[("CLICKHOUSE_URL", &url), (GROUP, &group(*renamed))]);
    let mut guests = Vec::new();
    for name in ["guest-1", "guest-2"] {
        guests.push(wiring.processor(name)?);
        pass(seed, Duration::from_secs(4));
    }
    for guest in &mut guests {
        if seed.below(4) == 0 {
            guest.kill9()?;
        } else {
            guest.end()?;
        }
        pass(seed, Duration::from_secs(2));
    }
    Ok(())
}

/// Everything is read again.
pub(super) fn offsets_to_earliest(world: &World) -> Result<()> {
    let renamed = lock(&world.topic);
    let mut members = world.all();
    let (_broker, _engine, _network) = (lock(&world.broker), lock(&world.engine), lock(&world.network));
    stop(world, &mut members)?;
    eventually("a group without members", || {
        world.kafka.set_positions(&group(*renamed), 0)
    })?;
    again(&mut members)
}

/// A group of another name has no positions at all.
pub(super) fn renamed(world: &World) -> Result<()> {
    let mut renamed = lock(&world.topic);
    let mut members = world.all();
    let (_broker, _engine, _network) = (lock(&world.broker), lock(&world.engine), lock(&world.network));
    stop(world, &mut members)?;
    *renamed += 1;
    for member in &mut members {
        member.service.set(GROUP, &group(*renamed));
    }
    again(&mut members)
}

pub(super) fn group(renamed: u64) -> String {
    match renamed {
        0 => "footfall".to_owned(),
        times => format!("footfall-{times}"),
    }
}

/// The one that it was started in.
pub(super) fn group_of(service: &Service) -> String {
    service.variable(GROUP).unwrap_or_else(|| group(0))
}

/// In good order; with other faults at the same time as far as that is possible.
pub(crate) fn stop(world: &World, members: &mut [MutexGuard<'_, Member>]) -> Result<()> {
    // All at once, so that partitions are not handed on from one to the next.
    for member in members.iter() {
        member.service.signal(libc::SIGTERM);
    }
    let mixed = world.mixed.load(Ordering::Relaxed);
    members.iter_mut().try_for_each(|member| {
        if mixed {
            member.service.stopped_or_late()
        } else {
            member.service.stopped()
        }
    })
}

pub(crate) fn again(members: &mut [MutexGuard<'_, Member>]) -> Result<()> {
    members.iter_mut().try_for_each(|member| member.service.again())
}
