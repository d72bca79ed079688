//! The auditor: are all acknowledged numbers in the tables, once each?
//!
//! 1. `find`: per log over a closed range: what is missing, doubled, in both tables, or a late duplicate;
//! 2. `repair`: extra copies and late duplicates are deleted, by literal place or number; missing numbers are read
//!    again by whoever has them, never inserted from here;
//! 3. `watch`: the same, always on beside a running processor.
//!
//! A range is closed when a mark above it is in the ledger and the round of that mark is in both tables: then every
//! lower number of the log has been settled. Results go into the table `audited`.

mod duplicates;
mod find;
mod repair;
pub(crate) mod watch;

use crate::server::Server;
use clickhouse::{Client, Row};
use footfall_delivery::Numbers;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as channel;
use uuid::Uuid;

/// Through which number each log is closed, as the driver knows it.
pub(crate) type Closed = Arc<channel::Sender<FxHashMap<Uuid, u64>>>;

/// What the auditor could not do.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// ClickHouse did not answer a question of ours.
    #[error("audit the tables: {what}: {source}")]
    Question {
        /// What was asked.
        what: &'static str,
        /// Why there is no answer.
        source: clickhouse::error::Error,
    },
    /// The ledger row of a late duplicate could not be written, so the row stays.
    #[error("repair a late duplicate: write its ledger row: {0}")]
    Ledger(String),
}

/// Numbers of one log that are to be audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The closed range.
    pub numbers: Numbers,
    /// Event ids of the range are compared with all rows received since this, ms since 1970; `None`: not compared.
    pub duplicates_since: Option<i64>,
}

/// What was found in one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogReport {
    /// The range.
    pub numbers: Numbers,
    /// Distinct numbers of it in `events`.
    pub rows: u64,
    /// Distinct numbers of it in `ledger`.
    pub ledger: u64,
    /// Numbers in neither.
    pub missing: Vec<Numbers>,
    /// Numbers with more than one row in a table; the rows beyond the first are `extra`.
    pub doubled: Vec<u64>,
    /// Rows beyond the first of their number, both tables.
    pub extra: u64,
    /// Numbers in both tables: a deletion that was begun, or worse.
    pub both: Vec<u64>,
    /// Rows whose event is in the table under an earlier number.
    pub late_duplicates: Vec<LateDuplicate>,
}

/// A row whose event was kept twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateDuplicate {
    /// The client's id.
    pub event_id: Uuid,
    /// The number that came later.
    pub log_id: Uuid,
    /// The number that came later.
    pub log_seq: u64,
    /// The number that stays.
    pub of_log_id: Uuid,
    /// The number that stays.
    pub of_log_seq: u64,
}

impl LogReport {
    /// Nothing to complain about.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.missing.is_empty() && self.extra == 0 && self.both.is_empty() && self.late_duplicates.is_empty()
    }

    /// How many numbers are in neither table.
    #[must_use]
    pub fn missing_count(&self) -> u64 {
        self.missing.iter().map(Numbers::count).sum()
    }
}

/// The whole audit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// One per log, as they were found.
    pub logs: Vec<LogReport>,
    /// What was repaired of it. Missing numbers are repaired by the processor that has the log, with its next audits.
    pub repaired: Repaired,
}

/// What a repair did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repaired {
    /// Rows beyond the first of their number that were deleted.
    pub extra: u64,
    /// Late duplicates that are in the ledger now, and rows of numbers that were in both tables.
    pub late_duplicates: u64,
}

impl Report {
    /// Whether the books are right.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.logs.iter().all(LogReport::is_clean)
    }
}

/// What marks that are in the ledger close: each log up to its newest mark. `grace`: marks younger than this do not count
/// yet, because the round that they came with may still be on its way. Where several partitions carry a log, a mark closes
/// it only when all of them have passed what was there after the mark was seen: ask for that between this and [`audit`].
///
/// # Errors
/// [`AuditError`].
pub async fn closed(server: &Server, grace: Duration) -> Result<Vec<Numbers>, AuditError> {
    find::closed_by_marks(&server.client(), grace).await
}

/// What is missing of a closed range, doubled, or in both tables; event ids are not compared, nothing is written down.
///
/// # Errors
/// [`AuditError`].
pub async fn look_at(server: &Server, numbers: Numbers) -> Result<LogReport, AuditError> {
    let scope = Scope {
        numbers,
        duplicates_since: None,
    };
    find::find(&server.client(), &scope).await
}

/// Audits what is [`closed`], on request. With `repair` extra copies and late duplicates are deleted.
///
/// # Errors
/// [`AuditError`]; what was found until then is lost, what was repaired stays.
pub async fn audit(server: &Server, closed: &[Numbers], repair: bool) -> Result<Report, AuditError> {
    let client = server.client();
    let mut report = Report::default();
    for numbers in closed.iter().copied() {
        let scope = Scope {
            numbers,
            duplicates_since: Some(0),
        };
        let found = find::find(&client, &scope).await?;
        record(&client, &found).await?;
        if repair && !found.is_clean() {
            let repaired = repair::repair(server, &found).await?;
            report.repaired.extra += repaired.extra;
            report.repaired.late_duplicates += repaired.late_duplicates;
        }
        report.logs.push(found);
    }
    Ok(report)
}

#[derive(Row, Serialize, Deserialize)]
struct Audited {
    #[serde(with = "clickhouse::serde::uuid")]
    log_id: Uuid,
    first_seq: u64,
    last_seq: u64,
    rows: u64,
    ledger: u64,
    missing: u64,
    doubled: u64,
    late_duplicates: u64,
    at: i64,
}

/// Writes down what was found. Twice the same does no harm: the newest counts.
async fn record(client: &Client, found: &LogReport) -> Result<(), AuditError> {
    let written = async {
        let mut insert = client.insert::<Audited>("audited").await?;
        insert
            .write(&Audited {
                log_id: found.numbers.log_id,
                first_seq: found.numbers.first,
                last_seq: found.numbers.last,
                rows: found.rows,
                ledger: found.ledger,
                missing: found.missing_count(),
                doubled: found.extra + found.both.len() as u64,
                late_duplicates: found.late_duplicates.len() as u64,
                at: crate::driver::wall_clock(),
            })
            .await?;
        insert.end().await
    };
    written.await.map_err(|source| AuditError::Question {
        what: "write down the result",
        source,
    })
}

/// Waits for an answer and says what was asked if there is none.
async fn ask<T>(
    what: &'static str,
    question: impl Future<Output = Result<T, clickhouse::error::Error>>,
) -> Result<T, AuditError> {
    question
        .await
        .map_err(|source| AuditError::Question { what, source })
}
