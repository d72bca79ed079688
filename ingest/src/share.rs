//! Fairness between sites: how much of what all share, the room in the local log and the way to the disk, one may take.
//!
//! A site may hold at most four times what is free (dynamic thresholds: Choudhury and Hahne, "Dynamic queue length thresholds for
//! shared-memory packet switches", 1998). While there is room this refuses nobody; one site that floods an edge whose log does not
//! drain stops at four fifths, several at less each, and the rest stays for the others. What it costs: a lock per request that
//! only requests of the same site meet. A site that is alone may take everything.

use crate::sites::Site;
use footfall_log::Room;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many times what is free one site may hold.
const TIMES_FREE: u64 = 4;
/// A site's bytes are remembered in as many pieces as the quota has of these; each is forgotten with its last record.
const PIECES: u64 = 1024;

/// What one site has on its way: records of this process's log that are still on disk, and requests that wait for it.
#[derive(Default)]
pub(crate) struct Share {
    held: Mutex<Held>,
    waiting: AtomicU64,
}

#[derive(Default)]
struct Held {
    /// Last number and bytes of each piece, in order.
    pieces: VecDeque<(u64, u64)>,
    bytes: u64,
}

impl Share {
    /// Bytes of the log that are this site's, as far as this process has written them.
    pub(crate) fn held(&self, room: &Room) -> u64 {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((last, bytes)) = held.pieces.front().copied()
            && last < room.oldest
        {
            held.pieces.pop_front();
            held.bytes -= bytes;
        }
        held.bytes
    }

    /// Whether the site has what it may have of the log: a fixed part of the quota where the file says so.
    pub(crate) fn is_full(&self, site: &Site, room: &Room) -> bool {
        match site.log_percent {
            Some(percent) => self.held(room) >= room.quota / 100 * u64::from(percent),
            // Nobody can hold as much as that, so nobody is asked.
            None if room.used <= room.quota / 2 => false,
            None => self.held(room) > TIMES_FREE * room.quota.saturating_sub(room.used),
        }
    }

    /// Records up to `last` are in the log.
    pub(crate) fn took(&self, last: u64, bytes: u64, room: &Room) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.bytes += bytes;
        match held.pieces.back_mut() {
            Some((of, piece)) if *piece < room.quota / PIECES => {
                *of = last.max(*of);
                *piece += bytes;
            }
            _ => held.pieces.push_back((last, bytes)),
        }
    }

    /// Lets `bytes` of a request wait for the disk, given back when the result is dropped; none: the site has too many there
    /// already.
    pub(crate) fn wait<'s>(&'s self, all: &'s AtomicU64, bytes: u64, most: u64) -> Option<Waiting<'s>> {
        let others = all.fetch_add(bytes, Ordering::Relaxed);
        let own = self.waiting.fetch_add(bytes, Ordering::Relaxed);
        let waiting = Waiting {
            own: &self.waiting,
            all,
            bytes,
        };
        // Whoever has nothing there may always come: what does not fit at all is for the log to say.
        let free = most.saturating_sub(others);
        (own == 0 || own + bytes <= TIMES_FREE * free).then_some(waiting)
    }
}

/// Bytes that wait for the disk.
pub(crate) struct Waiting<'s> {
    own: &'s AtomicU64,
    all: &'s AtomicU64,
    bytes: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.own.fetch_sub(self.bytes, Ordering::Relaxed);
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::{Room, Share, Site};
    use std::sync::atomic::{AtomicU64, Ordering};

    const QUOTA: u64 = 1 << 20;

    fn room(used: u64, oldest: u64) -> Room {
        Room {
            used,
            quota: QUOTA,
            queue: 1000,
            oldest,
        }
    }

    #[test]
    fn one_that_floods_stops_at_four_fifths_and_others_go_on() {
        let (loud, quiet, site) = (Share::default(), Share::default(), Site::new("a").unwrap());
        let (mut used, mut last) = (0, 0);
        while !loud.is_full(&site, &room(used, 1)) {
            (used, last) = (used + 1024, last + 1);
            loud.took(last, 1024, &room(used, 1));
            assert!(used < QUOTA, "the quota is reached");
        }
        assert!((QUOTA / 5 * 4..QUOTA / 5 * 4 + 4096).contains(&used), "{used}");
        for _ in 0..100 {
            (used, last) = (used + 1024, last + 1);
            assert!(!quiet.is_full(&site, &room(used, 1)));
            quiet.took(last, 1024, &room(used, 1));
        }
        // The others' room becomes smaller with what they take, and so does the part of the one.
        assert!(loud.is_full(&site, &room(used, 1)));
        // Half of it is trimmed.
        let oldest = last / 2;
        assert!(!loud.is_full(&site, &room(used / 2, oldest)));
        assert!(loud.held(&room(used / 2, oldest)) <= used / 2 + QUOTA / 512);
        assert_eq!(loud.held(&room(0, last + 1)), 0);
    }

    #[test]
    fn a_part_that_the_file_gives_is_neither_more_nor_less() {
        let share = Share::default();
        let site = Site {
            log_percent: Some(10),
            ..Site::new("a").unwrap()
        };
        share.took(1, QUOTA / 10 - 1024, &room(0, 1));
        assert!(!share.is_full(&site, &room(QUOTA, 1)));
        share.took(2, 2048, &room(0, 1));
        assert!(share.is_full(&site, &room(0, 1)));
    }

    #[test]
    fn memory_does_not_grow_with_the_number_of_records() {
        let share = Share::default();
        for last in 1..=100_000 {
            share.took(last, 10, &room(0, 1));
        }
        assert!(share.held.lock().unwrap().pieces.len() <= 1024);
    }

    #[test]
    fn who_waits_for_the_disk_leaves_room_for_others() {
        let (loud, quiet, all) = (Share::default(), Share::default(), AtomicU64::new(0));
        let mut there: Vec<_> = std::iter::from_fn(|| loud.wait(&all, 10, 1000)).collect();
        assert!((790..=810).contains(&(there.len() * 10)), "{}", there.len());
        assert!(quiet.wait(&all, 100, 1000).is_some());
        assert!(
            quiet.wait(&all, 5000, 1000).is_some(),
            "the log says what is too large"
        );
        there.clear();
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
