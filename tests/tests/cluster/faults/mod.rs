//! What is done to the cluster. Each returns when the disturbance is over and everything runs again; what comes after is
//! recovery, and measured.

pub(crate) mod group;
mod killed;
mod network;
mod outages;
mod records;
mod topic;
mod zombies;

use crate::plan::Fault;
use crate::world::World;
use anyhow::Result;
use footfall_tests::gate::Hold;
use footfall_tests::proxy::Mode;
use footfall_tests::seed::Seed;
use std::time::Duration;

/// Does it. `long`: an outage at full length.
pub(crate) fn inject(world: &World, fault: Fault, long: bool, seed: &mut Seed) -> Result<()> {
    match fault {
        Fault::IngestKilled => killed::ingest(world, seed),
        Fault::ProcessorKilled => killed::processor(world, seed),
        Fault::BrokerKilled => killed::broker(world, seed),
        Fault::EngineKilled => killed::engine(world, seed),
        Fault::ZombieLate => zombies::zombie(world, Hold::Whole, seed),
        Fault::ZombieBegun => zombies::zombie(world, Hold::Middle, seed),
        Fault::Rebalances => group::rebalances(world, seed),
        Fault::AnswersCut => network::disturbed(world, Mode::CutAnswers, seed),
        Fault::BodiesCut => network::disturbed(world, Mode::CutRequests, seed),
        Fault::AnswersDelayed => network::disturbed(world, *seed.pick(&[Mode::Slow, Mode::Stuck]), seed),
        Fault::AnswersHalfClosed => network::disturbed(world, Mode::HalfClose, seed),
        Fault::BrokerAway => outages::broker(world, long, seed),
        Fault::ClickHouseAway => outages::clickhouse(world, long, seed),
        Fault::OffsetsEarliest => group::offsets_to_earliest(world),
        Fault::GroupRenamed => group::renamed(world),
        Fault::PartitionsAdded => topic::partitions_added(world),
        Fault::TopicRecreated => topic::recreated(world, seed),
        Fault::PositionLost => killed::position_lost(world, seed),
        Fault::Poison => records::poison(world),
        Fault::UnknownVersion => records::unknown_version(world, seed),
        Fault::Retention => topic::retention(world, seed),
    }
}

/// A moment somewhere in the next `most`.
fn pass(seed: &mut Seed, most: Duration) {
    let most = u64::try_from(most.as_millis()).unwrap_or(1);
    std::thread::sleep(Duration::from_millis(seed.below(most)));
}

/// Which of several.
fn one(seed: &mut Seed, count: usize) -> usize {
    usize::try_from(seed.below(count as u64)).unwrap_or(0)
}
