//! Retention: what has been kept for as long as its site wants it goes, and the books say so.
//!
//! 1. [`policy`]: for how many days what is kept, of which site;
//! 2. [`run`]: once. First what an earlier run has begun (`finish`), then events: each hour's rows get a ledger row `expired`,
//!    one for each run of numbers, and only then they are deleted, a month at a time (`expire`): a part of the table that has
//!    expired altogether is dropped (`whole`), others are rewritten; then addresses and payloads are emptied (`empty`);
//! 3. `keeper`: the same, from time to time, beside a running processor;
//! 4. [`forecast`]: what that means for the disk, in days that are to come.
//!
//! # Why nothing is deleted that has no fate
//!
//! A row that comes late, of a day that has expired, may be inserted between the two steps. So the deletion names numbers: those
//! of the entries that the same run has written, or parts whose rows have got them, no others; the late one is found by the next
//! run. A run that is killed between the two leaves numbers that are in both tables, which belong to the ledger (view `books`),
//! and the next one deletes their rows.
//!
//! What has expired stays so: the processor looks numbers up in the ledger before it inserts anything old.
//! Two runs at the same time may write a fate twice, which says no more than once.

mod empty;
mod expire;
mod finish;
pub mod forecast;
mod hours;
pub(crate) mod keeper;
pub mod policy;
mod whole;

pub use keeper::{ReadPolicy, Retention};
pub use policy::{Days, Policy, Terms};

use crate::question;
use crate::server::{Server, plainly};
use clickhouse::Client;
use std::collections::BTreeMap;

/// What could not be done; the next run does it.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// ClickHouse did not answer, or refused.
    #[error("{what}: {why}")]
    Question {
        /// What was asked of it.
        what: &'static str,
        /// In its words.
        why: String,
    },
    /// Nobody knows for how long what is to be kept.
    #[error("{0}")]
    Policy(String),
}

/// What a run did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Events that expired, by site.
    pub events: BTreeMap<String, u64>,
    /// Ledger rows that say so.
    pub entries: u64,
    /// Rows of earlier runs that were cut off, and went now.
    pub finished: u64,
    /// Rows whose address was emptied, by site.
    pub addresses: BTreeMap<String, u64>,
    /// Entries of the ledger whose payload was emptied.
    pub payloads: u64,
}

impl Report {
    /// Whether there was nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Events that expired, of all sites.
    #[must_use]
    pub fn all_events(&self) -> u64 {
        self.events.values().sum()
    }

    /// Rows whose address was emptied, of all sites.
    #[must_use]
    pub fn all_addresses(&self) -> u64 {
        self.addresses.values().sum()
    }
}

/// What is asked of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// Instead of the server's clock, ms since 1970.
    pub now: Option<i64>,
    /// Only count.
    pub dry: bool,
    /// Look first for what an earlier run has begun. Reads the numbers of all rows.
    pub finish: bool,
}

/// Runs once. The tables must be of this release.
///
/// # Errors
/// [`RetentionError`]; what was done until then is in the books, and the next run goes on.
pub async fn run(server: &Server, policy: &Policy, order: Order) -> Result<Report, RetentionError> {
    let client = server.client();
    let now = match order.now {
        Some(now) => now,
        None => clock(&client).await?,
    };
    let due = policy.due(now);
    let mut report = Report::default();
    if order.finish && !order.dry {
        report.finished = finish::finish(&client).await?;
    }
    expire::expire(&client, &due, order.dry, &mut report).await?;
    empty::addresses(&client, &due, order.dry, &mut report).await?;
    empty::payloads(&client, &due, order.dry, &mut report).await?;
    Ok(report)
}

async fn clock(client: &Client) -> Result<i64, RetentionError> {
    let clock = question::clock(client).await;
    clock
        .map(|clock| clock.now)
        .map_err(|_| RetentionError::Question {
            what: "read the server's clock",
            why: "no answer".to_owned(),
        })
}

/// Ranges of numbers that have expired, of logs for which the condition holds: `log_id`, `first_seq`, and how far those that begin
/// there or before `reach`, because entries may overlap. For an `ASOF JOIN`: a number n at or above the nearest `first_seq` has
/// expired if n <= `reach`.
pub(crate) fn ranges(condition: &str) -> String {
    format!(
        "SELECT log_id, first_seq, max(max(last_seq)) OVER (PARTITION BY log_id ORDER BY first_seq) AS reach FROM ledger \
         WHERE reason = 'expired' AND {condition} GROUP BY log_id, first_seq"
    )
}

/// Waits for an answer, and says what was asked if there is none.
async fn ask<T>(
    what: &'static str,
    question: impl Future<Output = Result<T, clickhouse::error::Error>>,
) -> Result<T, RetentionError> {
    question.await.map_err(|error| RetentionError::Question {
        what,
        why: plainly(&error),
    })
}

/// A statement without an answer.
async fn order(client: &Client, what: &'static str, sql: &str) -> Result<(), RetentionError> {
    ask(what, client.query(sql).execute()).await
}

/// Counts by site.
async fn by_site(
    client: &Client,
    what: &'static str,
    condition: &str,
) -> Result<BTreeMap<String, u64>, RetentionError> {
    let sql =
        format!("SELECT toString(site), count() FROM events WHERE {condition} GROUP BY site ORDER BY site");
    let found = ask(what, client.query(&sql).fetch_all::<(String, u64)>()).await?;
    Ok(found.into_iter().collect())
}
