//! A log that is full already: one partition, no waiting, records made as they are read.

use bytes::Bytes;
use footfall_delivery::{Assignment, CommitOutcome, Entry, Numbers};
use footfall_processor::source::{Again, Arrival, Chunk, Content, Record, Source, SourceError};
use std::sync::Arc;
use uuid::Uuid;

/// The payload of a record by its index.
pub(crate) type Payloads = Arc<dyn Fn(usize) -> Bytes + Send + Sync>;

pub(crate) struct Chunked {
    log_id: Uuid,
    length: usize,
    payloads: Payloads,
    time_ms: i64,
    at: Option<usize>,
    assigned: bool,
}

impl Chunked {
    pub(crate) fn new(log_id: Uuid, length: usize, payloads: Payloads) -> Self {
        Self {
            log_id,
            length,
            payloads,
            time_ms: crate::made::now_ms(),
            at: None,
            assigned: false,
        }
    }
}

impl Source for Chunked {
    async fn next(&mut self, bytes: usize) -> Result<Arrival, SourceError> {
        if !self.assigned {
            self.assigned = true;
            let assigned = Assignment {
                partition: 0,
                committed: None,
                earliest: 0,
                end: u64::MAX,
            };
            return Ok(Arrival::Assigned(vec![assigned]));
        }
        let Some(from) = self.at.filter(|at| *at < self.length) else {
            return std::future::pending().await;
        };
        let (mut records, mut taken, mut next) = (Vec::new(), 0, from);
        while taken < bytes && next < self.length {
            let payload = (self.payloads)(next);
            taken += payload.len();
            let (position, log_id, time_ms) = (next as u64, self.log_id, self.time_ms);
            records.push(Record {
                position,
                log_id,
                seq: position + 1,
                time_ms,
                content: Content::Event(payload),
            });
            next += 1;
        }
        self.at = Some(next);
        Ok(Arrival::Records(Chunk {
            partition: 0,
            from: from as u64,
            next: next as u64,
            records,
        }))
    }

    async fn commit(&mut self, _entries: &[Entry]) -> CommitOutcome {
        CommitOutcome::Accepted
    }

    fn start(&mut self, _partition: u32, position: u64) {
        self.at = usize::try_from(position).ok();
    }

    fn pause(&mut self, _partition: u32) {}

    fn released(&mut self, _partitions: &[u32]) {}

    fn rejoin(&mut self) {}

    async fn read_again(&mut self, _numbers: Numbers, _since: Option<i64>) -> Result<Again, SourceError> {
        Ok(Again::default())
    }

    fn behind(&self) -> Option<u64> {
        self.at.map(|at| (self.length - at) as u64)
    }
}
