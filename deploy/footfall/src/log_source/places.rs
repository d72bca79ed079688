//! Which place in the log a position of the processor means. Positions rise by one per item; numbers do so within a log,
//! but jump at a new log, and over a range that is lost.

use footfall_log::Position;
use std::collections::VecDeque;

/// The position that means "the oldest record that the log still has".
pub(super) const OLDEST: u64 = 0;
/// The position that the saved cursor gets. Far from [`OLDEST`], so that reading from there never comes near it.
pub(super) const SAVED: u64 = 1 << 48;

/// Runs of consecutive numbers: where each begins, as a position and as a place.
#[derive(Debug)]
pub(super) struct Places {
    runs: VecDeque<(u64, Position)>,
}

impl Places {
    /// Before anything was read: the saved cursor.
    pub(super) fn new(saved: Position) -> Self {
        Self {
            runs: VecDeque::from([(SAVED, saved)]),
        }
    }

    /// `position` stands at `place`. Noted only where the last run does not say so already.
    pub(super) fn note(&mut self, position: u64, place: Position) {
        if self.place(position) != Some(place) {
            self.runs.push_back((position, place));
        }
    }

    /// The place of a position that was noted, or of one behind it in the same run.
    pub(super) fn place(&self, position: u64) -> Option<Position> {
        if position == OLDEST {
            return Some(Position::OLDEST);
        }
        let at = self.runs.partition_point(|(start, _)| *start <= position);
        let (start, place) = self.runs.get(at.checked_sub(1)?)?;
        Some(Position {
            log_id: place.log_id,
            next_seq: place.next_seq + (position - start),
        })
    }

    /// Goes back to a position, and forgets what lay behind it: it will be read, and noted, again.
    pub(super) fn rewind(&mut self, position: u64) -> Position {
        let place = self.place(position).unwrap_or(Position::OLDEST);
        self.runs
            .retain(|(start, _)| *start < position && position != OLDEST);
        self.runs.push_back((position, place));
        place
    }

    /// Positions before this one are not asked for again.
    pub(super) fn forget_before(&mut self, position: u64) {
        while self.runs.get(1).is_some_and(|(start, _)| *start <= position) {
            self.runs.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OLDEST, Places, SAVED};
    use footfall_log::Position;
    use uuid::Uuid;

    fn at(log: u128, next_seq: u64) -> Position {
        Position {
            log_id: Uuid::from_u128(log),
            next_seq,
        }
    }

    #[test]
    fn positions_go_through_logs_and_over_lost_numbers() {
        let mut places = Places::new(at(1, 5));
        // 5, 6 of log 1; then 7..=9 lost; then log 2 from 1.
        for (position, place) in [
            (SAVED, at(1, 5)),
            (SAVED + 1, at(1, 6)),
            (SAVED + 2, at(1, 7)),
            (SAVED + 3, at(1, 10)),
            (SAVED + 3, at(2, 1)),
            (SAVED + 4, at(2, 2)),
        ] {
            places.note(position, place);
        }
        assert_eq!(places.place(SAVED + 1), Some(at(1, 6)));
        assert_eq!(places.place(SAVED + 2), Some(at(1, 7)));
        assert_eq!(places.place(SAVED + 3), Some(at(2, 1)));
        assert_eq!(places.place(SAVED + 9), Some(at(2, 7)));
        assert_eq!(places.runs.len(), 3, "a run is noted once");
        places.forget_before(SAVED + 3);
        assert_eq!(places.place(SAVED + 1), None);
        assert_eq!(places.place(SAVED + 4), Some(at(2, 2)));
        assert_eq!(places.rewind(SAVED + 4), at(2, 2));
        assert_eq!(places.place(SAVED + 5), Some(at(2, 3)));
    }

    #[test]
    fn the_oldest_place_can_always_be_gone_to() {
        let mut places = Places::new(at(1, 5));
        assert_eq!(places.rewind(OLDEST), Position::OLDEST);
        places.note(OLDEST, at(3, 8));
        places.note(OLDEST + 1, at(3, 9));
        assert_eq!(places.place(OLDEST), Some(Position::OLDEST));
        assert_eq!(places.place(1), Some(at(3, 9)));
    }
}
