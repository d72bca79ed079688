//! `footfall replay`: records of the ledger that can be read now become rows.
//!
//! A fate that is written is final for its *number*. So a replay is a new record of the same event, with a new number from
//! a log, and takes the ordinary way from there: it is looked up, proved and inserted like any other, the old number keeps
//! its entry, and the books count both. Everything of the event stays, its id and times of then too; only `attempt` says
//! that it was sent again, which makes the processor look its id up in the whole table. So two replays of the same thing,
//! one after the other or at once, give one row.
//!
//! 1. `candidates`: entries in pages, each with what becomes of it;
//! 2. `sink`: where the records go: the log of the running Footfall, by its operator's [`door`], or a log of the
//!    command's own that is forwarded to Kafka as the log of a node that is gone would be;
//! 3. `tally`: what happened, or would, by reason.

mod candidates;
pub mod door;
mod sink;
mod tally;

use crate::cli::ReplayArgs;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::terminal::{Progress, say};
use anyhow::Result;
use candidates::Candidates;
use sink::Sink;
use tally::{Outcome, Tally};

/// Sends again, or says what would be. False if something was asked for and nothing of it can be sent.
///
/// # Errors
/// ClickHouse, the running Footfall, its log or Kafka cannot be used. What was sent until then stays sent; the same
/// command goes on from there, because what is a row already is left out.
pub async fn run(config: &Config, args: &ReplayArgs) -> Result<bool> {
    let client = clickhouse::find(config, Role::Writer)?.server.client();
    let mut tally = Tally::default();
    tally::refused(&client, &args.filter, &mut tally).await?;
    let mut candidates = Candidates::new(client, args.filter.clone()).await?;
    let mut sink = None;
    let mut line = Progress::new("replaying");
    while let Some(page) = candidates.next(&mut tally).await? {
        if !args.dry_run && !page.is_empty() {
            let sink = match &mut sink {
                Some(sink) => sink,
                None => sink.insert(Sink::open(config).await?),
            };
            sink.send(page).await?;
        }
        line.show(&format!("{} records", tally.of(Outcome::Sent)));
    }
    if let Some(sink) = sink {
        sink.finish(config, &mut line).await?;
    }
    line.finish("done");
    if args.json {
        say(tally.as_json(args.dry_run));
    } else {
        tally.print(args.dry_run);
    }
    Ok(tally.is_good())
}
