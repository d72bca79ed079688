//! Retention beside a running processor. In a cluster one processor does it, the one that audits.

use super::{Order, Policy, RetentionError, run};
use crate::control::Control;
use crate::measure;
use crate::server::Server;
use crate::source::Settled;
use metrics::{counter, gauge};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether a run is due, and ours.
const LOOK: Duration = Duration::from_secs(30);
/// After a start others come first: what is in the log, what the edge sends.
const FIRST: Duration = Duration::from_secs(5);

/// Reads the policy as it is now; or why it cannot be known, and what to do.
pub type ReadPolicy = dyn Fn() -> Result<Policy, String> + Send + Sync;

/// How retention works beside the processor.
#[derive(Clone)]
pub struct Retention {
    /// Between two runs; zero: off.
    pub every: Duration,
    /// Asked before each run.
    pub policy: Arc<ReadPolicy>,
}

impl std::fmt::Debug for Retention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retention")
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}

/// The task.
pub(crate) struct Keeper {
    pub(crate) server: Server,
    pub(crate) retention: Retention,
    pub(crate) control: Control,
}

impl Keeper {
    /// Runs until `shutdown`. A run that fails is told and comes again.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let every = self.retention.every;
        if every.is_zero() {
            return;
        }
        let (mut last, mut is_whole, mut pause): (Option<Instant>, _, _) = (None, false, FIRST);
        while shutdown
            .run_until_cancelled(tokio::time::sleep(pause))
            .await
            .is_some()
        {
            pause = LOOK.min(every);
            if last.is_some_and(|last| last.elapsed() < every) {
                continue;
            }
            let Some(ours) = shutdown.run_until_cancelled(self.is_ours()).await else {
                return;
            };
            if !ours {
                // Whoever did it meanwhile may have left something, and says himself whether it failed.
                is_whole = false;
                gauge!(measure::RETENTION_FAILED).set(0.0);
                continue;
            }
            last = Some(Instant::now());
            let ran = shutdown.run_until_cancelled(self.once(!is_whole)).await;
            match ran {
                Some(Ok(())) => is_whole = true,
                Some(Err(error)) => {
                    is_whole = false;
                    gauge!(measure::RETENTION_FAILED).set(1.0);
                    tracing::error!(%error, "nothing more has expired: retention comes again");
                }
                None => return,
            }
        }
    }

    async fn is_ours(&self) -> bool {
        !matches!(self.control.settled().await, Some(Settled::NotOurs))
    }

    async fn once(&self, finish: bool) -> Result<(), RetentionError> {
        let policy = (self.retention.policy)().map_err(RetentionError::Policy)?;
        let order = Order {
            finish,
            ..Order::default()
        };
        let report = run(&self.server, &policy, order).await?;
        gauge!(measure::RETENTION_FAILED).set(0.0);
        for (site, rows) in &report.events {
            counter!(measure::EXPIRED, "what" => "events", "site" => site.clone()).increment(*rows);
        }
        for (site, rows) in &report.addresses {
            counter!(measure::EXPIRED, "what" => "addresses", "site" => site.clone()).increment(*rows);
        }
        counter!(measure::EXPIRED, "what" => "payloads", "site" => "").increment(report.payloads);
        if !report.is_empty() {
            tracing::info!(
                events = report.all_events(),
                sites = report.events.len(),
                entries = report.entries,
                finished = report.finished,
                addresses = report.all_addresses(),
                payloads = report.payloads,
                "what was kept for as long as it should be has expired"
            );
        }
        Ok(())
    }
}
