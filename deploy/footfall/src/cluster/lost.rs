//! `footfall lost`: numbers that no copy has any more are declared so. Somebody has to say it, because no service of a
//! cluster can know what lies on the disks of others.
//!
//! What can still come must not be declared: a copy that comes after its number has its fate could be a row beside it. So,
//! in this order, each refused with its reason:
//! 1. a mark above the numbers is in the ledger, and the group has passed what the topic had after that: nothing of them is
//!    on its way;
//! 2. the tables miss them; the log on this node, if it is theirs, does not have them;
//! 3. the whole topic does not have them (what it has is sent again);
//! 4. a person says that nobody else has them (`--no-copy-is-left`);
//! 5. the tables still miss them.
//!
//! Then a record says so, and goes the ordinary way: the owner of its partition looks every number up, and inserts `lost`
//! for what no table has.

use super::kept::kept;
use super::{missing, positions};
use crate::cli::LostArgs;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::problem::{Problem, Problems};
use crate::terminal::{count, note, say};
use anyhow::{Context as _, Result, bail};
use footfall_delivery::Numbers;
use footfall_delivery::ranges::without;
use footfall_log::Folder;
use footfall_processor::Server;
use footfall_processor::audit::{closed, look_at};
use std::time::Duration;

/// How long the group may take to pass what the topic has.
const PASS: Duration = Duration::from_secs(20);
/// For the ledger.
const REASON: &str = "an operator has said that no copy is left";

/// Checks, declares, waits until the ledger says so. False: nothing was declared, or not all is there yet.
///
/// # Errors
/// What forbids it; a part that does not answer.
pub async fn run(config: &Config, args: &LostArgs) -> Result<bool> {
    let range = Numbers {
        log_id: args.log,
        first: args.from,
        last: args.to,
    };
    if range.first == 0 || range.last < range.first {
        bail!("numbers count from 1, and a range ends where it begins or later");
    }
    let access = clickhouse::configured(config, Role::Writer)?.ok_or_else(|| {
        Problems(vec![Problem::new(
            "`clickhouse.url` is not set: only the tables say what is missing",
            "run it where the processors' settings are (CLICKHOUSE_URL, KAFKA_BOOTSTRAP_SERVERS)",
        )])
    })?;
    let server = access.server;
    must_be_closed(config, &server, range).await?;
    let gone = missing_of(&server, range).await?;
    if gone.is_empty() {
        say("nothing is missing: every number of the range has its fate");
        return Ok(true);
    }
    must_not_be_kept(config, &gone)?;
    let gone = must_not_be_in_the_topic(config, gone).await?;
    if gone.is_empty() {
        say("the topic still had all of them, and they are sent again: nothing is lost");
        return missing::come(&server, &[range], args.wait).await;
    }
    for one in &gone {
        say(format_args!(
            "log {}: {} to {} are in no table, not in the topic, and not on this node",
            one.log_id, one.first, one.last
        ));
    }
    if !args.no_copy_is_left {
        say(
            "nothing was declared. If no ingest node, drained folder or back-up has them either: --no-copy-is-left",
        );
        return Ok(false);
    }
    declare(config, &server, gone, args.wait).await
}

async fn must_be_closed(config: &Config, server: &Server, range: Numbers) -> Result<()> {
    let logs = closed(server, Duration::ZERO).await?;
    let through = logs
        .iter()
        .find(|log| log.log_id == range.log_id)
        .map_or(0, |log| log.last);
    if range.last > through {
        bail!(
            "log {} is closed only up to {through}: what lies above may be on its way (a mark comes every 10 s while events \
             do, and one when the node stops or is drained)",
            range.log_id
        );
    }
    // After the mark was seen.
    if !positions::passed(config, PASS).await? {
        bail!(
            "the processors have not passed what is in the topic: the numbers may be on their way. Try again when they have"
        );
    }
    Ok(())
}

async fn missing_of(server: &Server, range: Numbers) -> Result<Vec<Numbers>> {
    Ok(look_at(server, range).await?.missing)
}

/// This node may be the one that gave the numbers.
fn must_not_be_kept(config: &Config, gone: &[Numbers]) -> Result<()> {
    let folder = config.in_data(&config.local_log.folder);
    if !folder.exists() {
        return Ok(());
    }
    let log = Folder::open(&folder).with_context(|| format!("cannot look into {}", folder.display()))?;
    for range in gone {
        let kept = kept(&log, *range).with_context(|| format!("cannot read {}", folder.display()))?;
        if let Some(first) = kept.first() {
            bail!(
                "{} still has {} of the numbers: footfall resend --log {} --from {} --to {}",
                folder.display(),
                count(kept.iter().map(Numbers::count).sum()),
                range.log_id,
                first.first,
                kept.last().map_or(first.last, |last| last.last)
            );
        }
    }
    Ok(())
}

/// Gives what the topic does not have.
async fn must_not_be_in_the_topic(config: &Config, gone: Vec<Numbers>) -> Result<Vec<Numbers>> {
    note("searching the topic");
    let sent = missing::search(config, &gone).await?;
    if !sent.complete {
        bail!("the topic could not be searched to its end: try again");
    }
    let found: u64 = sent.found.iter().map(Numbers::count).sum();
    if found > 0 {
        say(format_args!(
            "{} of the numbers were in the topic and are sent again",
            count(found)
        ));
    }
    Ok(gone
        .into_iter()
        .flat_map(|range| without(range, &sent.found))
        .collect())
}

async fn declare(config: &Config, server: &Server, gone: Vec<Numbers>, wait: Duration) -> Result<bool> {
    let mut declared = Vec::new();
    for range in gone {
        declared.extend(missing_of(server, range).await?);
    }
    let (settings, ranges) = (positions::settings(config)?, declared.clone());
    let sent =
        tokio::task::spawn_blocking(move || footfall_kafka::declare_lost(&settings, &ranges, REASON)).await;
    sent.context("the sender died")?
        .context("cannot send it to Kafka")?;
    let come = missing::come(server, &declared, wait).await?;
    let numbers = count(declared.iter().map(Numbers::count).sum());
    if come {
        say(format_args!("{numbers} numbers are in the ledger as `lost`"));
    } else {
        note(format_args!(
            "{numbers} numbers were declared lost, and are not all in the ledger yet: see `footfall audit`"
        ));
    }
    Ok(come)
}
