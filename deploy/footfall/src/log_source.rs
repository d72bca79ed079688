//! The local log as the processor's source: one partition, 0, assigned once.
//!
//! The log says where a reader is with (log id, next number); the processor counts positions. `places` keeps how one
//! becomes the other. The saved cursor is the only thing that outlives the process, so positions begin anew with it.

mod places;

use footfall_delivery::{Assignment, CommitOutcome, Entry, Meta, Numbers};
use footfall_log::{Folder, Item, KIND_MARK, Log, Position, Reader};
use footfall_processor::source::{Again, Arrival, Chunk, Content, Record, Source, SourceError};
use places::{OLDEST, Places, SAVED};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The one partition.
const PARTITION: u32 = 0;
/// The cursor's name in the log's folder.
const CURSOR: &str = "processor";
/// Bytes of one step while the auditor's numbers are searched.
const SEARCH_BYTES: usize = 1 << 20;

/// Reads the local log for the processor.
#[derive(Debug)]
pub struct LogSource {
    log: Log,
    folder: PathBuf,
    reader: Reader,
    places: Places,
    /// Position after the last record that was given.
    next: u64,
    given: Arc<Mutex<Given>>,
    is_assigned: bool,
    is_reading: bool,
}

/// How far the processor has been given the log; shared with whoever waits for the end of a drain.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// The next record that it will be given.
    pub next: Position,
    /// When the newest of the given ones was received, ms since 1970.
    pub newest: i64,
}

impl LogSource {
    /// Registers the processor's cursor.
    ///
    /// # Errors
    /// When the log has a reader of that name already.
    pub fn new(log: Log, folder: PathBuf) -> Result<Self, footfall_log::ReadError> {
        let reader = log.reader(CURSOR)?;
        let places = Places::new(reader.position());
        let given = Given {
            next: reader.position(),
            newest: 0,
        };
        Ok(Self {
            log,
            folder,
            reader,
            places,
            next: SAVED,
            given: Arc::new(Mutex::new(given)),
            is_assigned: false,
            is_reading: false,
        })
    }

    /// How far the processor has been given the log, now and later.
    #[must_use]
    pub fn given(&self) -> Arc<Mutex<Given>> {
        Arc::clone(&self.given)
    }

    /// The partition as the saved cursor has it; positions begin anew.
    fn assignment(&mut self) -> Assignment {
        let saved = self.reader.saved();
        self.places = Places::new(saved.as_ref().map_or(Position::OLDEST, |(place, _)| *place));
        Assignment {
            partition: PARTITION,
            committed: saved.map(|(_, meta)| (SAVED, meta)),
            earliest: OLDEST,
            end: u64::MAX,
        }
    }

    fn read(&mut self, bytes: usize) -> Result<Option<Chunk>, SourceError> {
        // A read is short, but it may wait for the disk.
        let items = tokio::task::block_in_place(|| self.reader.read(bytes)).map_err(failed)?;
        if items.is_empty() {
            return Ok(None);
        }
        let from = self.next;
        let records: Vec<_> = items.into_iter().map(|item| self.take(item)).collect();
        let newest = records
            .iter()
            .map(|record| record.time_ms)
            .max()
            .unwrap_or_default();
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        *given = Given {
            next: self.reader.position(),
            newest: given.newest.max(newest),
        };
        Ok(Some(Chunk {
            partition: PARTITION,
            from,
            next: self.next,
            records,
        }))
    }

    /// Gives an item its position and notes where the next one stands.
    fn take(&mut self, item: Item) -> Record {
        let position = self.next;
        let (first, last) = numbers(&item);
        let log_id = log_of(&item);
        self.places.note(
            position,
            Position {
                log_id,
                next_seq: first,
            },
        );
        self.next += 1;
        self.places.note(
            self.next,
            Position {
                log_id,
                next_seq: last + 1,
            },
        );
        record(position, item)
    }

    fn save(&mut self, position: u64, meta: &Meta) -> Result<(), String> {
        let place = self
            .places
            .place(position)
            .ok_or("the position was never given")?;
        let text = meta.encode();
        tokio::task::block_in_place(|| self.reader.save(place, &text)).map_err(|error| error.to_string())?;
        self.places.forget_before(position);
        Ok(())
    }

