//! What was written last, still in memory, for readers that follow the log. Next: `reader`.
//!
//! Groups are written past the page cache, so a reader that is always near the end would have the disk read each of
//! them once more, a moment after it was written: half of what the forwarder cost.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

use crate::folder::SegmentName;
use crate::queue::lock;

/// Bytes of groups that are kept: a tenth of a second at the highest rates, minutes at low ones.
const KEPT_BYTES: usize = 4 << 20;

/// The last groups of one log.
#[derive(Default)]
pub(crate) struct Recent {
    groups: Mutex<Groups>,
    /// Without any, nothing is kept.
    followers: AtomicUsize,
}

#[derive(Default)]
struct Groups {
    /// In the order of writing, with the offset of each in its segment.
    list: VecDeque<(SegmentName, u64, Bytes)>,
    bytes: usize,
}

impl Recent {
    /// A reader follows the log from now on, until [`Recent::unfollow`].
    pub(crate) fn follow(&self) {
        self.followers.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn unfollow(&self) {
        self.followers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Keeps a group that has become durable at this place; gives a buffer for another one.
    pub(crate) fn keep(&self, segment: SegmentName, at: u64, frames: Vec<u8>) -> Vec<u8> {
        let (len, followed) = (frames.len(), self.followers.load(Ordering::Relaxed) > 0);
        let mut groups = lock(&self.groups);
        let mut spare = None;
        if followed {
            groups.bytes += len;
            groups.list.push_back((segment, at, Bytes::from(frames)));
        } else {
            spare = Some(frames);
        }
        let most = if followed { KEPT_BYTES } else { 0 };
        while groups.bytes > most
            && let Some((_, _, oldest)) = groups.list.pop_front()
        {
            groups.bytes -= oldest.len();
            if spare.is_none() && oldest.is_unique() {
                // Not a copy: nobody else holds it.
                spare = Some(Vec::from(oldest));
            }
        }
        spare.unwrap_or_else(|| Vec::with_capacity(len + len / 4))
    }

    /// The frames of a group from this place on, if it is still here.
    pub(crate) fn at(&self, segment: SegmentName, at: u64) -> Option<Bytes> {
        let groups = lock(&self.groups);
        let after = groups
            .list
            .partition_point(|(name, begins, _)| (*name, *begins) <= (segment, at));
        let (name, begins, frames) = groups.list.get(after.checked_sub(1)?)?;
        let inside = usize::try_from(at.checked_sub(*begins)?).ok()?;
        (*name == segment && inside < frames.len()).then(|| frames.slice(inside..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: SegmentName = SegmentName { first: 1, attempt: 0 };
    const SECOND: SegmentName = SegmentName { first: 9, attempt: 0 };

    #[test]
    fn a_group_is_found_by_any_place_in_it_and_by_no_other() {
        let recent = Recent::default();
        recent.follow();
        recent.keep(FIRST, 4096, vec![1; 100]);
        recent.keep(FIRST, 4196, vec![2; 50]);
        recent.keep(SECOND, 4096, vec![3; 10]);
        let found = |segment, at| recent.at(segment, at).map(|bytes| (bytes[0], bytes.len()));
        assert_eq!(found(FIRST, 4096), Some((1, 100)));
        assert_eq!(found(FIRST, 4195), Some((1, 1)));
        assert_eq!(found(FIRST, 4196), Some((2, 50)));
        assert_eq!(found(SECOND, 4096), Some((3, 10)));
        for (segment, at) in [(FIRST, 4095), (FIRST, 4246), (SECOND, 4106), (SECOND, 0)] {
            assert_eq!(found(segment, at), None, "{segment:?} {at}");
        }
        let retried = SegmentName { attempt: 1, ..FIRST };
        assert_eq!(found(retried, 4096), None);
    }

    #[test]
    fn so_much_is_kept_and_no_more_and_nothing_without_a_reader() {
        let recent = Recent::default();
        recent.follow();
        for n in 0..10 {
            recent.keep(FIRST, n << 20, vec![7; 1 << 20]);
        }
        assert_eq!(
            (recent.at(FIRST, 5 << 20), recent.at(FIRST, 6 << 20).is_some()),
            (None, true)
        );
        recent.unfollow();
        let spare = recent.keep(FIRST, 10 << 20, vec![7; 1 << 20]);
        assert!(spare.capacity() >= 1 << 20);
        assert_eq!(recent.at(FIRST, 9 << 20), None);
        assert_eq!(recent.at(FIRST, 10 << 20), None);
    }
}
