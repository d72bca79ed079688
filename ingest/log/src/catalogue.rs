//! Which logs and segments there are, and how far each may be read. Shared by writer, readers and trim.
//!
//! Invariant: logs are in the order of creation, segments in the order of (first, attempt); only the last segment of
//! the last log grows; `last` of a log that is written is its durable number, never more.

use uuid::Uuid;

use crate::folder::SegmentName;

/// A place in the folder: the next record that has not been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which log; nil = before the oldest one.
    pub log_id: Uuid,
    /// Number of the next unread record, from 1.
    pub next_seq: u64,
}

impl Position {
    /// Before everything that the folder still has.
    pub const OLDEST: Position = Position {
        log_id: Uuid::nil(),
        next_seq: 1,
    };
}

/// One segment as everybody may see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    pub(crate) name: SegmentName,
    /// Offset behind its last durable frame.
    pub(crate) end: u64,
    pub(crate) created_ms: u64,
}

/// One log as everybody may see it.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    pub(crate) ordinal: u64,
    pub(crate) id: Uuid,
    pub(crate) segments: Vec<Segment>,
    /// Last number: durable so far, or for ever.
    pub(crate) last: u64,
}

/// All logs of a folder, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) logs: Vec<LogEntry>,
}

/// The segment that has a number, and where its numbers end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) ordinal: u64,
    pub(crate) log_id: Uuid,
    pub(crate) segment: Segment,
    /// The number to read next: the one asked for, or the first that is there.
    pub(crate) next_seq: u64,
    /// Last number that this segment must have.
    pub(crate) last: u64,
    /// Whether the number asked for is older than everything that is there of its log.
    pub(crate) hole: bool,
}

/// A segment, or (`None`) the folder of a log without segments, that is to be removed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Removed {
    pub(crate) ordinal: u64,
    pub(crate) log_id: Uuid,
    pub(crate) segment: Option<SegmentName>,
    pub(crate) bytes: u64,
}

impl LogEntry {
    /// Last number of the segment at `index`: where the next one begins, or the log's own end.
    pub(crate) fn segment_last(&self, index: usize) -> u64 {
        self.segments
            .get(index + 1)
            .map_or(self.last, |next| self.last.min(next.name.first.saturating_sub(1)))
    }

    fn place(&self, next_seq: u64) -> Option<Place> {
        if next_seq > self.last {
            return None;
        }
        let after = self.segments.partition_point(|s| s.name.first <= next_seq);
        let index = after.saturating_sub(1);
        let segment = *self.segments.get(index)?;
        Some(Place {
            ordinal: self.ordinal,
            log_id: self.id,
            segment,
            next_seq: next_seq.max(segment.name.first),
            last: self.segment_last(index),
            hole: after == 0,
        })
    }
}

impl Catalogue {
    /// Where the next record at or after `position` is; `None` when there is none yet.
    pub(crate) fn locate(&self, position: Position) -> Option<Place> {
        let index = self.logs.iter().position(|log| log.id == position.log_id);
        if let Some(place) = index.and_then(|i| self.logs.get(i)?.place(position.next_seq)) {
            return Some(place);
        }
        // Only what every cursor has passed is ever removed, and oldest first: an unknown log lies before all others.
        let newer = self.logs.get(index.map_or(0, |i| i + 1)..)?;
        newer.iter().find_map(|log| {
            let first = log.segments.first()?.name.first;
            log.place(first)
        })
    }

    /// The log that is being written (or was written last).
    pub(crate) fn current(&mut self) -> Option<&mut LogEntry> {
        self.logs.last_mut()
    }

    /// Takes out what every one of `positions` has passed and what is older than `keep_until` (unix ms), or younger
    /// while all records have more than `most` bytes, oldest first: whole segments, then the log they were of. The
    /// segment that is written stays.
    pub(crate) fn cut_passed(&mut self, positions: &[Position], keep_until: u64, most: u64) -> Vec<Removed> {
        let (mut removed, mut bytes) = (Vec::new(), self.bytes());
        loop {
            let keep_until = if bytes > most { u64::MAX } else { keep_until };
            let Some(segment) = self.oldest_if_passed(positions, keep_until) else {
                break;
            };
            bytes -= segment.end;
            let ended = self.logs.len() > 1;
            let Some(log) = self.logs.first_mut() else { break };
            let gone = |segment, bytes| Removed {
                ordinal: log.ordinal,
                log_id: log.id,
                segment,
                bytes,
            };
            removed.push(gone(Some(segment.name), segment.end));
            if ended && log.segments.len() == 1 {
                removed.push(gone(None, 0));
                self.logs.remove(0);
            } else {
                log.segments.remove(0);
            }
        }
        removed
    }

