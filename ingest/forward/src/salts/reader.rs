//! The topic of salts from its beginning on: few records, read for as long as the node lives.

use super::SALT_PARTITIONS;
use super::told::Told;
use crate::error::ForwardError;
use footfall_topics::{Complaints, Right};
use rdkafka::client::Client;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::time::Duration;

/// One record.
pub(super) struct Salt {
    pub(super) day: i64,
    pub(super) offset: i64,
    pub(super) bytes: Box<[u8; 32]>,
}

/// A consumer without a group: every node reads everything.
pub(super) struct Reader {
    consumer: BaseConsumer<Told>,
    /// Whether each partition has been read up to its end, as it was then.
    ended: [bool; SALT_PARTITIONS as usize],
}

impl Reader {
    pub(super) fn new(mut config: ClientConfig, topic: &str) -> Result<Self, ForwardError> {
        let consumer: BaseConsumer<Told> = config
            // librdkafka assigns nothing without one; nothing is ever committed.
            .set("group.id", "footfall-salts")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed")
            .create_with_context(Told(Complaints::default()))
            .map_err(ForwardError::Client)?;
        let mut partitions = TopicPartitionList::new();
        for partition in 0..i32::try_from(SALT_PARTITIONS).unwrap_or(0) {
            partitions
                .add_partition_offset(topic, partition, Offset::Beginning)
                .map_err(ForwardError::Client)?;
        }
        consumer.assign(&partitions).map_err(ForwardError::Client)?;
        Ok(Self {
            consumer,
            ended: [false; SALT_PARTITIONS as usize],
        })
    }

    pub(super) fn client(&self) -> &Client<Told> {
        self.consumer.client()
    }

    /// What has come; never waits for long.
    pub(super) fn read(&mut self) -> Vec<Salt> {
        let mut salts = Vec::new();
        while let Some(polled) = self.consumer.poll(Duration::from_millis(50)) {
            match polled {
                Ok(message) => match parse(&message) {
                    Some(salt) => salts.push(salt),
                    None => tracing::warn!(
                        offset = message.offset(),
                        "a record of the topic of salts is none"
                    ),
                },
                Err(KafkaError::PartitionEOF(partition)) => {
                    let ended = usize::try_from(partition).ok();
                    if let Some(ended) = ended.and_then(|at| self.ended.get_mut(at)) {
                        *ended = true;
                    }
                }
                Err(error) => {
                    if error.rdkafka_error_code().and_then(Right::of_consumer) == Some(Right::Read) {
                        self.consumer
                            .context()
                            .0
                            .note(&error, "the topic of salts cannot be read");
                    }
                    tracing::debug!(%error, "the topic of salts cannot be read at the moment");
                    break;
                }
            }
        }
        salts
    }

    /// Whether that partition has been read to its end once: what is missing then was missing.
    pub(super) fn has_ended(&self, partition: i32) -> bool {
        let at = usize::try_from(partition).ok();
        at.and_then(|at| self.ended.get(at)).copied().unwrap_or(false)
    }
}

fn parse(message: &BorrowedMessage<'_>) -> Option<Salt> {
    let day = std::str::from_utf8(message.key()?).ok()?.parse().ok()?;
    let text = message.payload().filter(|text| text.len() == 64)?;
    let mut bytes = Box::new([0; 32]);
    for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(Salt {
        day,
        offset: message.offset(),
        bytes,
    })
}
