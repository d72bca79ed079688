//! Which event ids are known, and under which number: the last hours, bounded, one map for all partitions.
//! [`crate::judge`] asks it; a look fills it anew.
//!
//! A ring of 32-byte entries in order of arrival, and an open-addressing table of 8-byte slots (hash and serial number),
//! at most three quarters full: about 50 bytes per id, one cache miss for an id that is new. Ids that leave the ring at
//! its front leave their slots behind, which are swept in one pass when there are many: no cache miss each.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::head::{Number, UNKNOWN_TIME};
use crate::input::RecentId;

const EMPTY: u64 = u64::MAX;
const LEAST_SLOTS: usize = 1_024;
/// How many ids are read ahead.
pub(crate) const WARM: usize = 64;

#[derive(Clone, Copy)]
struct Entry {
    id: u128,
    seq: u64,
    /// Seconds since 1970, 0 when unknown.
    received: u32,
    log: u32,
}

/// The map. Serial numbers wrap; the ring never holds more than 2^31 entries.
pub(crate) struct Known {
    key: (u64, u64),
    window: u32,
    limit: usize,
    ring: VecDeque<Entry>,
    /// Serial number of the ring's front.
    base: u32,
    /// Hash in the upper half, serial number in the lower; [`EMPTY`] (a serial that is skipped) for none.
    slots: Vec<u64>,
    /// Slots whose id has left the ring.
    stale: usize,
    /// Length of the ring when the round began.
    mark: u32,
    newest: u32,
    logs: Vec<Uuid>,
    log_of: FxHashMap<Uuid, u32>,
    last_log: Option<(Uuid, u32)>,
}

impl Known {
    pub(crate) fn new(key: u64, window_ms: i64, limit: usize) -> Self {
        Self {
            key: (key | 1, key.rotate_left(32) ^ 0x9E37_79B9_7F4A_7C15),
            window: u32::try_from(window_ms / 1_000).unwrap_or(u32::MAX),
            limit: limit.clamp(1, 1 << 28),
            ring: VecDeque::new(),
            base: 0,
            slots: vec![EMPTY; LEAST_SLOTS],
            stale: 0,
            mark: 0,
            newest: 0,
            logs: Vec::new(),
            log_of: FxHashMap::default(),
            last_log: None,
        }
    }

    /// Ids that are known now.
    pub(crate) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Milliseconds between the oldest known id and the newest: the window that is really covered.
    pub(crate) fn covered(&self) -> i64 {
        let oldest = self
            .ring
            .iter()
            .map(|entry| entry.received)
            .find(|at| *at > 0)
            .unwrap_or(self.newest);
        i64::from(self.newest.saturating_sub(oldest)) * 1_000
    }

    /// Bytes of the two tables.
    pub(crate) fn bytes(&self) -> usize {
        self.ring.capacity() * size_of::<Entry>() + self.slots.capacity() * size_of::<u64>()
    }

    /// Forgets everything and takes what a look has read, oldest first.
    pub(crate) fn rebuild(&mut self, ids: &[RecentId]) {
        self.ring.clear();
        self.base = 0;
        self.newest = 0;
        self.slots.fill(EMPTY);
        self.stale = 0;
        for recent in ids {
            self.first(recent.event_id, recent.number, recent.received_at);
        }
        self.settle();
    }

