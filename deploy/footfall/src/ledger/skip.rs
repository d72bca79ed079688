//! `footfall ledger skip`: the operator's word on records of a format that no release will ever know.
//!
//! The word goes into the table `skips`; the ledger row is written by the processor that owns the partition, under its
//! fence, deadline and proof, as every other. So the command may race with it, be given twice, or be about a number that
//! is a row: it changes nothing but what a processor says of a record that it cannot read.

use super::ask;
use crate::cli::SkipArgs;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::terminal::{count, note, say};
use ::clickhouse::Client;
use anyhow::{Result, bail};
use footfall_delivery::Numbers;
use footfall_processor::words;
use std::time::{Duration, Instant};

/// How often is looked whether it has its fate.
const LOOK: Duration = Duration::from_millis(250);

/// Says it, and waits for the fate of the first number. False if it has none yet.
///
/// # Errors
/// ClickHouse is not found or does not answer; the range is none.
pub(super) async fn run(config: &Config, args: &SkipArgs) -> Result<bool> {
    let numbers = Numbers {
        log_id: args.log,
        first: args.seq,
        last: args.to.unwrap_or(args.seq),
    };
    if numbers.first == 0 || numbers.last < numbers.first {
        bail!("numbers count from 1, and a range ends where it begins or later");
    }
    let client = clickhouse::find(config, Role::Writer)?.server.client();
    if numbers.first == numbers.last
        && let Some(fate) = fate(&client, numbers).await?
    {
        say(format_args!(
            "number {} has its fate already: {fate}; nothing to skip",
            numbers.first
        ));
        return Ok(true);
    }
    ask("say it", words::skip(&client, numbers, &said_by())).await?;
    say(format_args!(
        "said: {} of log {} need not be waited for if their format is not known",
        if numbers.first == numbers.last {
            format!("number {}", numbers.first)
        } else {
            format!("{} numbers from {}", count(numbers.count()), numbers.first)
        },
        numbers.log_id
    ));
    let until = Instant::now() + args.wait;
    loop {
        if let Some(fate) = fate(&client, numbers).await? {
            say(format_args!(
                "number {}: {fate}; its partition goes on",
                numbers.first
            ));
            return Ok(true);
        }
        if Instant::now() >= until {
            note(format_args!(
                "number {} has no fate yet. The word stands: it counts when a processor comes to it",
                numbers.first
            ));
            return Ok(false);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// `row`, or the ledger's reason, of the first number.
async fn fate(client: &Client, numbers: Numbers) -> Result<Option<String>> {
    let Numbers { log_id, first, .. } = numbers;
    let sql = format!(
        "SELECT 'row' AS fate FROM events WHERE log_id = '{log_id}' AND log_seq = {first} UNION ALL \
         SELECT toString(reason) AS fate FROM ledger WHERE log_id = '{log_id}' AND first_seq <= {first} AND last_seq >= {first}"
    );
    let fates = ask("look for its fate", client.query(&sql).fetch_all::<String>()).await?;
    Ok((!fates.is_empty()).then(|| fates.join(" and ")))
}

/// Who says it, for whoever wonders later.
pub(crate) fn said_by() -> String {
    let user = std::env::var("USER").unwrap_or_else(|_| "somebody".to_owned());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{user}@{}", host.trim())
}
