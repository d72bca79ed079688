//! A log in memory that behaves like the local one: one partition, a position per record, a cursor that outlives the
//! reader. The product's own source is wired in `deploy/footfall`, where both crates are known.

use bytes::Bytes;
use footfall_delivery::{Assignment, CommitOutcome, Entry, Numbers};
use footfall_processor::source::{Again, Arrival, Chunk, Content, Record, Source, SourceError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;
use uuid::Uuid;

/// What stays when a reader goes.
#[derive(Debug)]
pub struct Log {
    pub id: Uuid,
    records: Mutex<Vec<Record>>,
    committed: Mutex<Option<(u64, String)>>,
    /// Numbers that no copy has: `read_again` says so.
    pub gone: Mutex<Vec<u64>>,
    length: watch::Sender<u64>,
    /// No commit comes back any more, as from a broker that has stopped answering.
    pub mute: AtomicBool,
}

impl Log {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            id: Uuid::new_v4(),
            records: Mutex::default(),
            committed: Mutex::default(),
            gone: Mutex::default(),
            length: watch::Sender::new(0),
            mute: AtomicBool::default(),
        })
    }

    /// Appends an event; gives its number.
    pub fn append(&self, payload: impl Into<Vec<u8>>, time_ms: i64) -> u64 {
        self.push(time_ms, |_| Content::Event(Bytes::from(payload.into())))
    }

    /// Appends a mark; gives its number.
    pub fn mark(&self, time_ms: i64) -> u64 {
        self.push(time_ms, |seq| {
            Content::Mark(format!(r#"{{"through":{},"node":"test","closing":false}}"#, seq - 1).into())
        })
    }

    /// Appends a place of `numbers` numbers that cannot be read.
    pub fn damage(&self, numbers: u64, time_ms: i64) -> u64 {
        self.push(time_ms, |seq| Content::Lost {
            last: seq + numbers - 1,
            reason: "flipped byte".to_owned(),
            bytes: Bytes::from_static(b"\x00rubbish"),
        })
    }

    pub fn push(&self, time_ms: i64, content: impl FnOnce(u64) -> Content) -> u64 {
        let mut records = self.records.lock().unwrap();
        let seq = records.last().map_or(1, |record| last_seq(record) + 1);
        let position = records.len() as u64;
        records.push(Record {
            position,
            log_id: self.id,
            seq,
            time_ms,
            content: content(seq),
        });
        self.length.send_replace(position + 1);
        seq
    }

    /// Position of the cursor, and its text.
    pub fn committed(&self) -> Option<(u64, String)> {
        self.committed.lock().unwrap().clone()
    }

    /// As if the cursor were lost, or set back.
    pub fn set_committed(&self, committed: Option<(u64, String)>) {
        *self.committed.lock().unwrap() = committed;
    }

    /// The greatest number.
    pub fn last(&self) -> u64 {
        self.records.lock().unwrap().last().map_or(0, last_seq)
    }

    pub fn source(self: &Arc<Self>) -> LogSource {
        LogSource {
            log: Arc::clone(self),
            length: self.length.subscribe(),
            at: None,
            assigned: false,
        }
    }
}

fn last_seq(record: &Record) -> u64 {
    if let Content::Lost { last, .. } = record.content {
        last
    } else {
        record.seq
    }
}

/// A reader of it.
#[derive(Debug)]
pub struct LogSource {
    log: Arc<Log>,
    length: watch::Receiver<u64>,
    at: Option<u64>,
    assigned: bool,
}

impl Source for LogSource {
    async fn next(&mut self, bytes: usize) -> Result<Arrival, SourceError> {
        if !self.assigned {
            self.assigned = true;
            let committed = self.log.committed();
            return Ok(Arrival::Assigned(vec![Assignment {
                partition: 0,
                committed,
                earliest: 0,
                end: u64::MAX,
            }]));
        }
        let Some(from) = self.at else {
            return std::future::pending().await;
        };
        if self.length.wait_for(|length| *length > from).await.is_err() {
            return std::future::pending().await;
        }
        let records = self.log.records.lock().unwrap();
        let mut left = bytes;
        let taken = records[usize::try_from(from).unwrap()..]
            .iter()
            .take_while(|record| {
                let room = left > 0;
                left = left.saturating_sub(record.content.len().max(1));
                room
            });
        let records: Vec<Record> = taken.cloned().collect();
        let next = from + records.len() as u64;
        self.at = Some(next);
        Ok(Arrival::Records(Chunk {
            partition: 0,
            from,
            next,
            records,
        }))
    }

    async fn commit(&mut self, entries: &[Entry]) -> CommitOutcome {
        if self.log.mute.load(Ordering::Relaxed) {
            return std::future::pending().await;
        }
        for entry in entries {
            self.log
                .set_committed(Some((entry.position, entry.meta.encode())));
        }
        CommitOutcome::Accepted
    }

    fn start(&mut self, _partition: u32, position: u64) {
        self.at = Some(position);
    }

    fn pause(&mut self, _partition: u32) {
        self.at = None;
    }

    fn released(&mut self, _partitions: &[u32]) {}

    fn rejoin(&mut self) {
        self.assigned = false;
        self.at = None;
    }

    async fn read_again(&mut self, numbers: Numbers, _since: Option<i64>) -> Result<Again, SourceError> {
        let gone = self.log.gone.lock().unwrap();
        let asked = |seq: u64| (numbers.first..=numbers.last).contains(&seq);
        let records = self.log.records.lock().unwrap();
        let records = records
            .iter()
            .filter(|record| asked(record.seq) && !gone.contains(&record.seq))
            .cloned()
            .collect();
        let gone = gone.iter().filter(|seq| asked(**seq));
        let gone = gone
            .map(|seq| Numbers {
                log_id: numbers.log_id,
                first: *seq,
                last: *seq,
            })
            .collect();
        Ok(Again {
            partition: 0,
            records,
            gone,
        })
    }

    fn behind(&self) -> Option<u64> {
        Some(*self.length.borrow() - self.at.unwrap_or(0))
    }
}
