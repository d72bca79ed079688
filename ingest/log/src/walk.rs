//! Going through one segment's frames, past damage. Readers, recovery and `inspect` all use it.
//!
//! A frame that is not whole, fails its CRC or goes backwards is *bad*; the walk then searches byte by byte for the
//! next valid frame. Nothing valid behind it: the tail. Whether a tail is torn (never acknowledged) or lost is decided
//! by who knows the numbers.

use std::io;

use bytes::Bytes;
use uuid::Uuid;

use crate::disk::{DiskFile, read_up_to};
use crate::frame::{self, FRAME_BYTES, Frame, KIND_GROUP, Seed};
use crate::header::{HEADER_BYTES, SegmentHeader};
use crate::record::{Item, LOST_BYTES, Record};

/// The least that is read at once.
const LEAST_READ: usize = 4096;

/// Why [`Walk::read`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// There may be more: call again.
    More,
    /// The last number that was asked for has been passed.
    Done,
    /// Nothing valid follows at `Walk::at`, though the last number was not reached.
    Tail,
}

/// How far to go: an offset, and a number (`u64::MAX`: as far as there is anything).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) end: u64,
    pub(crate) last: u64,
}

/// A place in a segment.
pub(crate) struct Walk {
    file: Box<dyn DiskFile>,
    log_id: Uuid,
    seed: Seed,
    /// Offset of the next frame.
    pub(crate) at: u64,
    /// The next number.
    pub(crate) next: u64,
    /// The greatest number that a group frame proves to have been durable.
    pub(crate) proven: u64,
    /// Last number that the last group frame announced.
    pub(crate) announced: u64,
    /// Damaged places so far.
    pub(crate) damaged: u64,
    /// Bytes that were skipped since the last record.
    skipped: Vec<u8>,
}

impl Walk {
    pub(crate) fn new(file: Box<dyn DiskFile>, log_id: Uuid, first: u64) -> Walk {
        let seed = Seed::of(log_id);
        let at = HEADER_BYTES as u64;
        Walk {
            file,
            log_id,
            seed,
            at,
            next: first,
            proven: 0,
            announced: 0,
            damaged: 0,
            skipped: Vec::new(),
        }
    }

    /// The segment's header; `None` when it is damaged.
    pub(crate) fn header(&self) -> io::Result<Option<SegmentHeader>> {
        Ok(SegmentHeader::parse(&read_up_to(self.file.as_ref(), 0, HEADER_BYTES)?).ok())
    }

    /// Reads about `max` bytes of frames (more only for a single larger one) and appends what they hold to `out`.
    pub(crate) fn read(&mut self, limit: Limit, max: usize, out: &mut Vec<Item>) -> io::Result<Stop> {
        let mut max = max.max(LEAST_READ);
        loop {
            if self.next > limit.last {
                return Ok(Stop::Done);
            }
            let left = limit.end.saturating_sub(self.at);
            let window = usize::try_from(left).unwrap_or(usize::MAX).min(max);
            let bytes = Bytes::from(read_up_to(self.file.as_ref(), self.at, window)?);
            let all = bytes.len() < max || left == window as u64;
            let before = self.at;
            match self.frames(&bytes, all, limit, out) {
                // A frame larger than the window: read just that one.
                Ok(Some(len)) if self.at == before => max = len,
                Ok(Some(_)) => return Ok(Stop::More),
                Ok(None) => return Ok(Stop::Done),
                Err(Bad) => return self.resync(limit),
            }
        }
    }

    /// The same from memory: `bytes` are whole frames, and what stands at [`Walk::at`]. `None`: they are not.
    pub(crate) fn read_kept(&mut self, bytes: &Bytes, limit: Limit, out: &mut Vec<Item>) -> Option<Stop> {
        match self.frames(bytes, false, limit, out) {
            Ok(Some(_)) => Some(Stop::More),
            Ok(None) => Some(Stop::Done),
            Err(Bad) => None,
        }
    }

    /// Takes all whole frames of `bytes`. `Some(len)`: the next one needs `len` bytes; `None`: the limit is reached.
    fn frames(
        &mut self,
        bytes: &Bytes,
        all: bool,
        limit: Limit,
        out: &mut Vec<Item>,
    ) -> Result<Option<usize>, Bad> {
        let mut used = 0;
        while self.next <= limit.last {
            let rest = bytes.get(used..).unwrap_or_default();
            let len = match frame::claimed_len(rest) {
                Some(len) if len >= FRAME_BYTES => len,
                None if !all => return Ok(Some(LEAST_READ)),
                _ => return Err(Bad),
            };
            if len > rest.len() {
                let inside = limit.end.saturating_sub(self.at) >= len as u64;
                return if !all && inside { Ok(Some(len)) } else { Err(Bad) };
            }
            let frame = frame::parse(rest, self.seed)
                .filter(|frame| self.fits(frame, limit))
                .ok_or(Bad)?;
            self.take(&frame, bytes.slice(used + FRAME_BYTES..used + len), out);
            used += len;
            self.at += len as u64;
        }
        Ok(None)
    }

