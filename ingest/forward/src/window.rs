//! What is under way, in the order in which it was sent, and up to where everything is acknowledged.

use std::collections::VecDeque;

use bytes::Bytes;
use footfall_log::Position;

/// Records that have been sent. Reports come in any order; the position moves over the front of what is done.
#[derive(Debug, Default)]
pub(crate) struct Window {
    entries: VecDeque<Entry>,
    /// Index of the first entry.
    base: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    /// Behind the record.
    after: Position,
    /// The producer reads it where it lies, until its report.
    payload: Bytes,
    done: bool,
}

/// What an advance has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    /// Everything before it is acknowledged.
    pub(crate) position: Position,
}

impl Window {
    /// Takes a record in; the index is what its report must name.
    pub(crate) fn push(&mut self, after: Position, payload: Bytes) -> usize {
        self.bytes += payload.len();
        self.entries.push_back(Entry {
            after,
            payload,
            done: false,
        });
        self.base + self.entries.len() - 1
    }

    /// Takes the last one out again: it could not be sent.
    pub(crate) fn take_back(&mut self) {
        if let Some(entry) = self.entries.pop_back() {
            self.bytes -= entry.payload.len();
        }
    }

    /// The record of this index is acknowledged.
    pub(crate) fn done(&mut self, index: usize) {
        let entry = index
            .checked_sub(self.base)
            .and_then(|at| self.entries.get_mut(at));
        entry.into_iter().for_each(|entry| entry.done = true);
    }

    /// Passes what is done at the front.
    pub(crate) fn advance(&mut self) -> Option<Passed> {
        let mut passed: Option<Passed> = None;
        while let Some(entry) = self.entries.pop_front_if(|entry| entry.done) {
            self.base += 1;
            self.bytes -= entry.payload.len();
            let before = passed.map_or((0, 0), |p| (p.records, p.bytes));
            passed = Some(Passed {
                records: before.0 + 1,
                bytes: before.1 + entry.payload.len() as u64,
                position: entry.after,
            });
        }
        passed
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn after(next_seq: u64) -> Position {
        let log_id = Uuid::from_u128(1);
        Position { log_id, next_seq }
    }

    fn ten() -> Bytes {
        Bytes::from_static(&[0; 10])
    }

    #[test]
    fn the_position_never_passes_what_is_not_acknowledged() {
        let mut window = Window::default();
        let indexes: Vec<usize> = (1..=4).map(|n| window.push(after(n), ten())).collect();
        window.done(indexes[1]);
        window.done(indexes[3]);
        assert_eq!(window.advance(), None);
        window.done(indexes[0]);
        let passed = window.advance().unwrap();
        assert_eq!((passed.records, passed.bytes, passed.position), (2, 20, after(2)));
        assert_eq!((window.len(), window.bytes()), (2, 20));
        window.done(indexes[2]);
        assert_eq!(window.advance().unwrap().position, after(4));
        assert_eq!((window.len(), window.bytes()), (0, 0));
    }

    #[test]
    fn one_that_could_not_be_sent_leaves_no_trace() {
        let mut window = Window::default();
        let first = window.push(after(1), ten());
        window.push(after(2), ten());
        window.take_back();
        window.done(first);
        assert_eq!(window.advance().unwrap().position, after(1));
        let again = window.push(after(2), ten());
        window.done(again);
        assert_eq!(window.advance().unwrap().position, after(2));
    }
}
