//! Reports on the figures themselves: every number of every log, looked at one by one.

use super::{Answer, Event, count, order, zone};
use footfall_tables::LedgerRow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// An entry of the ledger.
pub(crate) type Entry = LedgerRow<'static>;

/// What one log's number has become.
#[derive(Default)]
struct Fates {
    rows: usize,
    /// Entries that say what became of it; those that may follow any fate are not among them.
    fates: usize,
    /// Whether an entry says something that cannot be true of a number that has a row.
    clashes: bool,
    in_ledger: bool,
}

pub(crate) fn books(site: &str, events: &[Event], ledger: &[Entry]) -> Answer {
    let of_site = events.iter().filter(|event| event.site == site);
    let logs: BTreeSet<_> = of_site.map(|event| event.log_id).collect();
    let mut lines: Vec<_> = logs
        .into_iter()
        .map(|log| {
            let rows: Vec<_> = events.iter().filter(|event| event.log_id == log).collect();
            let entries: Vec<_> = ledger.iter().filter(|entry| entry.log_id == log).collect();
            let received = rows.iter().map(|event| event.received_at);
            let times: Vec<_> = received.chain(entries.iter().map(|entry| entry.at)).collect();
            let last_at = times.iter().copied().max().unwrap();
            let first_at = times.into_iter().min().unwrap();
            (Reverse(last_at), log, first_at, figures(&rows, &entries))
        })
        .collect();
    lines.sort_by_key(|line| (line.0, order(line.1)));
    let line = |(last_at, log, first_at, figures): (Reverse<i64>, Uuid, i64, [u64; 7])| {
        let mut line = vec![log.to_string().as_str().into()];
        line.extend(figures.map(Into::into));
        line.push(zone::millis(first_at).as_str().into());
        line.push(zone::millis(last_at.0).as_str().into());
        line
    };
    lines.into_iter().map(line).collect()
}

/// From `acknowledged` to `through`.
fn figures(rows: &[&Event], entries: &[&Entry]) -> [u64; 7] {
    let mut numbers: BTreeMap<u64, Fates> = BTreeMap::new();
    for event in rows {
        numbers.entry(event.log_seq).or_default().rows += 1;
    }
    for entry in entries {
        for number in entry.first_seq..=entry.last_seq {
            let of = numbers.entry(number).or_default();
            of.in_ledger = true;
            of.fates += usize::from(!["erased", "expired"].contains(&entry.reason));
            of.clashes |= !["erased", "expired", "duplicate"].contains(&entry.reason);
        }
    }
    let highest = numbers.keys().next_back().copied().unwrap_or(0);
    let ledger = numbers.values().filter(|of| of.in_ledger).count();
    let rows = numbers.len() - ledger;
    let beyond_the_first = |of: &Fates| {
        of.rows.saturating_sub(1) + of.fates.saturating_sub(1) + usize::from(of.rows > 0 && of.clashes)
    };
    let marks = entries.iter().filter(|entry| entry.reason == "mark");
    [
        highest,
        count(rows),
        count(ledger),
        count(marks.clone().count()),
        highest - count(numbers.len()),
        count(numbers.values().map(beyond_the_first).sum()),
        marks.map(|entry| entry.last_seq).max().unwrap_or(0),
    ]
}

pub(crate) fn ledger(site: &str, since: i64, until: i64, ledger: &[Entry]) -> Answer {
    let mut days: BTreeMap<(i64, &str), Vec<&Entry>> = BTreeMap::new();
    for entry in ledger {
        if entry.site == site && since <= entry.at && entry.at < until {
            let day = entry.at.div_euclid(DAY);
            days.entry((day, entry.reason)).or_default().push(entry);
        }
    }
    let numbers = |entries: &[&Entry]| -> u64 {
        entries
            .iter()
            .map(|entry| entry.last_seq - entry.first_seq + 1)
            .sum()
    };
    let mut lines: Vec<_> = days.into_iter().collect();
    lines.sort_by_key(|((day, reason), entries)| (Reverse(*day), Reverse(numbers(entries)), *reason));
    let line = |((day, reason), entries): ((i64, &str), Vec<&Entry>)| {
        let newest = entries.iter().map(|entry| entry.at).max().unwrap();
        vec![
            zone::local(day * DAY, "UTC").date().to_string().as_str().into(),
            reason.into(),
            count(entries.len()).into(),
            numbers(&entries).into(),
            zone::millis(newest).as_str().into(),
        ]
    };
    lines.into_iter().map(line).collect()
}

/// One number of a page that arrived.
struct Arrived {
    page: Uuid,
    at: i64,
    /// How many numbers it stands for: itself, and those before it that are not there.
    step: u64,
    late: bool,
    again: usize,
}

/// What each page of the site sent, by its own numbers.
fn arrived(site: &str, events: &[Event], ledger: &[Entry]) -> Vec<Arrived> {
    let mut pages: BTreeMap<Uuid, BTreeMap<u32, Vec<&Event>>> = BTreeMap::new();
    for event in events {
        if event.site == site && event.seq > 0 && !event.page_id.is_nil() {
            let numbers = pages.entry(event.page_id).or_default();
            numbers.entry(event.seq).or_default().push(event);
        }
    }
    let mut all = Vec::new();
    for (page, numbers) in pages {
        let mut before = 0;
        for (seq, rows) in numbers {
            let at = rows.iter().map(|event| event.time).min().unwrap();
            let received = rows.iter().map(|event| event.received_at).min().unwrap();
            let by_server = rows
                .iter()
                .any(|event| event.flags.has(footfall_schemas::Flag::Server));
            let copies = ledger.iter().filter(|entry| {
                entry.reason == "duplicate" && rows.iter().any(|event| event.event_id == entry.event_id)
            });
            all.push(Arrived {
                page,
                at,
                step: u64::from(seq - before),
                late: received > at + MINUTE && !by_server,
                again: copies.count(),
            });
            before = seq;
        }
    }
    all
}

/// `now`: only of the last eight days something may still come.
pub(crate) fn losses(
    (site, since, until): (&str, i64, i64),
    events: &[Event],
    ledger: &[Entry],
    now: i64,
) -> Answer {
    let mut hours: BTreeMap<Reverse<i64>, Vec<Arrived>> = BTreeMap::new();
    for of in arrived(site, events, ledger) {
        if since <= of.at && of.at < until {
            let hour = of.at - of.at.rem_euclid(HOUR);
            hours.entry(Reverse(hour)).or_default().push(of);
        }
    }
    let line = |(Reverse(hour), all): (Reverse<i64>, Vec<Arrived>)| {
        let sent: u64 = all.iter().map(|of| of.step.min(10_000)).sum();
        let never = sent - count(all.len());
        vec![
            zone::seconds(hour).as_str().into(),
            count(super::different(all.iter().map(|of| of.page))).into(),
            sent.into(),
            count(all.len()).into(),
            count(all.iter().filter(|of| of.late).count()).into(),
            count(all.iter().map(|of| of.again).sum()).into(),
            never.into(),
            u64::from(never > 0 && hour > now - 8 * DAY).into(),
        ]
    };
    hours.into_iter().map(line).collect()
}
