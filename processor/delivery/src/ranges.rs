//! Ranges of numbers: joined, and taken away from one another. For the machine's look-ups (`present`) and for
//! whoever audits.

use crate::head::Numbers;

/// Sorted, and overlapping or adjacent ranges made one.
#[must_use]
pub fn joined(ranges: Vec<Numbers>) -> Vec<Numbers> {
    joined_within(ranges, 1)
}

/// The same, and those that begin at most `gap` above the end of the one before made one with it.
#[must_use]
pub fn joined_within(mut ranges: Vec<Numbers>, gap: u64) -> Vec<Numbers> {
    ranges.retain(|range| range.first <= range.last);
    ranges.sort_unstable();
    let mut all: Vec<Numbers> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match all.last_mut() {
            Some(last) if last.log_id == range.log_id && range.first <= last.last.saturating_add(gap) => {
                last.last = last.last.max(range.last);
            }
            _ => all.push(range),
        }
    }
    all
}

/// `range` without `ranges` (which [`joined`] made).
#[must_use]
pub fn without(range: Numbers, ranges: &[Numbers]) -> Vec<Numbers> {
    let mut left = Vec::new();
    let mut first = range.first;
    for taken in ranges
        .iter()
        .filter(|taken| taken.log_id == range.log_id && taken.last >= range.first)
    {
        if taken.first > range.last {
            break;
        }
        if taken.first > first {
            left.push(Numbers {
                first,
                last: taken.first - 1,
                ..range
            });
        }
        match taken.last.checked_add(1) {
            Some(next) => first = first.max(next),
            None => return left,
        }
    }
    if first <= range.last {
        left.push(Numbers { first, ..range });
    }
    left
}

/// A range, for tests.
#[cfg(test)]
pub(crate) fn range(log: u128, first: u64, last: u64) -> Numbers {
    Numbers {
        log_id: uuid::Uuid::from_u128(log),
        first,
        last,
    }
}

#[cfg(test)]
mod tests {
    use super::{joined, joined_within, range, without};

    #[test]
    fn neighbours_and_overlaps_become_one() {
        let ranges = vec![
            range(1, 7, 9),
            range(2, 1, 1),
            range(1, 2, 3),
            range(1, 4, 4),
            range(1, 8, 8),
        ];
        assert_eq!(joined(ranges), [range(1, 2, 4), range(1, 7, 9), range(2, 1, 1)]);
        assert_eq!(joined(vec![range(1, 2, 1)]), []);
    }

    #[test]
    fn what_is_near_enough_becomes_one() {
        let ranges = vec![
            range(1, 5, 5),
            range(2, 6, 6),
            range(1, 900, 900),
            range(1, 6, 6),
            range(1, 5_000, 5_000),
        ];
        assert_eq!(
            joined_within(ranges, 1_000),
            [range(1, 5, 900), range(1, 5_000, 5_000), range(2, 6, 6)]
        );
        assert_eq!(
            joined_within(vec![range(1, 7, u64::MAX), range(1, 8, 8)], 1_000),
            [range(1, 7, u64::MAX)]
        );
    }

    #[test]
    fn what_is_left_is_what_no_range_of_that_log_covers() {
        let taken = joined(vec![range(1, 2, 4), range(1, 7, 9), range(2, 1, 99)]);
        assert_eq!(
            without(range(1, 1, 12), &taken),
            [range(1, 1, 1), range(1, 5, 6), range(1, 10, 12)]
        );
        assert_eq!(without(range(1, 2, 4), &taken), []);
        assert_eq!(without(range(1, 1, 2), &[]), [range(1, 1, 2)]);
    }

    #[test]
    fn the_last_number_of_all_is_no_special_case() {
        assert_eq!(without(range(1, 5, u64::MAX), &[range(1, 1, u64::MAX)]), []);
    }
}
