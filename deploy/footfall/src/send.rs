//! `footfall send`: one test event, its answer, and its fate as soon as that is visible in ClickHouse.

use crate::cli::SendArgs;
use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::http::Client;
use crate::loadgen::plan::duration;
use crate::target::{Target, now_ms};
use crate::terminal::{Colour, Progress, note, paint, program, say, seconds};
use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How often ClickHouse is asked for the fate. A look costs it well under a millisecond.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The fate of an event, in one line of tab-separated text; nothing while it has none.
const FATE: &str = "\
SELECT 'row', toString(log_seq) FROM events WHERE event_id = {id:UUID} AND received_at >= now() - INTERVAL 1 DAY \
UNION ALL \
SELECT reason, toString(first_seq) FROM ledger WHERE event_id = {id:UUID}";

/// Sends, prints the answer, waits for the fate. Gives whether the event became a row.
///
/// # Errors
/// When no Footfall is found or it does not answer.
pub async fn run(config: &Config, args: &SendArgs) -> Result<bool> {
    let wait = duration("--wait", &args.wait)?;
    let target = Target::find(&args.target, config)?;
    let id = Uuid::now_v7();
    let mut headers = target.headers()?;
    headers.push((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    let body = Bytes::from(event(args, &target.site, id).to_string());
    let start = Instant::now();
    let reply = target
        .post(&mut Client::new(&target.url)?, &headers, body)
        .await?;
    let took = seconds(start.elapsed());
    say(format_args!(
        "{} {} in {took}  {}",
        paint(Colour::Bold, reply.status),
        reason(&reply),
        reply.text
    ));
    if let Some(reason) = reply.reason_for(0) {
        bail!("the event was refused: {reason}");
    }
    settle(config, &target, id, start, wait).await
}

/// Waits until the fate of an event can be seen, and says it. Gives whether it became a row; of another machine's Footfall
/// it is not known, and taken for one.
///
/// # Errors
/// When ClickHouse cannot be asked, or has nothing for too long.
pub(crate) async fn settle(
    config: &Config,
    target: &Target,
    id: Uuid,
    start: Instant,
    wait: Duration,
) -> Result<bool> {
    let Some(access) = own_clickhouse(config, target)? else {
        note("its fate is in the ClickHouse of that Footfall: SELECT * FROM events WHERE event_id = …");
        say(format_args!("event id {id}"));
        return Ok(true);
    };
    say_fate(&access, id, start, wait).await
}

fn reason(reply: &crate::target::Reply) -> String {
    if reply.accepted() > 0 {
        paint(Colour::Green, "acknowledged")
    } else {
        paint(Colour::Red, "refused")
    }
}

fn event(args: &SendArgs, site: &str, id: Uuid) -> Value {
    let now = now_ms();
    let props: Map<_, _> = args
        .props
        .iter()
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    let mut event = json!({
        "site": site, "sent_at": now, "id": id, "type": args.kind, "ts": now, "url": args.page,
        "title": "footfall send", "page_id": Uuid::now_v7(), "seq": 1, "attempt": 1, "props": props,
    });
    for (key, text) in [("name", &args.name), ("user_id", &args.user)] {
        if !text.is_empty() {
            event[key] = json!(text);
        }
    }
    event
}

/// The ClickHouse behind the target, if it is the instance on the data folder.
pub(crate) fn own_clickhouse(config: &Config, target: &Target) -> Result<Option<Access>> {
    let Some(run) = &target.run else { return Ok(None) };
    match clickhouse::configured(config, Role::Reader)? {
        Some(access) => Ok(Some(access)),
        None if run.engine => clickhouse::of_instance(config, run, Role::Reader).map(Some),
        None => Ok(None),
    }
}

async fn say_fate(access: &Access, id: Uuid, start: Instant, wait: Duration) -> Result<bool> {
    let mut progress = Progress::new("waiting for its fate");
    let text = id.to_string();
    while start.elapsed() < wait {
        let answer = access
            .text(FATE, &[("id", &text)])
            .await
            .context("cannot ask ClickHouse for its fate")?;
        if let Some((fate, number)) = answer.lines().next().and_then(|line| line.split_once('\t')) {
            let latency = seconds(start.elapsed());
            let colour = if fate == "row" {
                Colour::Green
            } else {
                Colour::Yellow
            };
            say(format_args!(
                "{} number {number}, visible after {latency}",
                paint(colour, fate)
            ));
            say(format_args!(
                "  {}",
                paint(
                    Colour::Cyan,
                    format_args!(
                        "{} query --format Vertical \"SELECT * FROM events WHERE event_id = '{id}'\"",
                        program()
                    )
                )
            ));
            return Ok(fate == "row");
        }
        progress.show("it is acknowledged and in the log, but not in the table yet");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!(
        "no fate within {}: the event is safe in the log, but the processor has not written it. See `footfall audit` and the log of `footfall up`",
        seconds(wait)
    )
}
