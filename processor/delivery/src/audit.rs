//! Rule 8, the part of the auditor that needs no server: when a stretch of a log is closed, what counts say about it, and
//! what to order. The processor runs the queries and carries out the [`Repair`]s.
//!
//! A stretch is closed when a mark was seen, and the committed positions of all partitions have passed the end offsets
//! that were read *after* seeing it ([`Closing`]). Then `rows`, `distinct rows` and ledger numbers are counted; only where
//! they do not add up the range is halved ([`split`]) until it is small enough to be listed.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::head::{Number, Numbers};
use crate::input::RecentId;
use crate::present::{joined, without};

/// What both tables count over a closed range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The range.
    pub numbers: Numbers,
    /// `count()` over `events`.
    pub rows: u64,
    /// `uniqExact(log_seq)` over `events`.
    pub distinct: u64,
    /// Numbers of the range that `ledger` covers, each once.
    pub ledger: u64,
    /// Numbers that are in both tables.
    pub both: u64,
}

/// What a count says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Balance {
    /// Numbers in no table.
    pub missing: u64,
    /// Rows too many in `events`.
    pub doubled: u64,
    /// Numbers with a row *and* a fate in the ledger: a repair or an erasure was cut off between its two steps.
    pub unfinished: u64,
}

impl Count {
    /// Compares with what was acknowledged: every number of the range.
    #[must_use]
    pub fn balance(&self) -> Balance {
        let acknowledged = (self.numbers.last - self.numbers.first).saturating_add(1);
        let found = (self.distinct + self.ledger).saturating_sub(self.both);
        Balance {
            missing: acknowledged.saturating_sub(found),
            doubled: self.rows.saturating_sub(self.distinct),
            unfinished: self.both,
        }
    }
}

impl Balance {
    /// Acknowledged = rows + ledger.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

/// Cuts a range that does not add up into at most `parts` of about equal length, to be counted one by one.
#[must_use]
pub fn split(range: Numbers, parts: u64) -> Vec<Numbers> {
    let length = (range.last - range.first).saturating_add(1);
    let step = length.div_ceil(parts.max(1)).max(1);
    let mut cut = Vec::new();
    let mut first = range.first;
    loop {
        let last = first.saturating_add(step - 1).min(range.last);
        cut.push(Numbers { first, last, ..range });
        if last == range.last {
            return cut;
        }
        first = last + 1;
    }
}

/// The numbers of `range` that are in no table. `present`: what the tables list, in any order.
#[must_use]
pub fn missing(range: Numbers, present: Vec<Numbers>) -> Vec<Numbers> {
    without(range, &joined(present))
}

/// Where a row lies: `_part` and `_part_offset`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// `_part`.
    pub part: String,
    /// `_part_offset`.
    pub offset: u64,
}

/// What to do about a finding. None of them inserts an event: a missing one takes the ordinary way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// Send these to Kafka again, or offer them again from the local log.
    Resend(Numbers),
    /// No copy is left: a ledger row `lost`, and an alarm.
    Lost(Numbers),
    /// Delete these copies, and no other, by literal place with `mutations_sync=1`.
    Delete(Vec<Place>),
    /// A ledger row `duplicate` for `number`; when it is in, delete the row.
    Duplicate {
        /// The number whose row goes.
        number: Number,
        /// The number whose row stays.
        of: Number,
    },
}

/// For what is missing: again from a copy where one is left, else `lost`.
#[must_use]
pub fn repair_missing(missing: &[Numbers], copies: Vec<Numbers>) -> Vec<Repair> {
    let copies = joined(copies);
    let mut repairs = Vec::new();
    for range in missing {
        let lost = without(*range, &copies);
        repairs.extend(without(*range, &lost).into_iter().map(Repair::Resend));
        repairs.extend(lost.into_iter().map(Repair::Lost));
    }
    repairs
}

/// For numbers with several rows: all copies but the first go.
#[must_use]
pub fn repair_doubled(rows: Vec<(Number, Place)>) -> Option<Repair> {
    let mut copies: BTreeMap<Number, Vec<Place>> = BTreeMap::new();
    for (number, place) in rows {
        copies.entry(number).or_default().push(place);
    }
    let mut surplus = Vec::new();
    for places in copies.values_mut() {
        places.sort();
        surplus.extend(places.drain(..).skip(1));
    }
    (!surplus.is_empty()).then_some(Repair::Delete(surplus))
}

/// For event ids with several numbers in `events`: the one received first stays.
#[must_use]
pub fn repair_late_duplicates(rows: &[RecentId]) -> Vec<Repair> {
    let mut events: BTreeMap<Uuid, Vec<(i64, Number)>> = BTreeMap::new();
    for row in rows {
        events
            .entry(row.event_id)
            .or_default()
            .push((row.received_at, row.number));
    }
    let mut repairs = Vec::new();
    for numbers in events.values_mut() {
        numbers.sort_unstable();
        numbers.dedup();
        let mut rest = numbers.iter();
        if let Some((_, of)) = rest.next() {
            repairs.extend(rest.map(|(_, number)| Repair::Duplicate {
                number: *number,
                of: *of,
            }));
        }
    }
    repairs
}

/// Which stretches of which logs are closed.
#[derive(Debug, Default)]
pub struct Closing {
    /// Per log: audited up to here.
    audited: BTreeMap<Uuid, u64>,
    /// Marks that wait for positions to pass the ends: (mark, partition -> end).
    waiting: Vec<(Number, BTreeMap<u32, u64>)>,
}

