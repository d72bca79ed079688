//! What the brokers know of the group, asked without being a member of it: how far it is, and who wrote last where.

use crate::ask::AskError;
use crate::context::Context;
use crate::offsets::{self, Committed};
use crate::settings::Settings;
use footfall_delivery::Meta;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::Offset;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often positions are read while they are waited for.
const LOOK: Duration = Duration::from_millis(500);
/// How long one question to a broker may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client that asks, and the partitions that there are.
struct Observer {
    client: BaseConsumer<Context>,
    topic: String,
    partitions: Vec<i32>,
}

impl Observer {
    fn new(settings: &Settings) -> KafkaResult<Self> {
        let mut config = settings.reader(1);
        config.set("group.id", &settings.group);
        let client: BaseConsumer<Context> = config.create_with_context(settings.context())?;
        let partitions = offsets::partitions(&client, &settings.topic, PATIENCE)?;
        Ok(Self {
            client,
            topic: settings.topic.clone(),
            partitions,
        })
    }

    fn ends(&self) -> KafkaResult<BTreeMap<i32, u64>> {
        offsets::edges(&self.client, &self.topic, &self.partitions, Offset::End, PATIENCE)
    }

    fn committed(&self) -> KafkaResult<Committed> {
        let asked = offsets::list(&self.topic, self.partitions.iter().copied(), Offset::Invalid)?;
        let answered = self.client.committed_offsets(asked, PATIENCE);
        offsets::committed(&answered.map_err(|error| self.reason(error))?)
    }

    /// Who may not look for the group's coordinator only hears that nobody answers; the refusal waits for a poll.
    fn reason(&self, error: KafkaError) -> KafkaError {
        while let Some(told) = self.client.poll(Duration::ZERO) {
            if let Err(told) = told
                && self.client.context().denied(&told).is_some()
            {
                return told;
            }
        }
        error
    }
}

/// What stands beside each committed position; a partition without one, or with a stranger's, is left out.
///
/// # Errors
/// The brokers', for want of an answer.
pub fn metadata(settings: &Settings) -> Result<Vec<(i32, Meta)>, AskError> {
    let committed = Observer::new(settings).and_then(|observer| observer.committed());
    let committed = committed.map_err(|error| AskError::from(error).told(settings))?;
    let metas = committed.into_iter().filter_map(|(partition, place)| {
        let (_, line) = place?;
        Some((partition, Meta::parse(&line)?))
    });
    Ok(metas.collect())
}

/// Whether the group's committed positions have passed what every partition had when this was asked; waits for them for
/// `patience`.
///
/// # Errors
/// The brokers', for want of an answer.
pub fn passed(settings: &Settings, patience: Duration) -> Result<bool, AskError> {
    passed_unless(settings, patience, &AtomicBool::new(false))
}

/// The same; given up when `stop` is set.
pub(crate) fn passed_unless(
    settings: &Settings,
    patience: Duration,
    stop: &AtomicBool,
) -> Result<bool, AskError> {
    wait(settings, patience, stop).map_err(|error| AskError::from(error).told(settings))
}

fn wait(settings: &Settings, patience: Duration, stop: &AtomicBool) -> KafkaResult<bool> {
    let observer = Observer::new(settings)?;
    let ends = observer.ends()?;
    let until = Instant::now() + patience;
    loop {
        let committed = observer.committed()?;
        let passed = observer.partitions.iter().all(|partition| {
            let end = ends.get(partition).copied().unwrap_or(u64::MAX);
            let position = committed.get(partition).cloned().flatten();
            position.map_or(end == 0, |(position, _)| position >= end)
        });
        if passed || Instant::now() >= until || stop.load(Ordering::Relaxed) {
            return Ok(passed);
        }
        std::thread::sleep(LOOK);
    }
}