    fn oldest_if_passed(&self, positions: &[Position], keep_until: u64) -> Option<Segment> {
        let log = self.logs.first()?;
        let segment = log.segments.first()?;
        // A segment's records are older than whatever was begun after it.
        let next = log
            .segments
            .get(1)
            .or_else(|| self.logs.get(1)?.segments.first())?;
        let passed = |p: &Position| match self.logs.iter().position(|log| log.id == p.log_id) {
            Some(0) => p.next_seq > log.segment_last(0),
            Some(_) => true,
            None => false,
        };
        (next.created_ms <= keep_until && positions.iter().all(passed)).then_some(*segment)
    }

    /// Bytes of records on disk, headers included.
    pub(crate) fn bytes(&self) -> u64 {
        self.logs
            .iter()
            .flat_map(|log| &log.segments)
            .map(|s| s.end)
            .sum()
    }

    /// Records and bytes from `position` on. Bytes within a segment are estimated by the share of its numbers.
    pub(crate) fn depth(&self, position: Position) -> (u64, u64) {
        let index = self.logs.iter().position(|log| log.id == position.log_id);
        let mut records = 0;
        let mut bytes = 0;
        for (i, log) in self.logs.iter().enumerate().skip(index.unwrap_or(0)) {
            let from = if Some(i) == index { position.next_seq } else { 1 };
            for (s, segment) in log.segments.iter().enumerate() {
                let first = segment.name.first;
                let all = (log.segment_last(s) + 1).saturating_sub(first);
                let left = (log.segment_last(s) + 1).saturating_sub(first.max(from));
                records += left;
                bytes += if all == 0 {
                    0
                } else {
                    u64::try_from(u128::from(segment.end) * u128::from(left) / u128::from(all)).unwrap_or(0)
                };
            }
        }
        (records, bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(ordinal: u64, firsts: &[(u64, u32)], last: u64) -> LogEntry {
        let segments = firsts
            .iter()
            .map(|(first, attempt)| Segment {
                name: SegmentName {
                    first: *first,
                    attempt: *attempt,
                },
                end: 1000,
                created_ms: 0,
            })
            .collect();
        LogEntry {
            ordinal,
            id: Uuid::from_u128(u128::from(ordinal)),
            segments,
            last,
        }
    }

    fn at(log: u128, next_seq: u64) -> Position {
        Position {
            log_id: Uuid::from_u128(log),
            next_seq,
        }
    }

    #[test]
    fn a_position_is_found_across_segments_and_logs() {
        let catalogue = Catalogue {
            logs: vec![log(1, &[(5, 0), (9, 0)], 12), log(2, &[(1, 0)], 3)],
        };
        let found = |p| {
            catalogue
                .locate(p)
                .map(|p: Place| (p.ordinal, p.segment.name.first, p.next_seq, p.last))
        };
        assert_eq!(found(Position::OLDEST), Some((1, 5, 5, 8)));
        assert_eq!(found(at(1, 8)), Some((1, 5, 8, 8)));
        assert_eq!(found(at(1, 9)), Some((1, 9, 9, 12)));
        assert_eq!(found(at(1, 13)), Some((2, 1, 1, 3)));
        assert_eq!(found(at(2, 4)), None);
        assert!(
            catalogue
                .locate(at(1, 2))
                .is_some_and(|p| p.hole && p.next_seq == 5)
        );
    }

    #[test]
    fn a_superseding_segment_takes_the_numbers_from_the_poisoned_one() {
        let catalogue = Catalogue {
            logs: vec![log(1, &[(1, 0), (4, 0), (4, 1)], 6)],
        };
        let place = catalogue.locate(at(1, 4)).unwrap();
        assert_eq!((place.segment.name.attempt, place.last), (1, 6));
        assert_eq!(catalogue.locate(at(1, 3)).unwrap().last, 3);
        assert_eq!(catalogue.depth(at(1, 3)).0, 4);
    }
}
