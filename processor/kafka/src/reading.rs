//! Records, from the partitions' queues to chunks.

use crate::exchange::weight;
use crate::poll::{Owned, Poll, State};
use crate::record::record;
use footfall_processor::source::{Chunk, Record};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use std::time::Duration;

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
            self.exchange.bring(chunk, generation);
        }
        if let Some(error) = error {
            self.trouble(error, Some(partition));
        }
        any
    }
}

impl Owned {
    /// What the queue has, up to an error.
    fn chunk(&mut self, partition: i32, topic_id: &str) -> (Option<Chunk>, Option<KafkaError>) {
        let (from, mut bytes, mut trouble) = (self.next, 0, None);
        let mut records: Vec<Record> = Vec::new();
        while bytes < CHUNK {
            match self.queue.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    let position = u64::try_from(message.offset()).unwrap_or_default();
                    // Never seen, and cheap to be sure of: positions in a chunk do not fall.
                    if position >= self.next {
                        self.next = position + 1;
                        let record = record(&message, topic_id);
                        bytes += weight(record.content.len());
                        records.push(record);
                    }
                }
                Some(Err(error)) => {
                    trouble = Some(error);
                    break;
                }
                None => break,
            }
        }
        let chunk = (!records.is_empty()).then(|| Chunk {
            partition: u32::try_from(partition).unwrap_or_default(),
            from,
            next: self.next,
            records,
        });
        (chunk, trouble)
    }
}
