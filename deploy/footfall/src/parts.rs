//! What one machine and the services of a cluster make alike from the settings: the log of a node, and what a processor is told
//! and knows.

use crate::config::Config;
use crate::geo;
use crate::up::banner;
use anyhow::{Context as _, Result};
use footfall_delivery::Mode;
use footfall_log::Log;
use footfall_processor::Server;
use footfall_processor::enrich::Enrichment;
use std::sync::Arc;

/// Opens the log and says what it found.
pub(crate) async fn open_log(config: &Config) -> Result<Log> {
    let node = match config.local_log.node.as_str() {
        "" => footfall_log::Config::default().node,
        name => name.to_owned(),
    };
    let settings = footfall_log::Config {
        folder: config.in_data(&config.local_log.folder),
        segment_bytes: config.local_log.segment.0,
        quota_bytes: config.local_log.quota.0,
        free_floor_bytes: config.local_log.free_floor.0,
        keep: config.local_log.keep.unwrap_or_default(),
        node,
        ..footfall_log::Config::default()
    };
    let folder = settings.folder.clone();
    let opened = tokio::task::spawn_blocking(move || Log::open(settings))
        .await
        .context("opening the log died")?;
    let (log, recovery) =
        opened.with_context(|| format!("cannot open the local log in {}", folder.display()))?;
    banner::recovery(&recovery);
    Ok(log)
}

/// What a processor is told.
pub(crate) fn processor_settings(
    config: &Config,
    mode: Mode,
    server: &Server,
    topic: &str,
) -> footfall_processor::Config {
    let mut settings = footfall_processor::Config::new(mode, server, topic);
    settings.round.wait = config.processor.wait;
    settings.round.enough = config.processor.batch as usize;
    settings.audit.every = config.processor.audit_every;
    settings.audit.repair = config.processor.audit_repair;
    settings.skip_unknown_version = config.processor.skip_unknown_version;
    settings.drain = config.shutdown.deadline;
    settings
}

/// Rules and data of the enrichment. What cannot be used of the folder has been logged.
pub(crate) fn enrichment(config: &Config) -> Arc<Enrichment> {
    let (enrichment, _) = Enrichment::open(config.in_data(&config.enrich.folder));
    geo::tell(&enrichment);
    Arc::new(enrichment)
}
