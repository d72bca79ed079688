//! The auditor beside a running processor: every so often what has been closed since, and again what was not clean.

use super::{AuditError, Closed, LogReport, Scope, ask, find, record, repair};
use crate::config::AuditConfig;
use crate::control::{Control, Request};
use crate::measure;
use crate::server::Server;
use crate::source::Settled;
use clickhouse::{Client, Row};
use footfall_delivery::Numbers;
use metrics::{counter, gauge};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often event ids are compared: each time reads the ids of [`HISTORY_MS`], 16 bytes a row.
const DUPLICATES_EVERY: Duration = Duration::from_secs(600);
/// How far back event ids are compared here; `footfall audit` goes back to the beginning.
const HISTORY_MS: i64 = 3 * 24 * 3_600_000;
/// At a start the auditor goes back over what was audited in this time: a power cut may have taken rows since.
const AGAIN_MS: i64 = 3_600_000;
/// Ranges of missing numbers that are read again with one audit.
const READ_AGAIN: usize = 64;

pub(crate) struct Auditor {
    pub(crate) server: Server,
    pub(crate) config: AuditConfig,
    pub(crate) closed: Closed,
    pub(crate) control: Control,
}

/// From which number on each log is to be audited, and from which its ids are to be compared.
#[derive(Default)]
struct Progress {
    numbers: FxHashMap<Uuid, u64>,
    ids: FxHashMap<Uuid, u64>,
    compared: Option<Instant>,
}

impl Auditor {
    /// Audits until `shutdown`. An audit that fails is told and comes again.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        if self.config.every.is_zero() {
            return;
        }
        let mut progress = Progress::default();
        let mut started = false;
        while shutdown
            .run_until_cancelled(tokio::time::sleep(self.config.every))
            .await
            .is_some()
        {
            let audited = async {
                if !started {
                    progress.numbers = resume(&self.server.client()).await?;
                    started = true;
                }
                self.audit(&mut progress).await
            };
            match shutdown.run_until_cancelled(audited).await {
                Some(Err(error)) => tracing::warn!(%error, "the audit failed; it comes again"),
                Some(Ok(())) => {}
                None => return,
            }
        }
    }

    async fn audit(&self, progress: &mut Progress) -> Result<(), AuditError> {
        let client = self.server.client();
        let Some(closed) = self.closed(&client).await? else {
            return Ok(());
        };
        let compare = progress
            .compared
            .is_none_or(|at| at.elapsed() >= DUPLICATES_EVERY);
        let (mut missing, mut doubled, mut late) = (0, 0, 0);
        for (log_id, last) in closed {
            let numbers_from = progress.numbers.get(&log_id).copied().unwrap_or(1);
            let ids_from = progress.ids.get(&log_id).copied().unwrap_or(numbers_from);
            let first = if compare {
                ids_from.min(numbers_from)
            } else {
                numbers_from
            };
            if first > last {
                continue;
            }
            let since = compare.then(|| crate::driver::wall_clock() - HISTORY_MS);
            let scope = Scope {
                numbers: Numbers { log_id, first, last },
                duplicates_since: since,
            };
            let found = find::find(&client, &scope).await?;
            record(&client, &found).await?;
            missing += found.missing_count();
            doubled += found.extra + found.both.len() as u64;
            late += found.late_duplicates.len() as u64;
            self.settle(&found, progress, compare).await?;
        }
        if compare {
            progress.compared = Some(Instant::now());
            #[expect(
                clippy::cast_precision_loss,
                reason = "gauges are f64, and nobody reads the 16th digit"
            )]
            gauge!(measure::LATE_DUPLICATES).set(late as f64);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "gauges are f64, and nobody reads the 16th digit"
        )]
        {
            gauge!(measure::MISSING).set(missing as f64);
            gauge!(measure::DOUBLED).set(doubled as f64);
        }
        Ok(())
    }

    /// Through which number each log is closed; `None` if that is not known yet, or another processor's business. A
    /// source that is shared is asked *after* the marks were read: what it has then, they speak of.
    async fn closed(&self, client: &Client) -> Result<Option<FxHashMap<Uuid, u64>>, AuditError> {
        let marks = find::closed_by_marks(client, Duration::ZERO).await?;
        Ok(match self.control.settled().await {
            None => Some(self.closed.borrow().clone()),
            Some(Settled::Yes) => Some(marks.iter().map(|one| (one.log_id, one.last)).collect()),
            Some(Settled::NotYet | Settled::NotOurs) => None,
        })
    }

    /// Goes on behind what is right; repairs what is not and comes back to it.
    async fn settle(
        &self,
        found: &LogReport,
        progress: &mut Progress,
        compared: bool,
    ) -> Result<(), AuditError> {
        let Numbers { log_id, first, last } = found.numbers;
        let wrong = found.missing.iter().map(|range| range.first);
        let wrong = wrong
            .chain(found.doubled.iter().copied())
            .chain(found.both.iter().copied())
            .min();
        progress.numbers.insert(log_id, wrong.unwrap_or(last + 1));
        if compared {
            progress.ids.insert(
                log_id,
                if found.late_duplicates.is_empty() {
                    last + 1
                } else {
                    first
                },
            );
        }
        if found.is_clean() {
            return Ok(());
        }
        tracing::error!(
            %log_id, first, last,
            missing = found.missing_count(), extra = found.extra, both = found.both.len(),
            late_duplicates = found.late_duplicates.len(), repair = self.config.repair,
            "the books are not right"
        );
        if !self.config.repair {
            return Ok(());
        }
        let client = self.server.client();
        for range in found.missing.iter().take(READ_AGAIN) {
            let since = find::received_before(&client, *range).await?;
            self.control.request(Request::ReadAgain(*range, since)).await;
            counter!(measure::REPAIRED, "kind" => "missing").increment(range.count());
        }
        let repaired = repair::repair(&self.server, found).await?;
        counter!(measure::REPAIRED, "kind" => "doubled").increment(repaired.extra);
        counter!(measure::REPAIRED, "kind" => "late_duplicate").increment(repaired.late_duplicates);
        Ok(())
    }
}

/// Where earlier starts have come: behind what was clean, but back over the last hour.
async fn resume(client: &Client) -> Result<FxHashMap<Uuid, u64>, AuditError> {
    #[derive(Row, Deserialize)]
    struct Log {
        #[serde(with = "clickhouse::serde::uuid")]
        log_id: Uuid,
        next: u64,
    }
    let recent = crate::driver::wall_clock() - AGAIN_MS;
    let sql = format!(
        "SELECT log_id, if(countIf(again) > 0, minIf(first_seq, again), max(last_seq) + 1) AS next FROM ( \
             SELECT log_id, first_seq, last_seq, argMax(missing + doubled > 0, at) OR max(at) >= fromUnixTimestamp64Milli({recent}) AS again \
             FROM audited GROUP BY log_id, first_seq, last_seq) GROUP BY log_id"
    );
    let logs = ask("read earlier results", client.query(&sql).fetch_all::<Log>()).await?;
    Ok(logs.into_iter().map(|log| (log.log_id, log.next)).collect())
}
