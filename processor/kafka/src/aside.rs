//! What takes long and must hold up neither the group nor the processor: questions of the auditor. Each is answered by a
//! thread and a client of its own, which is no member of the group.

use crate::again::{Missed, send_again};
use crate::context::Context;
use crate::offsets;
use crate::settings::Settings;
use footfall_processor::source::Settled;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::Offset;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long positions may take to pass what was there; then the audit is put off.
const PASS: Duration = Duration::from_secs(60);
/// How often they are read meanwhile.
const LOOK: Duration = Duration::from_millis(500);
/// How long one question to a broker may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Missed ranges come one by one: so long is waited for more, before the topic is searched once for all.
const GATHER: Duration = Duration::from_secs(1);
/// Ranges that wait at most; the next audit finds the rest.
const WAITING: usize = 1_024;

/// The threads of one source.
pub(crate) struct Aside {
    settings: Settings,
    stop: Arc<AtomicBool>,
    missed: Arc<Mutex<Missing>>,
}

#[derive(Default)]
struct Missing {
    waiting: Vec<Missed>,
    searching: bool,
}

impl Aside {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            stop: Arc::default(),
            missed: Arc::default(),
        }
    }

    /// Whether the group's committed positions pass what every partition has now.
    pub(crate) fn settled(&self) -> oneshot::Receiver<Settled> {
        let (answer, asked) = oneshot::channel();
        let (settings, stop) = (self.settings.clone(), Arc::clone(&self.stop));
        spawn("kafka-settled", move || {
            let settled = pass(&settings, &stop).unwrap_or_else(|error| {
                tracing::warn!(%error, "cannot ask how far the group is; the audit is put off");
                Settled::NotYet
            });
            // Fails only when the auditor has gone.
            let _ = answer.send(settled);
        });
        asked
    }

    /// Has a range looked for and sent again.
    pub(crate) fn send_again(&self, missed: Missed) {
        let mut missing = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        if missing.waiting.len() < WAITING && !missing.waiting.contains(&missed) {
            missing.waiting.push(missed);
        }
        if std::mem::replace(&mut missing.searching, true) {
            return;
        }
        drop(missing);
        let (settings, stop, shared) = (
            self.settings.clone(),
            Arc::clone(&self.stop),
            Arc::clone(&self.missed),
        );
        spawn("kafka-again", move || search(&settings, &stop, &shared));
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) {
    if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(body) {
        tracing::error!(%error, name, "no thread for the auditor");
    }
}

fn pass(settings: &Settings, stop: &AtomicBool) -> KafkaResult<Settled> {
    let mut config = settings.reader(1);
    config.set("group.id", &settings.group);
    let client: BaseConsumer<Context> = config.create_with_context(Context::default())?;
    let all = offsets::partitions(&client, &settings.topic, PATIENCE)?;
    let end = offsets::edges(&client, &settings.topic, &all, Offset::End, PATIENCE)?;
    let until = Instant::now() + PASS;
    loop {
        let asked = offsets::list(&settings.topic, all.iter().copied(), Offset::Invalid)?;
        let committed = offsets::committed(&client.committed_offsets(asked, PATIENCE)?)?;
        let passed = all.iter().all(|partition| {
            let end = end.get(partition).copied().unwrap_or(u64::MAX);
            let position = committed.get(partition).cloned().flatten();
            position.map_or(end == 0, |(position, _)| position >= end)
        });
        if passed {
            return Ok(Settled::Yes);
        }
        if Instant::now() >= until || stop.load(Ordering::Relaxed) {
            return Ok(Settled::NotYet);
        }
        std::thread::sleep(LOOK);
    }
}

/// Until nothing is missed any more.
fn search(settings: &Settings, stop: &AtomicBool, shared: &Mutex<Missing>) {
    loop {
        std::thread::sleep(GATHER);
        let missed = {
            let mut missing = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if missing.waiting.is_empty() || stop.load(Ordering::Relaxed) {
                missing.searching = false;
                return;
            }
            std::mem::take(&mut missing.waiting)
        };
        let wanted: u64 = missed
            .iter()
            .map(|one| one.numbers.last - one.numbers.first + 1)
            .sum();
        match send_again(settings, &missed, stop) {
            Ok(sent) => {
                metrics::counter!(crate::measure::SENT_AGAIN).increment(sent as u64);
                tracing::warn!(
                    sent,
                    wanted,
                    "missing numbers were found in the topic and sent to it again"
                );
                if (sent as u64) < wanted {
                    tracing::error!(
                        missing = wanted - sent as u64,
                        "numbers are in no table and not in the topic any more: send them again from the edge that gave \
                         them (footfall resend), or they are lost"
                    );
                }
            }
            Err(error) => {
                tracing::warn!(%error, wanted, "cannot search the topic for missing numbers; the next audit asks again");
            }
        }
    }
}
