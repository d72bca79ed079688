//! Records, from the partitions' queues to chunks.

use crate::exchange::weight;
use crate::poll::{Owned, Poll, State};
use crate::record::record;
use crate::standing::Heard;
use bytes::BytesMut;
use footfall_processor::source::{Chunk, Record};
use rdkafka::error::KafkaError;

/// Bytes of one chunk; a round takes many, in turn from all partitions.
const CHUNK: usize = 256 * 1024;

impl Poll {
    /// Brings one chunk of every partition that has one, as long as there is room. True if there was anything.
    pub(crate) fn read(&mut self) -> bool {
        let reading = |owned: &Owned| owned.state == State::Reading;
        let mut partitions: Vec<i32> = self
            .owned
            .iter()
            .filter(|(_, owned)| reading(owned))
            .map(|(partition, _)| *partition)
            .collect();
        // Behind the one that was read last, so that the first ones do not take all the room.
        let first = partitions.partition_point(|partition| *partition <= self.turn);
        partitions.rotate_left(first);
        let mut any = false;
        for partition in partitions {
            if !self.exchange.has_room() {
                break;
            }
            self.turn = partition;
            any |= self.read_one(partition);
        }
        any
    }

    fn read_one(&mut self, partition: i32) -> bool {
        let Some(owned) = self.owned.get_mut(&partition) else {
            return false;
        };
        let (chunk, error) = owned.chunk(partition, self.identity.real());
        let generation = owned.generation;
        let any = chunk.is_some() || error.is_some();
        if let Some(chunk) = chunk {
            owned.heard = Heard::now();
            self.exchange.bring(chunk, generation);
        }
        if let Some(error) = error {
            self.trouble(error, Some(partition));
        }
        any
    }
}

impl Owned {
    /// What the queue has, up to an error. The payloads of a chunk lie in one piece of memory.
    fn chunk(&mut self, partition: i32, topic_id: &str) -> (Option<Chunk>, Option<KafkaError>) {
        let from = self.next;
        let mut messages = self.queue.take(CHUNK, weight);
        let broken = messages.iter().position(|message| message.error().is_some());
        let trouble = broken.and_then(|at| messages.get(at)?.error());
        messages.truncate(broken.unwrap_or(messages.len()));
        // Never seen, and cheap to be sure of: positions in a chunk do not fall.
        messages.retain(|message| {
            let rises = message.offset() >= self.next;
            self.next = self.next.max(message.offset() + 1);
            rises
        });
        let bytes = messages.iter().map(|message| message.payload().len()).sum();
        let mut payloads = BytesMut::with_capacity(bytes);
        for message in &messages {
            payloads.extend_from_slice(message.payload());
        }
        let records: Vec<Record> = messages
            .iter()
            .map(|message| {
                record(
                    message,
                    payloads.split_to(message.payload().len()).freeze(),
                    topic_id,
                )
            })
            .collect();
        let chunk = (!records.is_empty()).then(|| Chunk {
            partition: u32::try_from(partition).unwrap_or_default(),
            from,
            next: self.next,
            records,
        });
        (chunk, trouble.map(KafkaError::MessageConsumption))
    }
}
