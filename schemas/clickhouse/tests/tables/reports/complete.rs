//! What `complete_up_to` promises: nothing that was received before it is still on its way, as far as the table can know.
//!
//! Logs are played whole, every number with the time of its receipt; then only some of it has come to the tables. The promise
//! is held against the part that has not.

use super::ask;
use super::random::Random;
use crate::engine::{Server, insert};
use clickhouse::Client;
use footfall_tables::{EVENTS, EventBlock, EventRow, LEDGER, LedgerBlock, LedgerRow};
use std::collections::BTreeSet;
use uuid::Uuid;

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
const NEVER: i64 = 7_258_000_000_000;
/// Numbers of two requests may be the other way round than their times of receipt, by no more than this.
const TURNED: i64 = 4 * SECOND;
/// What the report leaves for that.
const LEFT: i64 = 10 * SECOND;

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Event,
    /// A fate in the ledger, told this much later, ms.
    Fate(i64),
    Mark,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    log_id: Uuid,
    seq: u64,
    received_at: i64,
    kind: Kind,
    arrived: bool,
}

/// A log of the last hours. Its numbers go to the tables by four ways, each of which has come so far; a `quiet` one has come
/// whole, with the mark behind it.
fn log(random: &mut Random, now: i64, quiet: bool) -> Vec<Record> {
    let log_id = Uuid::from_u128(u128::from(random.next()));
    let length = 5 + random.below(60);
    let mut at = now - HOUR - random.upto(20 * HOUR);
    let reached: Vec<_> = (0..4)
        .map(|_| {
            if !quiet && random.once_in(3) {
                random.below(length)
            } else {
                length
            }
        })
        .collect();
    let ends_with_mark = quiet || random.once_in(2);
    (0..length)
        .map(|nth| {
            at += random.upto(30 * SECOND);
            let last = nth + 1 == length;
            Record {
                log_id,
                seq: nth as u64 + 1,
                received_at: at - random.upto(TURNED),
                kind: match random.below(6) {
                    _ if nth == 0 => Kind::Event,
                    _ if last && ends_with_mark => Kind::Mark,
                    0 if !last => Kind::Mark,
                    1 => Kind::Fate(random.upto(HOUR / 2)),
                    _ => Kind::Event,
                },
                arrived: nth == 0 || nth < reached[random.below(4)],
            }
        })
        .collect()
}

async fn keep(client: &Client, site: &str, log: &[Record]) {
    let (mut rows, mut entries) = (EventBlock::default(), LedgerBlock::default());
    for (nth, record) in log.iter().filter(|record| record.arrived).enumerate() {
        let told = match record.kind {
            Kind::Event => {
                rows.push(&EventRow {
                    // The log serves other sites too.
                    site: if nth % 3 == 0 { site } else { "elsewhere" },
                    time: record.received_at,
                    received_at: record.received_at,
                    log_id: record.log_id,
                    log_seq: record.seq,
                    insert_deadline: NEVER,
                    ..EventRow::default()
                });
                continue;
            }
            Kind::Fate(later) => ("duplicate", later),
            Kind::Mark => ("mark", 0),
        };
        entries.push(&LedgerRow {
            log_id: record.log_id,
            first_seq: record.seq,
            last_seq: record.seq,
            reason: told.0,
            at: record.received_at + told.1,
            insert_deadline: NEVER,
            ..LedgerRow::default()
        });
    }
    let (mut of_rows, mut of_entries) = (Vec::new(), Vec::new());
    rows.write_native(&mut of_rows);
    insert(client, EVENTS, of_rows).await.unwrap();
    // Some logs have said nothing else yet.
    if log
        .iter()
        .any(|record| record.arrived && record.kind != Kind::Event)
    {
        entries.write_native(&mut of_entries);
        insert(client, LEDGER, of_entries).await.unwrap();
    }
}

/// Unix ms, logs, numbers that wait.
async fn asked(client: &Client, site: &str) -> (i64, usize, usize) {
    let sql = format!(
        "SELECT toUnixTimestamp64Milli(complete_up_to), logs, waiting FROM report_complete_up_to(site = '{site}')"
    );
    let line = &ask(client, &sql).await[0];
    (
        line[0].parse().unwrap(),
        line[1].parse().unwrap(),
        line[2].parse().unwrap(),
    )
}

async fn clock(client: &Client) -> i64 {
    asked(client, "nobody").await.0
}

