//! Numbers that the auditor misses: they are looked for in the topic, and sent to it once more.
//!
//! A record that is sent again has the same number, key, headers and partition, and takes the ordinary way: whoever owns
//! its partition looks it up and inserts it if it is missing. What the topic does not have any more, only the edge can
//! send again.

use crate::ask::AskError;
use crate::context::Context;
use crate::offsets;
use crate::sender::Sender;
use crate::settings::Settings;
use footfall_delivery::ranges::joined;
use footfall_delivery::{Number, Numbers};
use footfall_topics::decode;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Message};
use rdkafka::producer::BaseRecord;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Longest search; what is not found by then is found by a later audit, or has to come from its edge.
const LONGEST: Duration = Duration::from_secs(300);
/// How long one question, or the last acknowledgement, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A record may reach the topic before others with lower numbers of its log do: clocks and partitions are not in step.
const SLACK_MS: i64 = 10 * 60 * 1_000;

/// A range that is missed, and until when rows with lower numbers were received, if that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missed {
    pub(crate) numbers: Numbers,
    pub(crate) since: Option<i64>,
}

/// What a search has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Found in the topic, and sent to it again.
    pub found: Vec<Numbers>,
    /// All partitions were read to where they ended when it began. Only then is what was not found not there.
    pub complete: bool,
}

/// Searches the whole topic for these numbers and sends what it finds to it again.
///
/// # Errors
/// The brokers': no answer, or they did not take a record. What was sent until then may come.
pub fn send_again(settings: &Settings, numbers: &[Numbers]) -> Result<Sent, AskError> {
    let missed = numbers.iter().map(|numbers| Missed {
        numbers: *numbers,
        since: None,
    });
    search(settings, &missed.collect::<Vec<_>>(), &AtomicBool::new(false))
}

/// Searches the topic once for all of them, from where the hint of the earliest says.
pub(crate) fn search(settings: &Settings, missed: &[Missed], stop: &AtomicBool) -> Result<Sent, AskError> {
    read(settings, missed, stop).map_err(|error| error.told(settings))
}

fn read(settings: &Settings, missed: &[Missed], stop: &AtomicBool) -> Result<Sent, AskError> {
    let mut config = settings.reader(1);
    config
        .set("group.id", &settings.group)
        .set("enable.partition.eof", "true");
    let reader: BaseConsumer<Context> = config.create_with_context(settings.context())?;
    let all = offsets::partitions(&reader, &settings.topic, PATIENCE)?;
    let mut search = Search {
        wanted: Wanted::new(missed),
        open: begin(&reader, settings, missed, &all)?,
        sender: Sender::new(settings)?,
        topic: &settings.topic,
    };
    let until = Instant::now() + LONGEST;
    while !search.is_over() && Instant::now() < until && !stop.load(Ordering::Relaxed) {
        match reader.poll(Duration::from_millis(100)) {
            Some(Ok(message)) => search.look_at(&message)?,
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                search.open.remove(&partition);
            }
            // Removed meanwhile, or a broker that is away: the time is bounded anyway.
            Some(Err(error)) => tracing::debug!(%error, "search for missing numbers"),
            None => {}
        }
    }
    search.sender.finish(PATIENCE)?;
    Ok(search.result())
}

/// Places the reader; gives the partitions that have something to read.
fn begin(
    reader: &BaseConsumer<Context>,
    settings: &Settings,
    missed: &[Missed],
    all: &[i32],
) -> KafkaResult<BTreeSet<i32>> {
    let earliest = offsets::edges(reader, &settings.topic, all, Offset::Beginning, PATIENCE)?;
    let end = offsets::edges(reader, &settings.topic, all, Offset::End, PATIENCE)?;
    let since = missed.iter().map(|one| one.since).min().flatten();
    let later = match since {
        Some(since) => {
            let time = Offset::Offset((since - SLACK_MS).max(0));
            let asked = offsets::list(&settings.topic, all.iter().copied(), time)?;
            offsets::found(&reader.offsets_for_times(asked, PATIENCE)?)
        }
        None => BTreeMap::new(),
    };
    let mut list = TopicPartitionList::new();
    let mut open = BTreeSet::new();
    for partition in all {
        let first = earliest.get(partition).copied().unwrap_or_default();
        let last = end.get(partition).copied().unwrap_or_default();
        // With a time that no record has reached there is no place.
        let from = if since.is_some() {
            later.get(partition).copied().unwrap_or(last)
        } else {
            first
        };
        if from < last {
            let offset = Offset::Offset(i64::try_from(from).unwrap_or(i64::MAX));
            list.add_partition_offset(&settings.topic, *partition, offset)?;
            open.insert(*partition);
        }
    }
    reader.assign(&list)?;
    Ok(open)
}

/// The numbers that are looked for, and which of them were found.
struct Wanted {
    ranges: Vec<Numbers>,
    count: u64,
    found: BTreeSet<Number>,
}

impl Wanted {
    fn new(missed: &[Missed]) -> Self {
        let ranges: Vec<Numbers> = missed.iter().map(|one| one.numbers).collect();
        Self {
            count: ranges.iter().map(Numbers::count).sum(),
            ranges,
            found: BTreeSet::new(),
        }
    }

    fn has(&self, number: Number) -> bool {
        self.ranges.iter().any(|range| range.has(number))
    }
}

struct Search<'a> {
    wanted: Wanted,
    /// Partitions that are not read to their end yet.
    open: BTreeSet<i32>,
    sender: Sender,
    topic: &'a str,
}

impl Search<'_> {
    fn result(&self) -> Sent {
        let single = |number: &Number| Numbers {
            log_id: number.log_id,
            first: number.seq,
            last: number.seq,
        };
        Sent {
            found: joined(self.wanted.found.iter().map(single).collect()),
            complete: self.is_over(),
        }
    }

    fn is_over(&self) -> bool {
        self.open.is_empty() || self.wanted.found.len() as u64 >= self.wanted.count
    }

    fn look_at(&mut self, message: &BorrowedMessage<'_>) -> Result<(), AskError> {
        let Ok(received) = decode(message) else {
            return Ok(());
        };
        let number = Number {
            log_id: received.number.log_id,
            seq: received.number.seq,
        };
        if !self.wanted.has(number) || !self.wanted.found.insert(number) {
            return Ok(());
        }
        let mut record = BaseRecord::<[u8], [u8]>::to(self.topic).partition(message.partition());
        record.key = message.key();
        record.payload = message.payload();
        record.headers = message.headers().map(BorrowedHeaders::detach);
        self.sender.send(record)
    }
}
