//! Logs that are kept on a node: `footfall drain` forwards what a node that is gone has left, `footfall resend` sends
//! numbers again that Kafka has lost. With the same numbers: who has them already leaves them out.

use super::kafka;
use crate::cli::{DrainArgs, ResendArgs};
use crate::config::Config;
use crate::problem::Problems;
use crate::terminal::{Progress, count, note, say};
use anyhow::{Context as _, Result};
use footfall_delivery::Numbers;
use footfall_delivery::ranges::without;
use footfall_forward::{Range, Snapshot, drain as forward_all, resend as forward_again};
use footfall_log::{Folder, Item, Position, ReadError};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Bytes of a log that are read at once.
const READ_BYTES: usize = 1 << 20;

fn forwarder(config: &Config) -> Result<footfall_forward::Config> {
    Ok(kafka::forwarder(config).map_err(|problem| Problems(vec![problem]))?)
}

/// The log's folder: as given, or the configured one.
fn folder(config: &Config, given: Option<&PathBuf>) -> PathBuf {
    given
        .cloned()
        .unwrap_or_else(|| config.in_data(&config.local_log.folder))
}

fn show(line: &mut Progress, snapshot: &Snapshot) {
    match &snapshot.trouble {
        Some(trouble) => line.show(trouble),
        None => line.show(&format!("{} records", count(snapshot.acknowledged))),
    }
}

/// Forwards everything that a folder still has.
///
/// # Errors
/// The folder is in use or none, the brokers cannot be used, or it was interrupted.
pub async fn drain(config: &Config, args: &DrainArgs, stop: CancellationToken) -> Result<()> {
    let folder = folder(config, args.folder.as_ref());
    let mut line = Progress::new(format!("forwarding {}", folder.display()));
    let done = forward_all(forwarder(config)?, &folder, stop, |now| show(&mut line, &now)).await?;
    line.finish("done");
    say(format_args!(
        "Kafka has everything: {} records, {} bytes; {} can be removed once `footfall audit` says so",
        count(done.forwarded),
        count(done.bytes),
        folder.display()
    ));
    Ok(())
}

/// Sends a range again. Gives whether all of it was still here.
///
/// # Errors
/// As [`drain`].
pub async fn resend(config: &Config, args: &ResendArgs, stop: CancellationToken) -> Result<bool> {
    let folder = folder(config, args.folder.as_ref());
    let range = Range {
        log_id: args.log,
        from: args.from,
        to: args.to,
    };
    let mut line = Progress::new(format!("sending {} again", folder.display()));
    let done = forward_again(forwarder(config)?, &folder, range, stop, |now| {
        show(&mut line, &now);
    })
    .await?;
    line.finish("done");
    say(format_args!("sent {} records again", count(done.sent)));
    if done.missing > 0 {
        tell_missing(&folder, range)?;
    }
    Ok(done.missing == 0)
}

/// What the folder has no more, and what can be done about it.
fn tell_missing(folder: &Path, range: Range) -> Result<()> {
    let numbers = Numbers {
        log_id: range.log_id,
        first: range.from,
        last: range.to,
    };
    let there = Folder::open(folder).with_context(|| format!("cannot look into {}", folder.display()))?;
    let there = kept(&there, numbers).with_context(|| format!("cannot read {}", folder.display()))?;
    for gone in without(numbers, &there) {
        note(format_args!(
            "{} numbers, {} to {}, are not in {}. If no other node or back-up has them: \
             footfall lost --log {} --from {} --to {}",
            count(gone.count()),
            gone.first,
            gone.last,
            folder.display(),
            gone.log_id,
            gone.first,
            gone.last
        ));
    }
    Ok(())
}

/// What of a range a folder can still read.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn kept(folder: &Folder, range: Numbers) -> Result<Vec<Numbers>, ReadError> {
    let mut reader = folder.reader();
    reader.seek(Position {
        log_id: range.log_id,
        next_seq: range.first,
    });
    let mut kept: Vec<Numbers> = Vec::new();
    loop {
        let items = reader.read(READ_BYTES)?;
        if items.is_empty() {
            return Ok(kept);
        }
        for item in items {
            let (log_id, first, last) = match &item {
                Item::Record(record) => (record.log_id, record.seq, record.seq),
                Item::Lost {
                    log_id, first, last, ..
                } => (*log_id, *first, *last),
            };
            // A log that is not there is begun at the oldest one.
            let ours = log_id == range.log_id;
            let wanted = ours && (range.first..=range.last).contains(&first);
            if wanted && matches!(item, Item::Record(_)) {
                add(&mut kept, Numbers { first, last, ..range });
            }
            if ours && last >= range.last {
                return Ok(kept);
            }
        }
    }
}

/// Numbers come in order.
fn add(kept: &mut Vec<Numbers>, next: Numbers) {
    match kept.last_mut() {
        Some(last) if last.last + 1 == next.first => last.last = next.last,
        _ => kept.push(next),
    }
}
