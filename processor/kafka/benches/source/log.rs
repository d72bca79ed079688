//! A local log that is full, read as the one-machine source reads it: the same reader, the same steps, one partition.

use bytes::Bytes;
use footfall_delivery::{Assignment, CommitOutcome, Entry, Numbers};
use footfall_log::{Config, Folder, Item, KIND_MARK, Log, Position, Reader};
use footfall_processor::source::{Again, Arrival, Chunk, Content, Record, Source, SourceError};
use std::path::{Path, PathBuf};

pub(crate) struct Full {
    folder: PathBuf,
}

impl Full {
    pub(crate) async fn new(folder: &Path, payloads: &[Bytes]) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let config = Config {
            folder: folder.to_owned(),
            ..Config::default()
        };
        let (log, _) = Log::open(config).expect("a log");
        // Nothing is trimmed before the reader of this name.
        let _kept = log.reader("bench").expect("a cursor");
        for payloads in payloads.chunks(1_000) {
            let entry = |payload: &Bytes| footfall_log::Entry {
                kind: 1,
                time_ms: crate::made::now_ms().unsigned_abs(),
                key: [7; 16],
                payload: payload.to_vec(),
            };
            let entries: Vec<_> = payloads.iter().map(entry).collect();
            log.append(entries).await.expect("an append");
        }
        log.close().await;
        Self {
            folder: folder.to_owned(),
        }
    }

    pub(crate) fn source(&self) -> LogSource {
        let mut reader = Folder::open(&self.folder).expect("a folder").reader();
        reader.seek(Position::OLDEST);
        LogSource {
            reader,
            next: 0,
            assigned: false,
            started: false,
        }
    }
}

pub(crate) struct LogSource {
    reader: Reader,
    next: u64,
    assigned: bool,
    started: bool,
}

impl LogSource {
    fn read(&mut self, bytes: usize) -> Option<Chunk> {
        let items = tokio::task::block_in_place(|| self.reader.read(bytes)).expect("records");
        let from = self.next;
        let mut records = Vec::with_capacity(items.len());
        for item in items {
            let Item::Record(record) = item else {
                panic!("a lost record: {item:?}")
            };
            records.push(Record {
                position: self.next,
                log_id: record.log_id,
                seq: record.seq,
                time_ms: i64::try_from(record.time_ms).unwrap_or(i64::MAX),
                content: if record.kind == KIND_MARK {
                    Content::Mark(record.payload)
                } else {
                    Content::Event(record.payload)
                },
            });
            self.next += 1;
        }
        (!records.is_empty()).then(|| Chunk {
            partition: 0,
            from,
            next: self.next,
            records,
        })
    }
}

impl Source for LogSource {
    async fn next(&mut self, bytes: usize) -> Result<Arrival, SourceError> {
        if !self.assigned {
            self.assigned = true;
            return Ok(Arrival::Assigned(vec![Assignment {
                partition: 0,
                committed: None,
                earliest: 0,
                end: u64::MAX,
            }]));
        }
        if self.started
            && let Some(chunk) = self.read(bytes)
        {
            return Ok(Arrival::Records(chunk));
        }
        std::future::pending().await
    }

    async fn commit(&mut self, _entries: &[Entry]) -> CommitOutcome {
        CommitOutcome::Accepted
    }

    fn start(&mut self, _partition: u32, _position: u64) {
        self.started = true;
    }

    fn pause(&mut self, _partition: u32) {}

    fn released(&mut self, _partitions: &[u32]) {}

    fn rejoin(&mut self) {}

    async fn read_again(&mut self, _numbers: Numbers, _since: Option<i64>) -> Result<Again, SourceError> {
        Ok(Again::default())
    }

    fn behind(&self) -> Option<u64> {
        None
    }
}
