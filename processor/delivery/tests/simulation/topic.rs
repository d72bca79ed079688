//! What the edges have acknowledged, and the partitions that carry it. In the set-ups without Kafka a partition is a
//! local log itself, and may rot.

use std::collections::BTreeMap;

use footfall_delivery::Number;
use uuid::Uuid;

use crate::rng::Rng;

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Event,
    Unreadable,
    Mark,
    /// Of a version that only upgraded processors read.
    Newer,
}

#[derive(Debug, Clone, Copy)]
pub struct Record {
    pub number: Number,
    pub event_id: Uuid,
    pub received_at: i64,
    pub kind: Kind,
    pub check_table: bool,
    /// The partition of this number, for ever.
    pub partition: u32,
}

/// An ingest node: its logs, and how far its forwarder has come in each.
pub struct Edge {
    pub skew: i64,
    pub logs: Vec<Log>,
}

pub struct Log {
    pub id: Uuid,
    pub records: Vec<Record>,
    pub sent: usize,
}

#[derive(Default)]
pub struct Topic {
    pub generation: u64,
    pub partitions: Vec<Vec<Record>>,
    /// Ranges of offsets that cannot be read any more, per partition.
    pub rotten: BTreeMap<u32, Vec<(u64, u64)>>,
    /// Event ids that were acknowledged, with the partition they go to.
    pub ids: Vec<(Uuid, u32)>,
    pub made: u64,
    /// Without Kafka: the log that a partition is.
    pub log_ids: Vec<Uuid>,
}

impl Topic {
    pub fn name(&self) -> String {
        format!("topic{}", self.generation)
    }

    pub fn end(&self, partition: u32) -> u64 {
        self.partitions
            .get(partition as usize)
            .map_or(0, |records| records.len() as u64)
    }

    pub fn uuid(&mut self, rng: &mut Rng) -> Uuid {
        self.made += 1;
        Uuid::from_u128(u128::from(rng.next()) << 64 | u128::from(self.made))
    }

    pub fn send(&mut self, record: Record) {
        let partition = record.partition as usize;
        while self.partitions.len() <= partition {
            self.partitions.push(Vec::new());
        }
        self.partitions[partition].push(record);
    }

    /// The rotten range that begins at or covers `offset`.
    pub fn rotten_at(&self, partition: u32, offset: u64) -> Option<(u64, u64)> {
        let ranges = self.rotten.get(&partition)?;
        ranges
            .iter()
            .copied()
            .find(|(first, last)| (*first..=*last).contains(&offset))
    }

    /// Whether the log cannot read this number any more.
    pub fn is_rotten(&self, number: Number) -> bool {
        let Some(partition) = self.log_ids.iter().position(|id| *id == number.log_id) else {
            return false;
        };
        self.rotten_at(u32::try_from(partition).unwrap(), number.seq - 1)
            .is_some()
    }
}
