//! Records that no edge of this release sends.

use super::group::{again, stop};
use crate::world::{World, lock};
use anyhow::{Result, ensure};
use footfall_tests::books::number;
use footfall_tests::footfall::eventually;
use footfall_tests::seed::Seed;
use uuid::Uuid;

const SKIP: &str = "FOOTFALL_PROCESSOR_SKIP_UNKNOWN_VERSION";

/// Goes to the ledger with its bytes; the rest goes on.
pub(super) fn poison(world: &World) -> Result<()> {
    let _topic = lock(&world.topic);
    let (_broker, _engine) = (lock(&world.broker), lock(&world.engine));
    let unreadable = || entries(world, "reason = 'unreadable'");
    let before = unreadable()?;
    let log = world.kafka.poison(10)?;
    let strangers = world.kafka.strangers()?;
    eventually("poison in the ledger", || {
        let there = unreadable()? - before;
        ensure!(
            there == 10 + strangers,
            "{there} of {} records are there",
            10 + strangers
        );
        let of_log = entries(world, &format!("log_id = '{log}'"))?;
        ensure!(
            of_log == 11,
            "{of_log} of 11 numbers of the poison's log are there"
        );
        Ok(())
    })
}

/// Stops its partition, and only that; until an operator says that it will never be known, by a command or by a setting.
pub(super) fn unknown_version(world: &World, seed: &mut Seed) -> Result<()> {
    let _topic = lock(&world.topic);
    let mut members = world.all();
    let (_broker, _engine, _network) = (lock(&world.broker), lock(&world.engine), lock(&world.network));
    let partitions = u64::from(world.kafka.partitions()?);
    let log = world.kafka.of_tomorrow(u32::try_from(seed.below(partitions))?)?;
    eventually("the alarm", || {
        let alarms = members.iter().map(|member| {
            member
                .service
                .metric("footfall_processor_alarms_total{kind=\"unknown_version\"")
        });
        let alarms: f64 = alarms.sum::<Result<f64>>()?;
        ensure!(alarms > 0.0, "none");
        Ok(())
    })?;
    world.wait_for_more(200)?;
    let there = entries(world, &format!("log_id = '{log}'"))?;
    ensure!(there == 0, "a record of an unknown version has a fate already");
    if seed.below(2) == 0 {
        world.wiring.run(&["ledger", "skip", &log.to_string(), "1"])?;
        return skipped(world, &log);
    }
    for skip in ["true", "false"] {
        stop(world, &mut members)?;
        members
            .iter_mut()
            .for_each(|member| member.service.set(SKIP, skip));
        again(&mut members)?;
        skipped(world, &log)?;
    }
    Ok(())
}

fn skipped(world: &World, log: &Uuid) -> Result<()> {
    eventually("the unknown version in the ledger", || {
        let there = entries(world, &format!("log_id = '{log}' AND reason = 'unknown_version'"))?;
        ensure!(there == 1, "{there} entries");
        Ok(())
    })
}

fn entries(world: &World, which: &str) -> Result<u64> {
    number(
        world.home(),
        &format!("SELECT count() AS n FROM footfall.ledger WHERE {which}"),
    )
}
