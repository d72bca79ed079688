//! Logs that are kept on a node: `footfall drain` forwards what a node that is gone has left, `footfall resend` sends
//! numbers again that Kafka has lost. With the same numbers: who has them already leaves them out.

use super::kafka;
use crate::cli::{DrainArgs, ResendArgs};
use crate::config::Config;
use crate::problem::Problems;
use crate::terminal::{Progress, count, note, say};
use anyhow::Result;
use footfall_forward::{Range, Snapshot, drain as forward_all, resend as forward_again};
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

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
        note(format_args!(
            "{} numbers of the range are not in {}",
            count(done.missing),
            folder.display()
        ));
    }
    Ok(done.missing == 0)
}