impl Closing {
    /// Starts from what the table `audited` says: per log the last number that was audited clean.
    #[must_use]
    pub fn new(audited: &[Number]) -> Self {
        let mut closing = Self::default();
        for number in audited {
            let last = closing.audited.entry(number.log_id).or_default();
            *last = number.seq.max(*last);
        }
        closing
    }

    /// A mark was seen in a table; `ends` are the end offsets of all partitions, read after that.
    pub fn mark(&mut self, mark: Number, ends: BTreeMap<u32, u64>) {
        self.waiting.push((mark, ends));
    }

    /// The ranges that are closed now that positions `committed` stand. Each comes once, until [`Closing::reopen`].
    pub fn closed(&mut self, committed: &BTreeMap<u32, u64>) -> Vec<Numbers> {
        let passed = |ends: &BTreeMap<u32, u64>| {
            ends.iter()
                .all(|(partition, end)| *end == 0 || committed.get(partition) >= Some(end))
        };
        let mut closed = Vec::new();
        self.waiting.sort_unstable_by_key(|(mark, _)| *mark);
        self.waiting.retain(|(mark, ends)| {
            if !passed(ends) {
                return true;
            }
            let last = self.audited.entry(mark.log_id).or_default();
            if mark.seq > *last {
                closed.push(Numbers {
                    log_id: mark.log_id,
                    first: *last + 1,
                    last: mark.seq,
                });
                *last = mark.seq;
            }
            false
        });
        closed
    }

    /// Goes back to `number`: a repair was ordered behind it, or the server may have lost what it had not fsynced.
    pub fn reopen(&mut self, number: Number) {
        if let Some(last) = self.audited.get_mut(&number.log_id) {
            *last = number.seq.min(*last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Uuid {
        Uuid::from_u128(1)
    }

    fn range(first: u64, last: u64) -> Numbers {
        Numbers {
            log_id: log(),
            first,
            last,
        }
    }

    fn number(seq: u64) -> Number {
        Number { log_id: log(), seq }
    }

    #[test]
    fn books_that_add_up_are_clean_and_others_say_by_how_much() {
        let clean = Count {
            numbers: range(1, 100),
            rows: 90,
            distinct: 90,
            ledger: 10,
            both: 0,
        };
        assert!(clean.balance().is_clean());
        let wrong = Count {
            rows: 92,
            distinct: 88,
            ledger: 11,
            both: 2,
            ..clean
        };
        assert_eq!(
            wrong.balance(),
            Balance {
                missing: 3,
                doubled: 4,
                unfinished: 2
            }
        );
    }

    #[test]
    fn a_range_is_cut_without_gap_or_overlap() {
        for (last, parts) in [(1, 5), (10, 3), (1_000, 7), (16, 16)] {
            let cut = split(range(1, last), parts);
            assert!(cut.len() as u64 <= parts.max(1));
            assert_eq!(joined(cut.clone()), [range(1, last)]);
            assert_eq!(cut.iter().map(|r| r.last - r.first + 1).sum::<u64>(), last);
        }
        assert_eq!(split(range(u64::MAX - 1, u64::MAX), 2).len(), 2);
    }

    #[test]
    fn what_is_missing_comes_from_a_copy_or_is_lost() {
        let gone = missing(range(1, 10), vec![range(1, 3), range(8, 10)]);
        assert_eq!(gone, [range(4, 7)]);
        let repairs = repair_missing(&gone, vec![range(5, 6)]);
        assert_eq!(
            repairs,
            [
                Repair::Resend(range(5, 6)),
                Repair::Lost(range(4, 4)),
                Repair::Lost(range(7, 7))
            ]
        );
    }

    #[test]
    fn one_copy_of_a_doubled_row_stays() {
        let place = |part: &str, offset| Place {
            part: part.to_owned(),
            offset,
        };
        let rows = vec![
            (number(5), place("b", 0)),
            (number(5), place("a", 7)),
            (number(6), place("a", 8)),
            (number(5), place("b", 1)),
        ];
        assert_eq!(
            repair_doubled(rows),
            Some(Repair::Delete(vec![place("b", 0), place("b", 1)]))
        );
        assert_eq!(repair_doubled(vec![(number(6), place("a", 8))]), None);
    }

    #[test]
    fn of_a_late_duplicate_the_first_received_stays() {
        let row = |id, seq, received_at| RecentId {
            event_id: Uuid::from_u128(id),
            number: number(seq),
            received_at,
        };
        let repairs = repair_late_duplicates(&[row(1, 9, 100), row(1, 3, 200), row(2, 4, 50)]);
        assert_eq!(
            repairs,
            [Repair::Duplicate {
                number: number(3),
                of: number(9)
            }]
        );
    }

    #[test]
    fn a_stretch_closes_when_all_positions_have_passed_the_ends() {
        let mut closing = Closing::new(&[number(10)]);
        closing.mark(number(20), BTreeMap::from([(0, 5), (1, 9), (2, 0)]));
        assert_eq!(closing.closed(&BTreeMap::from([(0, 5), (1, 8)])), []);
        assert_eq!(closing.closed(&BTreeMap::from([(0, 6), (1, 9)])), [range(11, 20)]);
        closing.reopen(number(15));
        closing.mark(number(25), BTreeMap::new());
        assert_eq!(closing.closed(&BTreeMap::new()), [range(16, 25)]);
    }
}
