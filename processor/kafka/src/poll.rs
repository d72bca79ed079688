//! The poll thread: everything that touches the group happens here, in this order, over and over.
//!
//! 1. commands of the processor: commits, starts, pauses ([`Poll::obey`]);
//! 2. rebalances ([`crate::group`]), between two polls and never inside a callback;
//! 3. what is waiting for a broker: offsets of new partitions, seeks, partitions that fell out of the log, the topic's id
//!    ([`crate::upkeep`]);
//! 4. records ([`crate::reading`]), as long as the processor has room. Each partition has a queue of its own, so that the
//!    group is served while records are not taken: back-pressure costs no rebalance and no second fetch.
//!
//! Then it sleeps until a queue, or the processor, wakes it.

use crate::context::{Context, Rebalance};
use crate::exchange::{Command, Exchange};
use crate::identity::Identity;
use crate::queue::Queue;
use crate::settings::Settings;
use crate::standing::Heard;
use crate::topic_id::Question;
use crate::{commit, offsets};
use footfall_delivery::{CommitOutcome, Entry};
use footfall_processor::source::SourceError;
use footfall_topics::Reminder;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::topic_partition_list::Offset;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest sleep: waits that nobody wakes us from are looked at this often.
const NAP: Duration = Duration::from_millis(50);

/// What is going on with a partition of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The processor has not been told yet.
    New,
    /// It has been told; nothing is read.
    Idle,
    /// To be read from here; the seek is tried at that time, after so many attempts.
    Starting(u64, Instant, u32),
    Reading,
    /// The brokers do not have our position any more; what they have is asked at that time.
    OutOfRange(Instant),
}

/// A partition of ours.
pub(crate) struct Owned {
    pub(crate) queue: Queue,
    pub(crate) state: State,
    /// Position after the last record that was brought.
    pub(crate) next: u64,
    /// Of the last start.
    pub(crate) generation: u64,
    pub(crate) heard: Heard,
}

pub(crate) struct Poll {
    pub(crate) settings: Settings,
    pub(crate) consumer: Arc<BaseConsumer<Context>>,
    /// How many the topic had at the start.
    pub(crate) partitions: usize,
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) identity: Identity,
    pub(crate) owned: BTreeMap<i32, Owned>,
    /// A rebalance is over and the processor has to be told; tried at that time.
    pub(crate) to_tell: Option<Instant>,
    /// We are leaving the group, to join it again.
    pub(crate) leaving: bool,
    /// The partition that was read last.
    pub(crate) turn: i32,
    pub(crate) watch_at: Instant,
    /// For as long as no broker answers.
    pub(crate) reminder: Reminder,
    pub(crate) question: Option<Question<Context>>,
    /// The revoke conversation: what the processor has given back so far.
    pub(crate) released: Vec<u32>,
    pub(crate) stopping: bool,
}

impl Poll {
    pub(crate) fn new(
        settings: Settings,
        consumer: Arc<BaseConsumer<Context>>,
        partitions: usize,
        exchange: Arc<Exchange>,
        id: String,
    ) -> Self {
        Self {
            watch_at: Instant::now() + settings.watch_every,
            reminder: Reminder::new(&settings.connection.bootstrap),
            settings,
            consumer,
            partitions,
            exchange,
            identity: Identity::new(id),
            owned: BTreeMap::new(),
            to_tell: None,
            leaving: false,
            turn: 0,
            question: None,
            released: Vec::new(),
            stopping: false,
        }
    }

    /// Until the source is dropped. Leaves the group at the end.
    pub(crate) fn run(mut self) {
        self.exchange.register();
        if let Err(error) = self.consumer.subscribe(&[&self.settings.topic]) {
            return self.exchange.fail(SourceError(Box::new(error)));
        }
        while !self.stopping {
            if !self.step() {
                std::thread::park_timeout(NAP);
            }
        }
        self.close();
    }

    /// Everything once, in its order. True if there were records.
    pub(crate) fn step(&mut self) -> bool {
        self.obey();
        self.serve_group();
        self.upkeep();
        self.read()
    }

    /// Does what the processor wants.
    pub(crate) fn obey(&mut self) {
        while let Some(command) = self.exchange.next_command() {
            match command {
                Command::Commit(entries, answer) => {
                    // Fails only when the processor has gone meanwhile.
                    let _ = answer.send(self.commit(&entries));
                }
                Command::Start(partition, position, generation) => {
                    self.start(partition, position, generation);
                }
                Command::Pause(partition) => self.pause(partition),
                Command::Released(partitions) => self.released.extend(partitions),
                Command::Rejoin => {
                    self.exchange.left();
                    self.leave();
                }
                Command::Stop => self.stopping = true,
            }
        }
    }

