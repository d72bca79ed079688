//! Watches the sites file and replaces the table when it has changed. A broken file leaves the old sites in force.

use super::live::Table;
use super::{Sites, SitesError};
use crate::config::SitesConfig;
use crate::metrics::Metrics;
use arc_swap::ArcSwap;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How often the file's time and size are looked at.
const EVERY: Duration = Duration::from_millis(500);

/// What tells one state of the file from another; editors replace files, so the inode counts too.
type Mark = (SystemTime, u64, u64);

fn mark(path: &Path) -> Option<Mark> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len(), meta.ino()))
}

/// Reads all sites: the file's, and the built-in ones.
pub(crate) fn load(config: &SitesConfig) -> Result<Sites, SitesError> {
    let from_file = match &config.file {
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|error| SitesError::Read(path.clone(), error))?;
            Sites::from_toml(&text)?
        }
        None => Sites::default(),
    };
    let sites = from_file.or(config.builtin.clone());
    if sites.is_empty() {
        Err(SitesError::None)
    } else {
        Ok(sites)
    }
}

/// Watches for ever; ends only by being dropped.
pub(crate) async fn watch(config: &SitesConfig, table: &ArcSwap<Table>, metrics: &Metrics) {
    let Some(path) = &config.file else {
        return std::future::pending().await;
    };
    let mut seen = mark(path);
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tick.tick().await;
        let now = mark(path);
        if now == seen {
            continue;
        }
        seen = now;
        match load(config) {
            Ok(sites) => {
                table.store(std::sync::Arc::new(Table::new(&sites, Some(&table.load()))));
                metrics.sites_reloaded.add(1);
                tracing::info!(sites = table.load().iter().count(), "read the sites file again");
            }
            Err(error) => {
                metrics.sites_broken.add(1);
                tracing::error!(%error, "the sites file cannot be used: the sites before it stay in force");
            }
        }
    }
}
