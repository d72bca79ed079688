//! `footfall drain`: the log of a node that is gone, forwarded until nothing is left of it.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use footfall_log::{Folder, Log};
use tokio_util::sync::CancellationToken;

use crate::CURSOR;
use crate::config::Config;
use crate::error::ForwardError;
use crate::progress::{Progress, Snapshot};
use crate::pump::{Goal, Pump};
use crate::run::{feed, own_thread};

/// How often the caller hears of it.
const EVERY: Duration = Duration::from_millis(500);

/// What a drain did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Records that the brokers have acknowledged now, marks included.
    pub forwarded: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

/// Forwards everything that the folder still has and its position has not passed, then a closing mark. Takes the
/// folder's lock, so the node must be gone; begins a log of its own there, whose first record says where the last one
/// ended. `each` hears twice a second how far it is; a broker that is away is waited for until `stop`.
///
/// # Errors
/// The folder is in use or not one; `stop` came first.
pub async fn drain(
    config: Config,
    folder: &Path,
    stop: CancellationToken,
    each: impl FnMut(Snapshot),
) -> Result<Drained, ForwardError> {
    let node = node(folder)?;
    let settings = footfall_log::Config {
        folder: folder.to_owned(),
        node,
        // Nothing is removed: that is the operator's to do.
        keep: Duration::MAX,
        quota_bytes: u64::MAX,
        ..footfall_log::Config::default()
    };
    let (log, _) = Log::open(settings)?;
    let progress = Arc::new(Progress::default());
    let work = {
        let progress = Arc::clone(&progress);
        own_thread(move || empty(config, log, progress, stop))
    };
    let dry = watch(work, &progress, each).await?;
    let done = progress.snapshot();
    if !dry {
        let trouble = done.trouble.unwrap_or_else(|| "it was told to stop".to_owned());
        return Err(ForwardError::Stopped(trouble));
    }
    Ok(Drained {
        forwarded: done.acknowledged,
        bytes: done.acknowledged_bytes,
    })
}

/// Everything; then the log is sealed, and its closing mark goes too.
async fn empty(
    config: Config,
    log: Log,
    progress: Arc<Progress>,
    stop: CancellationToken,
) -> Result<bool, ForwardError> {
    let feed = feed(log.reader(CURSOR)?, &log)?;
    let mut pump = Pump::new(config, feed, progress, Goal::Dry, None);
    if !pump.run(&stop).await? {
        return Ok(false);
    }
    log.seal().await;
    let dry = pump.run(&stop).await?;
    log.close().await;
    Ok(dry)
}

/// Tells the caller how far the work is while it goes on.
pub(crate) async fn watch<T>(
    work: impl Future<Output = Result<T, ForwardError>>,
    progress: &Progress,
    mut each: impl FnMut(Snapshot),
) -> Result<T, ForwardError> {
    let mut work = std::pin::pin!(work);
    let mut ticks = tokio::time::interval(EVERY);
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            _ = ticks.tick() => each(progress.snapshot()),
        }
    };
    each(progress.snapshot());
    outcome
}

/// The node's name, from the newest header that can be read.
fn node(folder: &Path) -> Result<String, ForwardError> {
    let mut reader = Folder::open(folder)?.reader();
    reader.read(1)?;
    let name = reader.segment()?.map(|segment| segment.node).unwrap_or_default();
    Ok(if name.is_empty() {
        "drained".to_owned()
    } else {
        name
    })
}
