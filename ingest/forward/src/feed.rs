//! Items from the log, in order, each with the number of partitions of its segment.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::Path;

use footfall_log::{Item, KIND_MARK, Position, ReadError, Reader};
use footfall_topics::{Body, Number, Outgoing};
use uuid::Uuid;

use crate::fixed::Fixed;
use crate::resend::Range;

/// How much is read from the log at once.
const READ_BYTES: usize = 512 << 10;

/// The log, and the item that is sent next.
pub(crate) struct Feed {
    reader: Reader,
    fixed: Fixed,
    only: Option<Range>,
    pending: VecDeque<Item>,
    /// N of the segment of what is pending.
    partitions: u32,
    ended: bool,
    /// Of a resend: how many numbers were taken, and the last of them.
    given: (u64, u64),
}

/// Why there is nothing to send although there may be.
#[derive(Debug)]
pub(crate) enum FeedError {
    Read(ReadError),
    Fix(io::Error),
    /// Of a resend: nobody has forwarded this segment yet.
    NotForwarded(Uuid, u64),
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FeedError::Read(e) => write!(f, "{e}"),
            FeedError::Fix(e) => write!(f, "cannot save the number of partitions of a segment: {e}"),
            FeedError::NotForwarded(log, first) => {
                write!(
                    f,
                    "the segment of log {log} that begins at {first} has not been forwarded yet"
                )
            }
        }
    }
}

impl Feed {
    /// Everything from the reader's position on.
    pub(crate) fn follow(reader: Reader, folder: &Path) -> io::Result<Feed> {
        Ok(Feed {
            reader,
            fixed: Fixed::load(folder)?,
            only: None,
            pending: VecDeque::new(),
            partitions: 0,
            ended: false,
            given: (0, 0),
        })
    }

    /// Some numbers of one log, and no more.
    pub(crate) fn only(mut reader: Reader, folder: &Path, range: Range) -> io::Result<Feed> {
        reader.seek(range.start());
        let mut feed = Feed::follow(reader, folder)?;
        feed.only = Some(range);
        Ok(feed)
    }

    /// The next item and its N, at most `most` (the topic's own). `None`: there is none now.
    pub(crate) fn next(&mut self, most: u32) -> Result<Option<(&Item, u32)>, FeedError> {
        while self.pending.is_empty() && !self.ended {
            let items = self.reader.read(READ_BYTES).map_err(FeedError::Read)?;
            if items.is_empty() {
                return Ok(None);
            }
            let from = first_of(&items);
            if let Err(e) = self.take(items, most) {
                // Read again when it is tried again.
                self.pending.clear();
                from.into_iter().for_each(|position| self.reader.seek(position));
                return Err(e);
            }
        }
        let partitions = self.partitions.min(most);
        Ok(self.pending.front().map(|item| (item, partitions)))
    }

    fn take(&mut self, items: Vec<Item>, most: u32) -> Result<(), FeedError> {
        match &self.only {
            None => self.pending.extend(items),
            Some(range) => {
                for item in items {
                    self.ended |= range.ends_at(&item);
                    self.pending.extend(range.clip(item));
                }
            }
        }
        if !self.pending.is_empty() {
            self.partitions = self.segment_partitions(most)?;
        }
        Ok(())
    }

    /// N of the segment that was read last; fixed now if nothing says it yet.
    fn segment_partitions(&mut self, most: u32) -> Result<u32, FeedError> {
        // Numbers of segments that are gone come as lost, without a segment; they have the log's key in any case.
        let Some(segment) = self.reader.segment().map_err(FeedError::Read)? else {
            return Ok(most);
        };
        if segment.partitions > 0 {
            return Ok(segment.partitions);
        }
        if let Some(partitions) = self.fixed.get(segment.log_id, segment.first) {
            return Ok(partitions);
        }
        if self.only.is_some() {
            return Err(FeedError::NotForwarded(segment.log_id, segment.first));
        }
        self.fixed
            .set(segment.log_id, segment.first, most)
            .map_err(FeedError::Fix)?;
        Ok(most)
    }

    /// The item of [`Feed::next`] has been taken.
    pub(crate) fn pop(&mut self) {
        let Some(item) = self.pending.pop_front() else {
            return;
        };
        let first = first_of(std::slice::from_ref(&item)).map_or(0, |position| position.next_seq);
        let last = after(&item).next_seq - 1;
        if last > self.given.1 {
            let fresh = last + 1 - first.max(self.given.1 + 1);
            self.given = (self.given.0 + fresh, last);
        }
    }

    /// Of a resend: how many different numbers have been taken.
    pub(crate) fn given(&self) -> u64 {
        self.given.0
    }

    /// Begins again at `position`.
    pub(crate) fn rewind(&mut self, position: Position) {
        self.pending.clear();
        self.ended = false;
        self.reader.seek(position);
    }

    /// Until there is more. `false`: there will never be.
    pub(crate) async fn wait(&mut self) -> bool {
        !self.ended && self.reader.wait().await
    }

    /// Where reading begins.
    pub(crate) fn position(&self) -> Position {
        self.reader.position()
    }

    /// The text that was saved with the position.
    pub(crate) fn saved_text(&self) -> String {
        self.reader.saved().map(|(_, text)| text).unwrap_or_default()
    }

    /// Saves a position. A resend has none.
    pub(crate) fn save(&mut self, position: Position, text: &str) -> Result<(), ReadError> {
        if self.only.is_some() {
            return Ok(());
        }
        self.reader.save(position, text)
    }
}

fn first_of(items: &[Item]) -> Option<Position> {
    items.first().map(|item| match item {
        Item::Record(record) => Position {
            log_id: record.log_id,
            next_seq: record.seq,
        },
        Item::Lost { log_id, first, .. } => Position {
            log_id: *log_id,
            next_seq: *first,
        },
    })
}

/// The position behind an item.
pub(crate) fn after(item: &Item) -> Position {
    let (log_id, last) = match item {
        Item::Record(record) => (record.log_id, record.seq),
        Item::Lost { log_id, last, .. } => (*log_id, *last),
    };
    Position {
        log_id,
        next_seq: last + 1,
    }
}

/// Whether an item is sent only when all before it are acknowledged: a mark says so of them, and a lost range is not
/// to be overtaken by copies that are still under way.
pub(crate) fn waits_for_all(item: &Item) -> bool {
    match item {
        Item::Record(record) => record.kind == KIND_MARK,
        Item::Lost { .. } => true,
    }
}

/// An item as a record of the topic.
pub(crate) fn outgoing(item: &Item) -> Outgoing<'_> {
    match item {
        Item::Record(record) => Outgoing {
            number: Number {
                log_id: record.log_id,
                seq: record.seq,
            },
            received_ms: record.time_ms,
            body: match record.kind {
                KIND_MARK => Body::Mark(&record.payload),
                code => Body::Event {
                    code,
                    key: Uuid::from_bytes(record.key),
                    payload: &record.payload,
                },
            },
        },
        Item::Lost {
            log_id,
            first,
            last,
            reason,
            bytes,
        } => Outgoing {
            number: Number {
                log_id: *log_id,
                seq: *first,
            },
            received_ms: 0,
            body: Body::Lost {
                last: *last,
                reason,
                bytes,
            },
        },
    }
}