/// The numbers of a log that have not come, as far as a table can know of them: those below one that has, and all others
/// too unless the last that has come is a mark, which a log writes when it has nothing more.
fn known_to_wait(log: &[Record]) -> impl Iterator<Item = &Record> {
    let highest = log.iter().rfind(|record| record.arrived).unwrap();
    let ended = highest.kind == Kind::Mark
        && log
            .iter()
            .all(|record| record.arrived || record.seq > highest.seq);
    log.iter()
        .filter(move |record| !record.arrived && (record.seq < highest.seq || !ended))
}

#[tokio::test]
async fn nothing_received_before_complete_up_to_is_on_its_way() {
    let (_server, client) = Server::migrated().await;
    let random = &mut Random::new(7);
    let (mut whole, mut parts) = (0, 0);
    for nth in 0..40 {
        let site = format!("site{nth}");
        let before = clock(&client).await;
        let logs: Vec<_> = (0..=random.below(3))
            .map(|_| log(random, before, nth % 4 == 0))
            .collect();
        for log in &logs {
            keep(&client, &site, log).await;
        }
        let (complete, count, waiting) = asked(&client, &site).await;
        assert_eq!(count, logs.len());
        let below = |log: &Vec<Record>| {
            let highest = log.iter().rfind(|record| record.arrived).unwrap().seq;
            log.iter()
                .filter(|record| !record.arrived && record.seq < highest)
                .count()
        };
        assert_eq!(waiting, logs.iter().map(below).sum::<usize>(), "{logs:?}");
        for record in logs.iter().flat_map(|log| known_to_wait(log)) {
            assert!(record.received_at >= complete, "{record:?} {complete} {logs:?}");
        }
        let quiet = |log: &Vec<Record>| {
            log.iter().all(|record| record.arrived) && log[log.len() - 1].kind == Kind::Mark
        };
        if logs.iter().all(quiet) {
            whole += 1;
            assert!(complete >= before, "all is there, so it is complete now");
        } else {
            parts += 1;
            // And it says no less than it can: all that came before the first that waits, in each log.
            let first = logs
                .iter()
                .filter(|log| !quiet(log))
                .map(|log| came_before(log))
                .min();
            assert!(complete >= first.unwrap() - LEFT, "{complete} {first:?} {logs:?}");
        }
    }
    assert!(whole > 0 && parts > 0, "both happen");
}

/// When the last event was received of those that came before the first number that waits.
fn came_before(log: &[Record]) -> i64 {
    let came: BTreeSet<_> = log
        .iter()
        .take_while(|record| record.arrived)
        .filter(|record| record.kind == Kind::Event)
        .map(|record| record.received_at)
        .collect();
    came.last().copied().unwrap()
}

#[tokio::test]
async fn what_has_expired_or_was_erased_is_not_waited_for() {
    let (_server, client) = Server::migrated().await;
    let now = clock(&client).await;
    let log_id = Uuid::from_u128(77);
    let event = |seq: u64| Record {
        log_id,
        seq,
        received_at: now - HOUR,
        kind: Kind::Event,
        arrived: true,
    };
    let mut log: Vec<_> = (5_000..5_010).filter(|seq| *seq != 5_004).map(event).collect();
    log.push(Record {
        kind: Kind::Mark,
        ..event(5_010)
    });
    keep(&client, "old", &log).await;
    assert_eq!(asked(&client, "old").await.2, 1);
    // Of long ago, told today; and one of these, whose row has gone.
    let mut entries = LedgerBlock::default();
    for (first_seq, last_seq, reason) in [
        (1, 900, "expired"),
        (950, 950, "erased"),
        (5_004, 5_004, "expired"),
    ] {
        entries.push(&LedgerRow {
            log_id,
            first_seq,
            last_seq,
            reason,
            at: now,
            insert_deadline: NEVER,
            ..LedgerRow::default()
        });
    }
    let mut bytes = Vec::new();
    entries.write_native(&mut bytes);
    insert(&client, LEDGER, bytes).await.unwrap();
    let (complete, logs, waiting) = asked(&client, "old").await;
    assert_eq!((logs, waiting), (1, 0));
    assert!(complete >= now, "it ends with a mark");
}

#[tokio::test]
async fn without_a_log_all_is_complete() {
    let (_server, client) = Server::migrated().await;
    let (first, logs, waiting) = asked(&client, "shop").await;
    assert_eq!((logs, waiting), (0, 0));
    assert!(asked(&client, "shop").await.0 >= first);
}