    /// Only partitions that are ours since the last assignment: the broker checks who is a member, not who owns what.
    fn commit(&self, entries: &[Entry]) -> CommitOutcome {
        if entries.is_empty() {
            return CommitOutcome::Accepted;
        }
        let ours = |entry: &Entry| {
            let owned = i32::try_from(entry.partition)
                .ok()
                .and_then(|partition| self.owned.get(&partition));
            owned.is_some_and(|owned| owned.state != State::New)
        };
        if self.leaving || !entries.iter().all(ours) || self.consumer.assignment_lost() {
            return CommitOutcome::Refused;
        }
        let began = Instant::now();
        let result = commit::request(&self.settings.topic, &self.identity, entries)
            .and_then(|list| self.consumer.commit(&list, CommitMode::Sync));
        metrics::histogram!(crate::measure::COMMIT).record(began.elapsed());
        let outcome = commit::outcome(&result);
        if let Err(error) = result {
            metrics::counter!(crate::measure::COMMITS_FAILED, "outcome" => label(outcome)).increment(1);
            if !self.consumer.context().tell_denied(&error) {
                tracing::warn!(%error, ?outcome, partitions = entries.len(), "a commit was not accepted");
            }
        }
        outcome
    }

    /// Rebalances and trouble.
    fn serve_group(&mut self) {
        loop {
            let polled = self.consumer.poll(Duration::ZERO);
            match polled.map(|polled| polled.map(|message| message.partition())) {
                Some(Err(error)) => self.trouble(error, None),
                Some(Ok(partition)) => self.astray(partition),
                None => match self.consumer.context().take() {
                    Some(Rebalance::Assign(partitions)) => self.assign(&partitions),
                    Some(Rebalance::Revoke(partitions)) => self.revoke(&partitions),
                    None => return,
                },
            }
        }
    }

    /// A record has come by the queue of all, although every partition has one of its own. The client has made the
    /// partition anew out of our sight, as it does when its topic was away for a moment, and our queue is that of the
    /// one before: nothing would ever come by it. It is split off again and read from our position.
    fn astray(&mut self, partition: i32) {
        let reading = |owned: &Owned| owned.state == State::Reading;
        if !self.owned.get(&partition).is_some_and(reading) {
            return;
        }
        tracing::warn!(
            partition,
            "the client has made a partition anew; it is read again from our position"
        );
        let topic = &self.settings.topic;
        let Some(queue) = Queue::split(&self.consumer, topic, partition, &self.exchange) else {
            return;
        };
        if let Some(owned) = self.owned.get_mut(&partition) {
            owned.queue = queue;
            owned.state = State::Starting(owned.next, Instant::now(), 0);
        }
    }

    /// An error of the client, perhaps of one partition.
    pub(crate) fn trouble(&mut self, error: KafkaError, partition: Option<i32>) {
        match (&error, partition) {
            (KafkaError::MessageConsumptionFatal(_), _) => self.exchange.fail(SourceError(Box::new(error))),
            (
                KafkaError::MessageConsumption(rdkafka::error::RDKafkaErrorCode::AutoOffsetReset),
                Some(partition),
            ) => {
                if let Some(owned) = self.owned.get_mut(&partition) {
                    owned.state = State::OutOfRange(Instant::now());
                }
            }
            _ => {
                let context = self.consumer.context();
                if !context.tell_denied(&error) && context.is_news(&error.to_string()) {
                    tracing::warn!(%error, partition, topic = self.settings.topic, "trouble with the topic; it goes on by itself");
                }
            }
        }
    }

    fn start(&mut self, partition: u32, position: u64, generation: u64) {
        let owned = i32::try_from(partition)
            .ok()
            .and_then(|partition| self.owned.get_mut(&partition))
            .filter(|owned| owned.state != State::New);
        if let Some(owned) = owned {
            owned.state = State::Starting(position, Instant::now(), 0);
            owned.next = position;
            owned.generation = generation;
            owned.heard = Heard::now();
        }
    }

    fn pause(&mut self, partition: u32) {
        let Ok(partition) = i32::try_from(partition) else {
            return;
        };
        if let Some(owned) = self
            .owned
            .get_mut(&partition)
            .filter(|owned| owned.state != State::New)
        {
            owned.state = State::Idle;
            self.stop_fetching(&[partition]);
        }
    }

    /// Nothing more is fetched of these, and what was is dropped.
    pub(crate) fn stop_fetching(&self, partitions: &[i32]) {
        let paused = offsets::list(&self.settings.topic, partitions.iter().copied(), Offset::Invalid)
            .and_then(|list| self.consumer.pause(&list));
        if let Err(error) = paused {
            tracing::debug!(%error, ?partitions, "pause");
        }
    }

    /// Leaves the group. Blocks for as long as the client needs for that; whoever cannot wait does not join this thread.
    fn close(mut self) {
        self.owned.clear();
        self.question = None;
        self.consumer.context().close();
        drop(self.consumer);
    }
}

fn label(outcome: CommitOutcome) -> &'static str {
    match outcome {
        CommitOutcome::Accepted => "accepted",
        CommitOutcome::Refused => "refused",
        CommitOutcome::Unknown => "unknown",
    }
}
