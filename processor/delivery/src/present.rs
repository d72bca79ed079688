//! The answer to a look-up, made searchable: which numbers are in which table. Used by [`crate::judge`].

use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::head::{Number, Numbers};
use crate::input::LookedUp;
use crate::ranges::{joined, without};

/// What is in the tables of the numbers and event ids that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Present {
    events: Vec<Numbers>,
    ledger: Vec<Numbers>,
    ids: FxHashMap<Uuid, Number>,
}

impl Present {
    pub(crate) fn new(answer: LookedUp) -> Self {
        let mut ids = FxHashMap::default();
        for found in answer.ids {
            ids.entry(found.event_id).or_insert(found.number);
        }
        Self {
            events: joined(answer.events),
            ledger: joined(answer.ledger),
            ids,
        }
    }

    pub(crate) fn in_events(&self, number: Number) -> bool {
        covers(&self.events, number)
    }

    pub(crate) fn in_ledger(&self, number: Number) -> bool {
        covers(&self.ledger, number)
    }

    /// The number that the table has this event id under.
    pub(crate) fn number_of(&self, event_id: Uuid) -> Option<Number> {
        self.ids.get(&event_id).copied()
    }

    /// What of `range` is in no table and not in `more` (any order).
    pub(crate) fn missing(&self, range: Numbers, more: Vec<Numbers>) -> Vec<Numbers> {
        let all: Vec<Numbers> = self
            .events
            .iter()
            .chain(&self.ledger)
            .copied()
            .chain(more)
            .collect();
        without(range, &joined(all))
    }
}

fn covers(ranges: &[Numbers], number: Number) -> bool {
    let after = ranges.partition_point(|range| (range.log_id, range.first) <= (number.log_id, number.seq));
    let before = after.checked_sub(1).and_then(|at| ranges.get(at));
    before.is_some_and(|range| range.log_id == number.log_id && number.seq <= range.last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranges::range;

    #[test]
    fn ranges_join_and_answer_for_their_own_log_only() {
        let present = Present::new(LookedUp {
            events: vec![range(1, 5, 5), range(1, 1, 3), range(1, 4, 4), range(2, 9, 12)],
            ..LookedUp::default()
        });
        let is_in = |log, seq| {
            present.in_events(Number {
                log_id: Uuid::from_u128(log),
                seq,
            })
        };
        assert!(is_in(1, 1) && is_in(1, 5) && !is_in(1, 6) && !is_in(1, 9));
        assert!(!is_in(2, 8) && is_in(2, 12) && !is_in(2, 13) && !is_in(3, 10));
    }

    #[test]
    fn what_is_missing_of_a_range_is_all_that_no_table_has() {
        let present = Present::new(LookedUp {
            events: vec![range(1, 3, 4), range(1, 9, 9)],
            ledger: vec![range(1, 1, 1), range(2, 1, 99)],
            ids: Vec::new(),
        });
        let missing = present.missing(range(1, 1, 10), vec![range(1, 6, 6)]);
        assert_eq!(
            missing,
            [range(1, 2, 2), range(1, 5, 5), range(1, 7, 8), range(1, 10, 10)]
        );
        assert!(present.missing(range(2, 5, 50), Vec::new()).is_empty());
    }
}
