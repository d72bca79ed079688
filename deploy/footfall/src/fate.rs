//! `footfall tail --event`: what became of one event, from the tables: each number that it was acknowledged under, with the
//! row or the entry of the ledger.

use crate::cli::TailArgs;
use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::loadgen::plan::duration;
use crate::terminal::{Colour, Progress, harmless, note, paint, say};
use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Everything about an event id, in the order in which it was decided.
const FATES: &str = "\
SELECT * FROM (\
SELECT 'row' AS fate, log_id, log_seq, received_at AS at, site, type::String AS type, name::String AS name, path, \
arrayStringConcat(flags, ', ') AS detail FROM events WHERE event_id = {id:UUID} \
UNION ALL \
SELECT reason::String, log_id, first_seq, at, site::String, '', '', '', detail FROM ledger WHERE event_id = {id:UUID}\
) ORDER BY at, log_seq FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0";

#[derive(Debug, Deserialize)]
struct Fate {
    fate: String,
    log_id: Uuid,
    log_seq: u64,
    at: String,
    site: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    path: String,
    detail: String,
}

/// Waits until the event has a fate, and prints all that it has. Gives whether it has one.
///
/// # Errors
/// When ClickHouse cannot be asked.
pub async fn run(config: &Config, event: Uuid, args: &TailArgs) -> Result<bool> {
    let wait = duration("--wait", &args.wait)?;
    let access = clickhouse::find(config, Role::Reader)?;
    let (start, id) = (Instant::now(), event.to_string());
    let mut progress = Progress::new("looking for it");
    loop {
        let found = access.text(FATES, &[("id", &id)]).await;
        let found = found.context("cannot ask ClickHouse what became of the event")?;
        if !found.is_empty() {
            print(&found, args.json)?;
            return Ok(true);
        }
        if start.elapsed() >= wait {
            break;
        }
        progress.show("neither table has it");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    progress.finish("not found");
    note(
        "no number of that id is in the tables: it was never acknowledged, or the processor is behind (`footfall audit`). \
        What is refused has no number: the page is told why (data-debug shows it), and so is `footfall tail` while it runs",
    );
    Ok(false)
}

fn print(found: &str, raw: bool) -> Result<()> {
    for line in found.lines() {
        if raw {
            say(line);
            continue;
        }
        let fate: Fate = serde_json::from_str(line).context("ClickHouse answered what no fate is")?;
        say(text(&fate));
    }
    Ok(())
}

fn text(fate: &Fate) -> String {
    let colour = if fate.fate == "row" {
        Colour::Green
    } else {
        Colour::Yellow
    };
    let what = [&fate.site, &fate.kind, &fate.name, &fate.path, &fate.detail];
    let what: Vec<_> = what
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| harmless(text))
        .collect();
    format!(
        "{}  {}  number {} of log {}  {}",
        fate.at,
        paint(colour, format_args!("{:<10}", fate.fate)),
        fate.log_seq,
        fate.log_id,
        what.join("  ")
    )
}
