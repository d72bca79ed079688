//! What a ledger says beside random events: ranges that overlap, in two logs, of several sites, some long.

use super::{DAY, HOUR, NEVER, Random};
use crate::reports::reference::Event;
use crate::reports::reference::books::Entry;
use uuid::Uuid;

const REASONS: &[&str] = &[
    "mark",
    "duplicate",
    "duplicate",
    "lost",
    "unreadable",
    "erased",
    "expired",
];

/// The entries of one seed, about the numbers of its events.
pub(crate) fn ledger(random: &mut Random, site: &'static str, middle: i64, events: &[Event]) -> Vec<Entry> {
    let logs: Vec<_> = events.iter().take(20).map(|event| event.log_id).collect();
    (0..40)
        .map(|_| {
            let log_id = random.pick(&logs);
            let mut entry = entry(random, site, log_id, events.len());
            let (event, later) = (&events[random.below(events.len())], random.upto(HOUR));
            if entry.reason == "duplicate" {
                (entry.event_id, entry.at) = (event.event_id, event.received_at + later);
            } else {
                entry.at = middle - 5 * DAY + random.upto(10 * DAY);
            }
            entry
        })
        .collect()
}

fn entry(random: &mut Random, site: &'static str, log_id: Uuid, numbers: usize) -> Entry {
    let first_seq = 1 + u64::try_from(random.below(numbers + 20)).unwrap();
    let length = match random.below(20) {
        0 => random.upto(60),
        1 => 1_000 + random.upto(500),
        2..6 => random.upto(5),
        _ => 0,
    };
    Entry {
        log_id,
        first_seq,
        last_seq: first_seq + length.unsigned_abs(),
        reason: random.pick(REASONS),
        site: random.pick(&[site, site, "elsewhere", ""]),
        insert_deadline: NEVER,
        ..Entry::default()
    }
}
