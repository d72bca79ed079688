//! Who remembers everything that was acknowledged and everything that was read, and judges.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use footfall_log::{Item, KIND_MARK, Position, Recovery};
use uuid::Uuid;

type Number = (Uuid, u64);

#[derive(Clone, Default)]
pub(crate) struct Witness {
    acknowledged: BTreeMap<Number, Vec<u8>>,
    /// What a number meant, whenever it was read or acknowledged.
    meaning: BTreeMap<Number, Vec<u8>>,
    /// Where a payload was found; payloads are unique.
    found: HashMap<Vec<u8>, Number>,
    offered: u64,
}

/// Whether an acknowledged number may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mercy {
    /// Never: nobody has touched the files.
    None,
    /// Not if it was acknowledged. A record that was refused (its fsync failed) may be found and read after a kill, its
    /// pages still in the cache, and be gone after a power cut: then it is reported.
    Unacknowledged,
    /// When it is reported: as lost, or as torn by the recovery.
    Reported,
}

impl Witness {
    /// A payload that no other entry has, of about `size` bytes.
    pub(crate) fn payload(&mut self, size: usize) -> Vec<u8> {
        self.offered += 1;
        let mut payload = format!("event {} ", self.offered).into_bytes();
        payload.resize(payload.len().max(size), b'.');
        payload
    }

    pub(crate) fn acknowledged(&mut self, log: Uuid, numbers: Range<u64>, payloads: Vec<Vec<u8>>) {
        assert_eq!(numbers.end - numbers.start, payloads.len() as u64);
        for (seq, payload) in numbers.zip(payloads) {
            let twice = self.acknowledged.insert((log, seq), payload.clone());
            assert!(twice.is_none(), "the number {seq} was given twice");
            self.means((log, seq), payload);
        }
    }

    fn means(&mut self, number: Number, payload: Vec<u8>) {
        let before = self.meaning.entry(number).or_insert_with(|| payload.clone());
        assert_eq!(
            *before, payload,
            "the number {number:?} had another payload before"
        );
        let place = self.found.entry(payload).or_insert(number);
        assert_eq!(*place, number, "an entry has two numbers");
    }

    /// Judges everything that was read from `from` (a position that was saved, or the oldest) to the end.
    pub(crate) fn judge(&mut self, items: &[Item], from: Position, recovery: &Recovery, mercy: Mercy) {
        let lost = self.order(items, from);
        let read: BTreeMap<Number, ()> = items
            .iter()
            .filter_map(|item| match item {
                Item::Record(r) => Some(((r.log_id, r.seq), ())),
                Item::Lost { .. } => None,
            })
            .collect();
        let logs: Vec<Uuid> = read
            .keys()
            .chain(lost.iter().map(|(n, _)| n))
            .map(|(log, _)| *log)
            .collect();
        // What was read once counts like what was acknowledged: somebody has acted on it.
        for number in self.meaning.keys() {
            let passed = number.0 == from.log_id && number.1 < from.next_seq
                || number.0 != from.log_id && from != Position::OLDEST && !logs.contains(&number.0);
            if passed || read.contains_key(number) {
                continue;
            }
            let reported = lost
                .iter()
                .any(|((log, first), last)| *log == number.0 && (*first..=*last).contains(&number.1))
                || recovery
                    .torn_tails
                    .iter()
                    .any(|torn| torn.log_id == number.0 && torn.first <= number.1);
            let excused = match mercy {
                Mercy::None => false,
                Mercy::Unacknowledged => !self.acknowledged.contains_key(number),
                Mercy::Reported => true,
            };
            assert!(
                excused && reported,
                "{number:?} was acknowledged or read, and is gone ({recovery:?})"
            );
        }
    }

    /// Numbers of a log rise without a gap; each means what it always meant.
    fn order(&mut self, items: &[Item], from: Position) -> Vec<(Number, u64)> {
        let mut next = (from.log_id, from.next_seq);
        let mut lost = Vec::new();
        for item in items {
            let (log, first, last) = match item {
                Item::Record(r) => (r.log_id, r.seq, r.seq),
                Item::Lost {
                    log_id, first, last, ..
                } => (*log_id, *first, *last),
            };
            if log != next.0 {
                // Where a log begins is known unless its beginning was trimmed.
                next = (log, if next.0.is_nil() { first } else { 1 });
            }
            assert_eq!(first, next.1, "a gap or a repetition in {log}");
            assert!(last >= first);
            next.1 = last + 1;
            match item {
                Item::Record(r) if r.kind != KIND_MARK => self.means((log, r.seq), r.payload.to_vec()),
                Item::Record(_) => assert!(
                    !self.acknowledged.contains_key(&(log, first)),
                    "a mark in an event's place"
                ),
                Item::Lost { .. } => lost.push(((log, first), last)),
            }
        }
        lost
    }
}
