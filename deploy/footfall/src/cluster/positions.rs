//! What Kafka knows of the processors' group: how far it is, and who wrote last where. Asked without joining it.

use super::kafka;
use crate::config::Config;
use crate::problem::Problems;
use anyhow::{Context as _, Result};
use footfall_delivery::Meta;
use footfall_kafka::Settings;
use std::time::Duration;

/// What the group's positions are asked for.
pub(crate) fn settings(config: &Config) -> Result<Settings> {
    Ok(kafka::source(config).map_err(|problem| Problems(vec![problem]))?)
}

/// What stands beside each committed position.
///
/// # Errors
/// The brokers do not answer.
pub(crate) async fn metadata(config: &Config) -> Result<Vec<(String, Meta)>> {
    let settings = settings(config)?;
    let found = tokio::task::spawn_blocking(move || footfall_kafka::metadata(&settings)).await;
    let found = found
        .context("the question died")?
        .context("cannot read the group's positions")?;
    let named = found
        .into_iter()
        .map(|(partition, meta)| (format!("partition {partition}"), meta));
    Ok(named.collect())
}

/// Whether the group has passed everything that the topic has at this moment, waiting for it for a while.
///
/// # Errors
/// As [`metadata`].
pub(crate) async fn passed(config: &Config, patience: Duration) -> Result<bool> {
    let settings = settings(config)?;
    let passed = tokio::task::spawn_blocking(move || footfall_kafka::passed(&settings, patience)).await;
    passed
        .context("the question died")?
        .context("cannot ask how far the group is")
}