    /// The number that `id` is known under, if that is another one; else `id` is now known under `number`.
    #[inline]
    pub(crate) fn first(&mut self, id: Uuid, number: Number, received_at: i64) -> Option<Number> {
        if (self.ring.len() + self.stale + 1) * 4 > self.slots.len() * 3 {
            self.make_room();
        }
        let (id, hash) = (id.as_u128(), self.hash(id.as_u128()));
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let Some(slot) = self.slots.get(at).copied().filter(|slot| *slot != EMPTY) {
            if (slot >> 32) as u32 == hash
                && let Some(found) = self.entry(slot)
                && found.id == id
            {
                let of = Number {
                    log_id: self.log_id(found.log),
                    seq: found.seq,
                };
                return (of != number).then_some(of);
            }
            at = (at + 1) & mask;
        }
        let received = seconds(received_at);
        let log = self.log_index(number.log_id);
        let serial = self.push(Entry {
            id,
            seq: number.seq,
            received,
            log,
        });
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = u64::from(hash) << 32 | u64::from(serial);
        }
        None
    }

    /// The number that `id` is known under, whichever that is.
    pub(crate) fn known(&self, id: Uuid) -> Option<Number> {
        let (id, hash, mask) = (id.as_u128(), self.hash(id.as_u128()), self.slots.len() - 1);
        let mut at = hash as usize & mask;
        while let Some(slot) = self.slots.get(at).copied().filter(|slot| *slot != EMPTY) {
            if let Some(found) = self.entry(slot).filter(|found| found.id == id) {
                return Some(Number {
                    log_id: self.log_id(found.log),
                    seq: found.seq,
                });
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Reads the slots of ids that will be asked for next. The reads do not depend on each other, so their cache misses
    /// overlap; one by one, they are what a full map costs.
    #[inline]
    pub(crate) fn warm(&self, ids: impl Iterator<Item = u128>) {
        let mask = self.slots.len() - 1;
        let read = |id| {
            self.slots
                .get(self.hash(id) as usize & mask)
                .copied()
                .unwrap_or(EMPTY)
        };
        std::hint::black_box(ids.map(read).fold(0, |all, slot| all ^ slot));
    }

    /// The round is in the tables: its ids stay, and what is too old or too much goes.
    pub(crate) fn settle(&mut self) {
        while self.ring.len() > self.limit {
            self.pop_front();
        }
        let horizon = self.newest.saturating_sub(self.window);
        while self.ring.front().is_some_and(|oldest| oldest.received < horizon) {
            self.pop_front();
        }
        self.mark = self.end();
    }

    /// Takes back every id that came since the last [`Known::settle`].
    pub(crate) fn take_back(&mut self) {
        while self.end() != self.mark {
            let serial = self.end().wrapping_sub(1);
            let Some(entry) = self.ring.pop_back() else { break };
            self.unlink(entry.id, serial);
        }
    }

    /// No received time later than this moves the window: an edge whose clock runs ahead must not empty it.
    pub(crate) fn clamp_newest(&mut self, server_now: i64) {
        self.newest = self.newest.min(seconds(server_now).max(1));
    }

    fn push(&mut self, entry: Entry) -> u32 {
        self.newest = self.newest.max(entry.received);
        let serial = self.end();
        self.ring.push_back(entry);
        serial
    }

    fn pop_front(&mut self) {
        self.stale += usize::from(self.ring.pop_front().is_some());
        self.base = self.base.wrapping_add(1);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "serial numbers wrap, and the ring is far shorter than that"
    )]
    fn end(&self) -> u32 {
        self.base.wrapping_add(self.ring.len() as u32)
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the lower half of a slot is the serial number"
    )]
    fn entry(&self, slot: u64) -> Option<Entry> {
        self.ring
            .get((slot as u32).wrapping_sub(self.base) as usize)
            .copied()
    }

    /// Keyed, because clients choose their ids.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "both halves are folded in on purpose"
    )]
    fn hash(&self, id: u128) -> u32 {
        let product = u128::from(id as u64 ^ self.key.0) * u128::from((id >> 64) as u64 ^ self.key.1);
        let folded = (product as u64 ^ (product >> 64) as u64).wrapping_mul(self.key.1 | 1);
        (folded >> 32) as u32 & (u32::MAX >> 1)
    }

    /// Removes the slot of `serial`.
    fn unlink(&mut self, id: u128, serial: u32) {
        let mask = self.slots.len() - 1;
        let hash = self.hash(id);
        let wanted = u64::from(hash) << 32 | u64::from(serial);
        let mut hole = hash as usize & mask;
        while self.slots.get(hole).is_some_and(|slot| *slot != wanted) {
            if self.slots.get(hole) == Some(&EMPTY) {
                return;
            }
            hole = (hole + 1) & mask;
        }
        self.remove_at(hole);
    }

    /// Empties a slot and closes the gap, so that no probe stops too early (Knuth 6.4, algorithm R).
    fn remove_at(&mut self, mut hole: usize) {
        let mask = self.slots.len() - 1;
        let mut at = (hole + 1) & mask;
        while let Some(slot) = self.slots.get(at).copied().filter(|slot| *slot != EMPTY) {
            let home = (slot >> 32) as usize & mask;
            if at.wrapping_sub(home) & mask >= at.wrapping_sub(hole) & mask {
                self.set(hole, slot);
                hole = at;
            }
            at = (at + 1) & mask;
        }
        self.set(hole, EMPTY);
    }

    fn set(&mut self, at: usize, slot: u64) {
        if let Some(place) = self.slots.get_mut(at) {
            *place = slot;
        }
    }

    /// Sweeps the stale slots out, or doubles the table if they are few.
    #[cold]
    fn make_room(&mut self) {
        if self.stale * 4 < self.slots.len() {
            return self.grow();
        }
        for at in 0..self.slots.len() {
            while self
                .slots
                .get(at)
                .is_some_and(|slot| *slot != EMPTY && self.entry(*slot).is_none())
            {
                self.remove_at(at);
            }
        }
        self.stale = 0;
    }

    /// The hashes stand in the slots: the ring is not touched.
    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![EMPTY; old.len() * 2];
        self.stale = 0;
        let mask = self.slots.len() - 1;
        for slot in old.into_iter().filter(|slot| *slot != EMPTY) {
            if self.entry(slot).is_none() {
                continue;
            }
            let mut at = (slot >> 32) as usize & mask;
            while self.slots.get(at).is_some_and(|taken| *taken != EMPTY) {
                at = (at + 1) & mask;
            }
            self.set(at, slot);
        }
    }

    fn log_id(&self, index: u32) -> Uuid {
        self.logs.get(index as usize).copied().unwrap_or_default()
    }

    fn log_index(&mut self, log_id: Uuid) -> u32 {
        if let Some((last, index)) = self.last_log
            && last == log_id
        {
            return index;
        }
        let next = u32::try_from(self.logs.len()).unwrap_or(u32::MAX);
        let index = *self.log_of.entry(log_id).or_insert(next);
        if index == next {
            self.logs.push(log_id);
        }
        self.last_log = Some((log_id, index));
        index
    }
}

/// Whether an event id can tell events apart: nil and all-ones count as missing.
#[inline]
pub(crate) fn tells_apart(id: Uuid) -> bool {
    !id.is_nil() && !id.is_max()
}

fn seconds(ms: i64) -> u32 {
    if ms == UNKNOWN_TIME {
        0
    } else {
        u32::try_from(ms / 1_000).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
