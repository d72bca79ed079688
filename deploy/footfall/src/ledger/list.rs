//! `footfall ledger`: one line per entry, newest first, and how many there are of each reason.

use super::filter::{Condition, REASONS, SITE};
use super::{ask, stamp};
use crate::cli::LedgerArgs;
use crate::terminal::{Colour, count, harmless, note, paint, say};
use ::clickhouse::{Client, Row};
use anyhow::Result;
use footfall_delivery::Reason;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Characters of a detail that a line shows.
const DETAIL: usize = 60;

#[derive(Row, Serialize, Deserialize)]
struct Entry {
    #[serde(with = "clickhouse::serde::uuid")]
    log_id: Uuid,
    first_seq: u64,
    last_seq: u64,
    reason: String,
    detail: String,
    payload_bytes: u64,
    #[serde(with = "clickhouse::serde::uuid")]
    event_id: Uuid,
    site: String,
    at: i64,
}

#[derive(Row, Deserialize)]
struct Sum {
    reason: String,
    entries: u64,
    numbers: u64,
    without_site: u64,
}

/// Lists what the arguments mean.
///
/// # Errors
/// ClickHouse does not answer.
pub(super) async fn run(client: &Client, args: &LedgerArgs) -> Result<()> {
    let all: Vec<Reason> = REASONS
        .into_iter()
        .filter(|reason| *reason != Reason::Mark)
        .collect();
    let condition = Condition::new(&args.filter, &all);
    let sql = format!(
        "SELECT log_id, first_seq, last_seq, toString(reason) AS reason, detail, length(payload) AS payload_bytes, event_id, \
         {SITE} AS site, toUnixTimestamp64Milli(at) AS at FROM ledger WHERE {} \
         ORDER BY ledger.at DESC, log_id, first_seq DESC LIMIT {}",
        condition.sql(),
        args.limit
    );
    let query = condition.bind(client.query(&sql));
    let entries = ask("read the ledger", query.fetch_all::<Entry>()).await?;
    if args.json {
        for entry in &entries {
            say(as_json(entry));
        }
        return Ok(());
    }
    print(&entries);
    totals(client, args, &all, entries.len() as u64).await
}

fn as_json(entry: &Entry) -> serde_json::Value {
    serde_json::json!({
        "at": stamp(entry.at),
        "at_ms": entry.at,
        "log_id": entry.log_id,
        "first_seq": entry.first_seq,
        "last_seq": entry.last_seq,
        "reason": entry.reason,
        "detail": entry.detail,
        "site": entry.site,
        "event_id": entry.event_id,
        "payload_bytes": entry.payload_bytes,
    })
}

fn print(entries: &[Entry]) {
    if entries.is_empty() {
        return say("nothing: no such entry is in the ledger (marks are left out unless --reason mark)");
    }
    let head = format_args!(
        "{:<20}{:<16}{:<38}{:<18}{:<14}{:>9}  {}",
        "at (UTC)", "reason", "log", "numbers", "site", "payload", "detail"
    );
    say(paint(Colour::Bold, head));
    for entry in entries {
        let numbers = if entry.first_seq == entry.last_seq {
            entry.first_seq.to_string()
        } else {
            format!("{}..{}", entry.first_seq, entry.last_seq)
        };
        let site = if entry.site.is_empty() { "-" } else { &entry.site };
        let detail: String = entry.detail.chars().take(DETAIL).collect();
        say(format_args!(
            "{:<20}{:<16}{:<38}{:<18}{:<14}{:>9}  {}",
            stamp(entry.at),
            entry.reason,
            entry.log_id,
            numbers,
            harmless(site),
            entry.payload_bytes,
            harmless(&detail)
        ));
    }
}

/// How many there are of each reason, beyond those that were shown.
async fn totals(client: &Client, args: &LedgerArgs, all: &[Reason], shown: u64) -> Result<()> {
    let condition = Condition::new(&args.filter, all);
    let sums = sums(client, &condition).await?;
    let entries: u64 = sums.iter().map(|sum| sum.entries).sum();
    for sum in &sums {
        note(format_args!(
            "{}: {} entries, {} numbers",
            sum.reason,
            count(sum.entries),
            count(sum.numbers)
        ));
    }
    if entries > shown {
        note(format_args!(
            "shown: the newest {} of {}; --limit",
            count(shown),
            count(entries)
        ));
    }
    if args.filter.site.is_some() {
        let mut filter = args.filter.clone();
        filter.site = None;
        let unknown: u64 = (self::sums(client, &Condition::new(&filter, all)).await?.iter())
            .map(|sum| sum.without_site)
            .sum();
        note(format_args!(
            "{} entries of these reasons and times have no site and cannot be found by it: the ledger knows it of duplicates, \
             and of records whose bytes are JSON that says it",
            count(unknown)
        ));
    }
    Ok(())
}

async fn sums(client: &Client, condition: &Condition) -> Result<Vec<Sum>> {
    let sql = format!(
        "SELECT toString(reason) AS reason, count() AS entries, toUInt64(sum(last_seq - first_seq + 1)) AS numbers, \
         countIf({SITE} = '') AS without_site FROM ledger WHERE {} GROUP BY reason ORDER BY reason",
        condition.sql()
    );
    ask(
        "count the ledger",
        condition.bind(client.query(&sql)).fetch_all::<Sum>(),
    )
    .await
}