    /// Searches the folder as it is now for numbers, from the first of them on.
    fn search(&self, numbers: Numbers) -> Result<Again, SourceError> {
        let folder = Folder::open(&self.folder).map_err(failed)?;
        let mut reader = folder.reader();
        reader.seek(Position {
            log_id: numbers.log_id,
            next_seq: numbers.first,
        });
        let mut again = Again {
            partition: PARTITION,
            ..Again::default()
        };
        // What is not found below is gone: the log gives its numbers in order, and no other copy is kept here.
        let mut wanted = numbers.first;
        'search: loop {
            let items = reader.read(SEARCH_BYTES).map_err(failed)?;
            if items.is_empty() {
                break;
            }
            for item in items {
                let (first, last) = self::numbers(&item);
                if log_of(&item) != numbers.log_id || first > numbers.last {
                    break 'search;
                }
                gone(&mut again, numbers.log_id, wanted, first);
                wanted = last + 1;
                again.records.push(record(SAVED, item));
            }
        }
        gone(&mut again, numbers.log_id, wanted, numbers.last + 1);
        Ok(again)
    }
}

/// Notes `from .. to` as gone, if there is any.
fn gone(again: &mut Again, log_id: uuid::Uuid, from: u64, to: u64) {
    if from < to {
        again.gone.push(Numbers {
            log_id,
            first: from,
            last: to - 1,
        });
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SourceError {
    SourceError(Box::new(error))
}

fn log_of(item: &Item) -> uuid::Uuid {
    match item {
        Item::Record(record) => record.log_id,
        Item::Lost { log_id, .. } => *log_id,
    }
}

fn numbers(item: &Item) -> (u64, u64) {
    match item {
        Item::Record(record) => (record.seq, record.seq),
        Item::Lost { first, last, .. } => (*first, *last),
    }
}

fn record(position: u64, item: Item) -> Record {
    match item {
        Item::Record(record) => Record {
            position,
            log_id: record.log_id,
            seq: record.seq,
            time_ms: i64::try_from(record.time_ms).unwrap_or(i64::MAX),
            content: if record.kind == KIND_MARK {
                Content::Mark(record.payload)
            } else {
                Content::Event(record.payload)
            },
        },
        Item::Lost {
            log_id,
            first,
            last,
            reason,
            bytes,
        } => Record {
            position,
            log_id,
            seq: first,
            time_ms: footfall_delivery::UNKNOWN_TIME,
            content: Content::Lost { last, reason, bytes },
        },
    }
}

impl Source for LogSource {
    async fn next(&mut self, bytes: usize) -> Result<Arrival, SourceError> {
        if !self.is_assigned {
            self.is_assigned = true;
            return Ok(Arrival::Assigned(vec![self.assignment()]));
        }
        loop {
            if !self.is_reading || !self.reader.wait().await {
                // Paused, not started, or the log is closed: nothing more comes from here.
                std::future::pending::<()>().await;
            }
            if let Some(chunk) = self.read(bytes)? {
                return Ok(Arrival::Records(chunk));
            }
        }
    }

    async fn commit(&mut self, entries: &[Entry]) -> CommitOutcome {
        let Some(entry) = entries.iter().find(|entry| entry.partition == PARTITION) else {
            return CommitOutcome::Accepted;
        };
        match self.save(entry.position, &entry.meta) {
            Ok(()) => CommitOutcome::Accepted,
            Err(error) => {
                tracing::error!(error, "cannot save the processor's position in the local log");
                CommitOutcome::Unknown
            }
        }
    }

    fn start(&mut self, _partition: u32, position: u64) {
        let place = self.places.rewind(position);
        self.reader.seek(place);
        self.given.lock().unwrap_or_else(PoisonError::into_inner).next = place;
        self.next = position;
        self.is_reading = true;
    }

    fn pause(&mut self, _partition: u32) {
        self.is_reading = false;
    }

    fn released(&mut self, _partitions: &[u32]) {
        self.is_reading = false;
    }

    fn rejoin(&mut self) {
        self.is_assigned = false;
        self.is_reading = false;
    }

    fn read_again(
        &mut self,
        numbers: Numbers,
        _since: Option<i64>,
    ) -> impl Future<Output = Result<Again, SourceError>> + Send {
        std::future::ready(tokio::task::block_in_place(|| self.search(numbers)))
    }

    fn behind(&self) -> Option<u64> {
        let stats = self.log.stats();
        let position = self.reader.position();
        if position.log_id == self.log.id() {
            return Some((stats.durable + 1).saturating_sub(position.next_seq));
        }
        stats
            .cursors
            .iter()
            .find(|cursor| cursor.name == CURSOR)
            .map(|cursor| cursor.records)
    }
}
