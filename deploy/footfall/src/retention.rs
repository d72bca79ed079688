//! `footfall retention`: what has been kept for long enough goes, now; the processor does the same by itself
//! ([`footfall_processor::retention`]).
//!
//! [`policy`] is what settings and sites file say; `files` are those of this machine: logs of logins, and what recovery has
//! put aside in the local log.

mod files;
pub mod policy;

pub(crate) use files::expire;

use crate::cli::RetentionArgs;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::terminal::{Progress, count, note, say};
use anyhow::Result;
use files::Files;
use footfall_processor::retention::{Order, Report, run as run_once};
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeSet;

/// Runs once, and prints what went, by site.
///
/// # Errors
/// Nobody knows for how long what is kept; ClickHouse is not found, or refuses; a file cannot be removed. What was done until
/// then stays done, and is in the books; the next run goes on.
pub async fn run(config: &Config, args: &RetentionArgs) -> Result<()> {
    let policy = policy::read(config)?;
    let server = clickhouse::find(config, Role::Writer)?.server;
    let order = Order {
        now: args.now.map(Timestamp::as_millisecond),
        dry: args.dry_run,
        finish: true,
    };
    let mut line = Progress::new("retention");
    let report = line
        .beside("looking for what has expired", run_once(&server, &policy, order))
        .await?;
    line.finish("done");
    let files = Files::expire(config, args.now.unwrap_or_else(Timestamp::now), args.dry_run)?;
    if args.json {
        say(as_json(&report, files, args.dry_run));
        return Ok(());
    }
    print(&report, files);
    if args.dry_run {
        note("nothing was touched");
    }
    Ok(())
}

fn print(report: &Report, files: Files) {
    let sites: BTreeSet<&String> = report.events.keys().chain(report.addresses.keys()).collect();
    if !sites.is_empty() {
        say(format_args!("{:<24}{:>16}{:>16}", "site", "events", "addresses"));
    }
    for site in sites {
        let of = |figures: &std::collections::BTreeMap<String, u64>| {
            count(figures.get(site).copied().unwrap_or(0))
        };
        say(format_args!(
            "{site:<24}{:>16}{:>16}",
            of(&report.events),
            of(&report.addresses)
        ));
    }
    for (number, what) in [
        (report.all_events(), "events expired"),
        (report.entries, "entries of the ledger that say so"),
        (report.finished, "rows of an earlier run that was cut off"),
        (report.all_addresses(), "addresses emptied"),
        (report.payloads, "payloads of the ledger emptied"),
        (files.logins, "files of the log of logins here"),
        (files.corrupt, "files that recovery had put aside here"),
    ] {
        say(format_args!("{:>12}  {what}", count(number)));
    }
}

fn as_json(report: &Report, files: Files, dry_run: bool) -> serde_json::Value {
    json!({
        "dry_run": dry_run,
        "events": report.events,
        "entries": report.entries,
        "finished": report.finished,
        "addresses": report.addresses,
        "payloads": report.payloads,
        "files": { "logins": files.logins, "corrupt": files.corrupt },
    })
}
