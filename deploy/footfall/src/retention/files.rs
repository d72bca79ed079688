//! Files of this machine that are kept for a while: logs of logins, and torn ends of the local log that recovery has put aside.

use crate::config::Config;
use crate::logging::auth;
use anyhow::{Context as _, Result};
use footfall_log::expire_corrupt;
use jiff::Timestamp;
use std::convert::Infallible;
use std::time::{Duration, SystemTime};

/// How often old files are looked for.
const EVERY: Duration = Duration::from_secs(3600);

/// How many files went, or would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Files {
    /// Days of the log of logins.
    pub(crate) logins: u64,
    /// What recovery had put aside.
    pub(crate) corrupt: u64,
}

impl Files {
    /// Removes what is too old at `now`; only counts it if `dry`.
    pub(crate) fn expire(config: &Config, now: Timestamp, dry: bool) -> Result<Self> {
        let logins = auth::sweep(config, now, dry).context("cannot remove old logs of logins")?;
        let keep = config.local_log.keep_corrupt;
        let folder = config.in_data(&config.local_log.folder);
        let corrupt = if keep.is_zero() {
            0
        } else {
            let found = expire_corrupt(&folder, keep, SystemTime::from(now), dry);
            found
                .with_context(|| {
                    format!(
                        "cannot remove what recovery has put aside in {}",
                        folder.display()
                    )
                })?
                .0
        };
        Ok(Self { logins, corrupt })
    }
}

/// Removes files that are too old, now and from time to time, as long as it is polled.
pub(crate) async fn expire(config: &Config) -> Infallible {
    loop {
        match Files::expire(config, Timestamp::now(), false) {
            Ok(files) if files == Files::default() => {}
            Ok(Files { logins, corrupt }) => {
                tracing::info!(logins, corrupt, "removed files that were kept for long enough");
            }
            Err(error) => tracing::warn!(error = format!("{error:#}"), "old files stay; it is tried again"),
        }
        tokio::time::sleep(EVERY).await;
    }
}
