//! Numbers that are in no table: searched in the topic and sent to it again, as the auditor beside a processor does.

use super::positions;
use crate::config::Config;
use crate::terminal::{count, note};
use anyhow::{Context as _, Result};
use footfall_delivery::Numbers;
use footfall_kafka::Sent;
use footfall_processor::Server;
use footfall_processor::audit::look_at;
use std::time::{Duration, Instant};

/// How long numbers that were sent again may take into the tables.
const COME: Duration = Duration::from_secs(30);
/// How often is looked for them.
const LOOK: Duration = Duration::from_millis(500);

/// Sends again what the topic has of these, and waits for it.
///
/// # Errors
/// The brokers or ClickHouse do not answer.
pub(crate) async fn send_again(config: &Config, server: &Server, missing: &[Numbers]) -> Result<()> {
    let sent = search(config, missing).await?;
    let found: u64 = sent.found.iter().map(Numbers::count).sum();
    note(format_args!(
        "{} missing numbers were in the topic and are sent again",
        count(found)
    ));
    come(server, &sent.found, COME).await.map(drop)
}

/// Searches the whole topic; what is there is sent again.
///
/// # Errors
/// The brokers do not answer.
pub(crate) async fn search(config: &Config, missing: &[Numbers]) -> Result<Sent> {
    let (settings, missing) = (positions::settings(config)?, missing.to_vec());
    let sent = tokio::task::spawn_blocking(move || footfall_kafka::send_again(&settings, &missing)).await;
    sent.context("the search died")?
        .context("cannot search the topic")
}

/// Whether all of these have a fate, waiting for it for a while.
///
/// # Errors
/// ClickHouse does not answer.
pub(crate) async fn come(server: &Server, numbers: &[Numbers], patience: Duration) -> Result<bool> {
    let until = Instant::now() + patience;
    for range in numbers {
        while look_at(server, *range).await?.missing_count() > 0 {
            if Instant::now() >= until {
                return Ok(false);
            }
            tokio::time::sleep(LOOK).await;
        }
    }
    Ok(true)
}
