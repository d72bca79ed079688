//! Repairs that need no source: extra copies of a row, rows whose number has its fate in the ledger, late duplicates.
//!
//! Only one auditor may repair at a time. A crash between two steps leaves what the next audit sees and finishes: a
//! ledger row without the deletion is a number in both tables.

use super::{AuditError, LateDuplicate, LogReport, Repaired, ask};
use crate::insert::{Inserted, Inserter, Statement};
use crate::question;
use crate::server::Server;
use bytes::Bytes;
use clickhouse::{Client, Row};
use footfall_delivery::{Number, Numbers, Reason};
use footfall_tables::{LEDGER, LedgerBlock, LedgerRow, insert_sql};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use uuid::Uuid;

/// Numbers of one statement.
const NUMBERS: usize = 1_000;
/// A merge may rename the parts between reading places and deleting: then nothing is deleted, and it is tried again.
const ATTEMPTS: usize = 5;
/// Fates in the ledger that say that the row has to go.
const FINAL: [Reason; 3] = [Reason::Duplicate, Reason::Erased, Reason::Expired];
/// How long a ledger row of ours may take.
const LEASE_MS: i64 = 10_000;

/// Repairs what `found` says, but for missing numbers.
pub(super) async fn repair(server: &Server, found: &LogReport) -> Result<Repaired, AuditError> {
    let client = server.client();
    let mut repaired = Repaired::default();
    for doubled in found.doubled.chunks(NUMBERS) {
        repaired.extra += delete_copies(&client, "events", "log_seq", found.numbers.log_id, doubled).await?;
        repaired.extra +=
            delete_copies(&client, "ledger", "first_seq", found.numbers.log_id, doubled).await?;
    }
    for both in found.both.chunks(NUMBERS) {
        repaired.late_duplicates += delete_settled(&client, found.numbers.log_id, both).await?;
    }
    let mut by_log: BTreeMap<Uuid, Vec<LateDuplicate>> = BTreeMap::new();
    for late in &found.late_duplicates {
        by_log.entry(late.log_id).or_default().push(*late);
    }
    for (log_id, late) in by_log {
        for late in late.chunks(NUMBERS) {
            write_fates(server, &client, late).await?;
            let numbers: Vec<u64> = late.iter().map(|one| one.log_seq).collect();
            repaired.late_duplicates += delete_settled(&client, log_id, &numbers).await?;
        }
    }
    Ok(repaired)
}

#[derive(Row, Deserialize)]
struct Place {
    part: String,
    offset: u64,
    seq: u64,
}

fn list(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// Deletes all copies but one of rows with these numbers. Their places are literals: a statement that finds its rows by
/// a condition would take all copies.
async fn delete_copies(
    client: &Client,
    table: &str,
    seq: &str,
    log_id: Uuid,
    numbers: &[u64],
) -> Result<u64, AuditError> {
    let mut deleted = 0;
    for _ in 0..ATTEMPTS {
        let sql = format!(
            "SELECT _part AS part, _part_offset AS offset, {seq} AS seq FROM {table} \
             WHERE log_id = '{log_id}' AND {seq} IN ({}) ORDER BY seq, part, offset",
            list(numbers)
        );
        let places = ask("place the copies", client.query(&sql).fetch_all::<Place>()).await?;
        let extra: Vec<String> = (places.windows(2))
            .filter_map(|pair| match pair {
                [kept, copy] if kept.seq == copy.seq => Some(format!("('{}',{})", copy.part, copy.offset)),
                _ => None,
            })
            .collect();
        if extra.is_empty() {
            break;
        }
        deleted = deleted.max(extra.len() as u64);
        let condition = format!("(_part, _part_offset) IN ({})", extra.join(","));
        delete(client, table, &condition).await?;
    }
    Ok(deleted)
}

/// Deletes rows whose number has a final fate in the ledger; says how many there were.
async fn delete_settled(client: &Client, log_id: Uuid, numbers: &[u64]) -> Result<u64, AuditError> {
    let reasons = FINAL.map(|reason| format!("'{}'", reason.label())).join(",");
    let list = list(numbers);
    let sql = format!(
        "SELECT DISTINCT first_seq FROM ledger WHERE log_id = '{log_id}' AND first_seq = last_seq \
         AND first_seq IN ({list}) AND reason IN ({reasons})"
    );
    let settled = ask("read the fates", client.query(&sql).fetch_all::<u64>()).await?;
    if settled.is_empty() {
        return Ok(0);
    }
    let numbers = settled.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
    delete(
        client,
        "events",
        &format!("log_id = '{log_id}' AND log_seq IN ({numbers})"),
    )
    .await?;
    Ok(settled.len() as u64)
}

async fn delete(client: &Client, table: &str, condition: &str) -> Result<(), AuditError> {
    let sql = format!("ALTER TABLE {table} DELETE WHERE {condition} SETTINGS mutations_sync = 1");
    ask("delete extra rows", client.query(&sql).execute()).await
}

/// Ledger rows first, for those that have none yet.
async fn write_fates(server: &Server, client: &Client, late: &[LateDuplicate]) -> Result<(), AuditError> {
    let numbers = late.iter().map(|one| Numbers {
        log_id: one.log_id,
        first: one.log_seq,
        last: one.log_seq,
    });
    let unanswered = || AuditError::Ledger("the server does not answer".to_owned());
    let known = question::look::look_up(client, numbers.collect(), Vec::new())
        .await
        .map_err(|_| unanswered())?;
    let clock = question::clock(client).await.map_err(|_| unanswered())?;
    let has = |one: &LateDuplicate| {
        known.ledger.iter().any(|range| {
            range.has(Number {
                log_id: one.log_id,
                seq: one.log_seq,
            })
        })
    };
    let mut block = LedgerBlock::default();
    for one in late.iter().filter(|one| !has(one)) {
        let detail = format!(
            "first as {} {}; found by the auditor",
            one.of_log_id, one.of_log_seq
        );
        block.push(&LedgerRow {
            log_id: one.log_id,
            first_seq: one.log_seq,
            last_seq: one.log_seq,
            reason: Reason::Duplicate.label(),
            detail: &detail,
            event_id: one.event_id,
            at: clock.now,
            insert_deadline: clock.now + LEASE_MS,
            ..LedgerRow::default()
        });
    }
    if block.is_empty() {
        return Ok(());
    }
    let mut body = Vec::new();
    block.write_native(&mut body);
    let statement = Statement {
        tag: format!("footfall/{}/auditor", server.database),
        max_execution: Duration::from_secs(8),
        timeout: Duration::from_millis(7_500),
    };
    let sql = insert_sql(&server.database, LEDGER);
    match Inserter::new(server.clone(), statement)
        .send(&sql, Bytes::from(body))
        .await
    {
        Inserted::Written(rows) if rows == block.len() as u64 => Ok(()),
        other => Err(AuditError::Ledger(format!("{other:?}"))),
    }
}
