//! `footfall ledger`: what did not become a row, and why. It is the dead-letter store too, the same with and without Kafka.
//!
//! 1. [`filter`]: which entries are meant, as SQL;
//! 2. `list`: one line each; `show`: one with its payload;
//! 3. `skip`: the operator's word on a record that nobody will ever be able to read ([`footfall_processor::words`]).
//!
//! What can be sent again is [`crate::replay`]'s.

pub mod filter;
mod list;
mod show;
mod skip;

pub(crate) use show::bytes;
pub(crate) use skip::said_by;

use crate::cli::{LedgerArgs, LedgerCommand};
use crate::clickhouse::{self, Role};
use crate::config::Config;
use ::clickhouse::Client;
use anyhow::{Context as _, Result};
use time::OffsetDateTime;
use time::macros::format_description;

/// Lists, shows or skips. False: what was asked about is not there.
///
/// # Errors
/// ClickHouse is not found or does not answer.
pub async fn run(config: &Config, args: &LedgerArgs) -> Result<bool> {
    match &args.command {
        None => list::run(&reader(config)?, args).await.map(|()| true),
        Some(LedgerCommand::Show(args)) => show::run(&reader(config)?, args).await,
        Some(LedgerCommand::Skip(args)) => skip::run(config, args).await,
    }
}

/// For questions: as a reader where there is one.
fn reader(config: &Config) -> Result<Client> {
    let access = clickhouse::find(config, Role::Reader)?;
    let client = access.server.client();
    Ok(if access.hold_back {
        client.with_setting("readonly", "2")
    } else {
        client
    })
}

/// A time as people read it, UTC.
fn stamp(at: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    OffsetDateTime::from_unix_timestamp(at.div_euclid(1_000))
        .ok()
        .and_then(|at| at.format(format).ok())
        .unwrap_or_default()
}

/// What asking ClickHouse failed with, and what was asked.
pub(crate) async fn ask<T>(
    what: &'static str,
    question: impl Future<Output = Result<T, ::clickhouse::error::Error>>,
) -> Result<T> {
    question.await.with_context(|| format!("cannot {what}"))
}