    fn fits(&self, frame: &Frame, limit: Limit) -> bool {
        if frame.kind == KIND_GROUP {
            let (first, last) = frame.group_range();
            return frame.seq < first && first <= last;
        }
        (self.next..=limit.last).contains(&frame.seq)
    }

    fn take(&mut self, frame: &Frame, payload: Bytes, out: &mut Vec<Item>) {
        if frame.kind == KIND_GROUP {
            self.proven = self.proven.max(frame.seq);
            self.announced = frame.group_range().1;
            return;
        }
        if frame.seq > self.next {
            out.push(self.lost(
                frame.seq - 1,
                "unreadable in the local log, with readable records after it",
            ));
        }
        self.skipped.clear();
        self.next = frame.seq + 1;
        let Frame {
            seq,
            kind,
            time_ms,
            key,
            ..
        } = *frame;
        out.push(Item::Record(Record {
            log_id: self.log_id,
            seq,
            kind,
            time_ms,
            key,
            payload,
        }));
    }

    /// The numbers from the next one to `last`, as lost.
    fn lost(&mut self, last: u64, reason: &str) -> Item {
        let bytes = Bytes::from(std::mem::take(&mut self.skipped));
        Item::Lost {
            log_id: self.log_id,
            first: self.next,
            last,
            reason: reason.to_owned(),
            bytes,
        }
    }

    /// Gives up on the rest of the segment: everything up to `limit.last` is lost.
    pub(crate) fn abandon(&mut self, limit: Limit) -> io::Result<Item> {
        let rest = read_up_to(self.file.as_ref(), self.at, self.left(limit).min(LOST_BYTES))?;
        self.skip(rest.get(..used_bytes(&rest)).unwrap_or_default());
        let item = self.lost(limit.last, "known to be durable, but unreadable in the local log");
        self.next = limit.last + 1;
        Ok(item)
    }

    /// What is left of the segment, without the zeros that nobody wrote.
    pub(crate) fn tail(&self, limit: Limit) -> io::Result<Vec<u8>> {
        let mut rest = read_up_to(self.file.as_ref(), self.at, self.left(limit))?;
        rest.truncate(used_bytes(&rest));
        Ok(rest)
    }

    fn left(&self, limit: Limit) -> usize {
        let end = self.file.len().unwrap_or(limit.end).min(limit.end);
        usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX)
    }

    /// Makes what the walk has read durable; see `recovery`.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn skip(&mut self, bytes: &[u8]) {
        let room = LOST_BYTES.saturating_sub(self.skipped.len());
        self.skipped.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Moves to the next valid frame behind a bad one.
    fn resync(&mut self, limit: Limit) -> io::Result<Stop> {
        let rest = read_up_to(self.file.as_ref(), self.at, self.left(limit))?;
        let Some(distance) = self.find(&rest, limit) else {
            return Ok(Stop::Tail);
        };
        self.damaged += 1;
        self.skip(rest.get(..distance).unwrap_or_default());
        self.at += distance as u64;
        Ok(Stop::More)
    }

    fn find(&self, bytes: &[u8], limit: Limit) -> Option<usize> {
        let mut i = 1;
        while let Some(rest) = bytes.get(i..).filter(|rest| rest.len() >= FRAME_BYTES) {
            if rest.first_chunk::<8>() == Some(&[0; 8]) {
                // A length cannot begin in the first five of eight zeros.
                i += 5;
                continue;
            }
            if self.plausible(rest)
                && frame::parse(rest, self.seed).is_some_and(|frame| self.fits(&frame, limit))
            {
                return Some(i);
            }
            i += 1;
        }
        None
    }

    /// Cheap doubts, so that the CRC is computed for few of the places.
    fn plausible(&self, rest: &[u8]) -> bool {
        let len = frame::claimed_len(rest).unwrap_or(0);
        let seq = frame::claimed_seq(rest).unwrap_or(0);
        let group = len == FRAME_BYTES && rest.get(16) == Some(&KIND_GROUP);
        // No more numbers can be missing than frames had room, damage of whole groups included.
        let near = seq >= self.next && seq - self.next <= self.at + rest.len() as u64;
        (FRAME_BYTES..=rest.len()).contains(&len) && (group || near)
    }
}

/// A frame that cannot be taken.
struct Bad;

/// Length without trailing zeros.
fn used_bytes(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1)
}
