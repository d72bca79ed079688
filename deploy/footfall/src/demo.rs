//! `footfall demo`: a month of plausible traffic of a shop, so that reports have something to say before the first visitor
//! has come.
//!
//! 1. [`month`] says who visits on a day, when, and what brought them: weeks have a rhythm, the shop grows, mails go out;
//! 2. `people` are who they are for ever: home, device, habits, an account; `places` is where they live;
//! 3. `visit` walks one of them from a `source` through the `shop`, event by event; a `machine` comes in between;
//! 4. the load generator's workers send it all by the front door, as a server of the site does (a server key);
//! 5. it is waited for until the tables have all of it, where that can be seen: whoever looks then sees a whole month.
//!
//! Everything follows from the seed and the calendar, ids too: whoever fills the same days twice adds nothing, and tomorrow
//! only the new day is added.

pub mod month;

mod machine;
mod people;
mod places;
mod shop;
mod source;
mod visit;

use crate::cli::DemoArgs;
use crate::clickhouse::{Access, Role, of_instance};
use crate::config::Config;
use crate::loadgen::plan::Sending;
use crate::loadgen::record::Recorder;
use crate::loadgen::tally::Tally;
use crate::loadgen::{Job, deliver};
use crate::target::{Target, now_ms};
use crate::terminal::{Colour, Progress, count, note, paint, program, say, seconds};
use anyhow::{Result, bail};
use month::Month;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

/// Events of a request: the edge takes 500.
const BATCH: usize = 250;
const CONNECTIONS: usize = 4;
/// Sent again so often when Footfall is busy: minutes, with the pauses between.
const RETRIES: u32 = 20;

/// How often the tables are looked at, and for how long.
const LOOK_EVERY: Duration = Duration::from_millis(250);
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends the month, and says what there is to look at. Gives whether every event was acknowledged.
///
/// # Errors
/// When the arguments make no sense, no Footfall is found, or it knows no server key.
pub async fn run(config: &Config, args: &DemoArgs, stop: CancellationToken) -> Result<bool> {
    if !(1..=29).contains(&args.days) {
        bail!(
            "--days {}: write 1 to 29; servers may send events of the last 30 days",
            args.days
        );
    }
    let target = Target::find(&args.target, config)?;
    if target.key.is_none() {
        bail!(
            "a server key of the site `{}` is needed, because events of the past are sent: --key, or FOOTFALL_SERVER_KEY; \
             `{} site add` makes one",
            target.site,
            program()
        );
    }
    let month = Month::new(args.seed, args.visits, args.days, now_ms());
    let (site, start) = (target.site.clone(), Instant::now());
    let dashboard = target.run.as_ref().and_then(|run| run.dashboard.clone());
    let tables = target
        .run
        .as_ref()
        .and_then(|run| of_instance(config, run, Role::Reader).ok());
    let sending = Sending {
        concurrency: CONNECTIONS,
        gzip: false,
        retries: RETRIES,
    };
    note(format!(
        "{} days, {} visits, for the site `{site}`",
        args.days,
        count(month.visits())
    ));
    let tally = deliver(sending, target, Recorder::new(None)?, "demo", |jobs| {
        produce(month, jobs, stop.clone())
    })
    .await?;
    summarise(&tally, start.elapsed());
    if let Some(tables) = tables {
        let arriving = arrive(&tables, &site, now_ms());
        match stop
            .run_until_cancelled(tokio::time::timeout(PATIENCE, arriving))
            .await
        {
            Some(Ok(())) => say(format!("all in the tables after {}", seconds(start.elapsed()))),
            _ => say("they are on their way to the tables; what is there already is shown"),
        }
    }
    say(paint(Colour::Dim, look(dashboard, &site)));
    Ok(tally.refusals() == 0 && tally.unanswered == 0)
}

/// Returns when everything that was received until then (ms since 1970) is in the tables, or in the ledger.
async fn arrive(tables: &Access, site: &str, received: i64) {
    const SQL: &str =
        "SELECT toUnixTimestamp64Milli(complete_up_to) FROM report_complete_up_to(site = {site:String})";
    let mut progress = Progress::new("demo");
    loop {
        let said = tables.text(SQL, &[("site", site)]).await.unwrap_or_default();
        if said
            .trim()
            .parse()
            .is_ok_and(|complete: i64| complete >= received)
        {
            return;
        }
        progress.show("on their way to the tables");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn produce(month: Month, jobs: Sender<Job>, stop: CancellationToken) {
    let mut events = Vec::with_capacity(BATCH);
    for visit in month {
        for event in visit {
            events.push(event);
            if events.len() < BATCH {
                continue;
            }
            let full = std::mem::replace(&mut events, Vec::with_capacity(BATCH));
            tokio::select! {
                sent = jobs.send(Job::whenever(full)) => if sent.is_err() { return },
                () = stop.cancelled() => return,
            }
        }
    }
    if !events.is_empty() {
        // Nobody listens any more if this fails; the workers have said why.
        let _ = jobs.send(Job::whenever(events)).await;
    }
}

fn summarise(tally: &Tally, took: Duration) {
    say(format!(
        "{} events accepted in {}",
        paint(Colour::Green, count(tally.accepted)),
        seconds(took)
    ));
    for (reason, events) in &tally.refused {
        say(format!("{} refused: {reason}", count(*events)));
    }
    if tally.unanswered > 0 {
        say(format!(
            "{} without an answer: run it again, what is there already is left out",
            count(tally.unanswered)
        ));
    }
}

/// Where to go on from here.
fn look(dashboard: Option<String>, site: &str) -> String {
    dashboard.map_or_else(
        || {
            format!(
                "{} query \"SELECT channel, uniq(visitor_id) AS visitors FROM events WHERE site = '{site}' GROUP BY channel ORDER BY visitors DESC\"",
                program()
            )
        },
        |address| format!("look at it: {address}"),
    )
}
