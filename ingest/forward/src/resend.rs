//! `footfall resend`: numbers that were forwarded once, and are still kept, go again. With the same numbers, to the
//! same partitions; whoever has them already leaves them out.

use std::path::Path;
use std::sync::Arc;

use footfall_log::{Folder, Item, Position};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::config::Config;
use crate::drain::watch;
use crate::error::ForwardError;
use crate::feed::Feed;
use crate::progress::{Progress, Snapshot};
use crate::pump::{Goal, Pump};
use crate::run::own_thread;

/// Numbers of one log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Which log.
    pub log_id: Uuid,
    /// The first, from 1.
    pub from: u64,
    /// The last, included.
    pub to: u64,
}

/// What a resend did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resent {
    /// Records that the brokers have acknowledged again.
    pub sent: u64,
    /// Numbers of the range that this folder does not have any more, or not yet.
    pub missing: u64,
}

impl Range {
    pub(crate) fn start(&self) -> Position {
        Position {
            log_id: self.log_id,
            next_seq: self.from,
        }
    }

    /// Whether nothing of the range comes after the item.
    pub(crate) fn ends_at(&self, item: &Item) -> bool {
        match item {
            Item::Record(record) => record.log_id != self.log_id || record.seq >= self.to,
            Item::Lost { log_id, last, .. } => *log_id != self.log_id || *last >= self.to,
        }
    }

    /// What of the item is in the range.
    pub(crate) fn clip(&self, item: Item) -> Option<Item> {
        match item {
            Item::Record(record) => {
                let inside = record.log_id == self.log_id && (self.from..=self.to).contains(&record.seq);
                inside.then_some(Item::Record(record))
            }
            Item::Lost {
                log_id,
                first,
                last,
                reason,
                bytes,
            } => {
                let (first, last) = (first.max(self.from), last.min(self.to));
                (log_id == self.log_id && first <= last).then_some(Item::Lost {
                    log_id,
                    first,
                    last,
                    reason,
                    bytes,
                })
            }
        }
    }
}

/// Sends the numbers of `range` again that the folder still keeps, also those that every cursor has passed. The node
/// may be running: nothing is locked, saved or removed. `each` hears twice a second how far it is.
///
/// # Errors
/// The folder is not one; `stop` came first.
pub async fn resend(
    config: Config,
    folder: &Path,
    range: Range,
    stop: CancellationToken,
    each: impl FnMut(Snapshot),
) -> Result<Resent, ForwardError> {
    let reader = Folder::open(folder)?.reader();
    let feed = Feed::only(reader, folder, range).map_err(ForwardError::Thread)?;
    let progress = Arc::new(Progress::default());
    let mut pump = Pump::new(config, feed, Arc::clone(&progress), Goal::Dry, None);
    let work = own_thread(move || async move { Ok((pump.run(&stop).await?, pump)) });
    let (dry, pump) = watch(work, &progress, each).await?;
    let done = progress.snapshot();
    if !dry {
        let trouble = done.trouble.unwrap_or_else(|| "it was told to stop".to_owned());
        return Err(ForwardError::Stopped(trouble));
    }
    let asked = (range.to + 1).saturating_sub(range.from);
    Ok(Resent {
        sent: done.acknowledged,
        missing: asked.saturating_sub(pump.feed.given()),
    })
}
