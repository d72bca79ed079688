//! `footfall loadgen`: realistic sessions at a given rate, to any Footfall.
//!
//! 1. [`journey`] makes events, `people` has the crowd;
//! 2. a producer puts them on a schedule ([`plan`]): each request has a moment at which it is due, however slow the
//!    answers are, and latency counts from there (no coordinated omission);
//! 3. `worker`s send them, one connection each; [`tally`] counts, [`record`] keeps what was answered. [`crate::demo`] has
//!    them send events of its own.

pub mod histogram;
pub mod journey;
pub mod plan;
pub mod record;
pub mod tally;

pub(crate) mod people;
mod worker;

use crate::cli::LoadgenArgs;
use crate::config::Config;
use crate::target::{Target, now_ms};
use crate::terminal::{Progress, note, say};
use anyhow::{Context as _, Result};
use journey::Journeys;
use plan::{Plan, Sending, Until};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use record::Recorder;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tally::Tally;
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use worker::Shared;

pub(crate) use worker::Job;

/// Runs until the plan is carried out or `stop` is cancelled, and prints the summary. Gives whether every event was
/// acknowledged.
///
/// # Errors
/// When the arguments make no sense, no Footfall is found, or the record cannot be written.
pub async fn run(config: &Config, args: &LoadgenArgs, stop: CancellationToken) -> Result<bool> {
    let plan = Plan::new(args)?;
    let target = Target::find(&args.target, config)?;
    if target.key.is_none() {
        note(
            "no server key (--key): every page load counts as a visitor of its own, all from this machine's address",
        );
    }
    let start = Instant::now();
    let tally = drive(plan.clone(), target, Recorder::new(args.record.as_deref())?, stop).await?;
    let open = plan.rate.is_some();
    if args.json {
        say(tally.json(start.elapsed(), open));
    } else {
        say(tally.text(start.elapsed(), open));
    }
    Ok(tally.refusals() == 0 && tally.unanswered == 0)
}

/// Carries a plan out and gives what was counted.
///
/// # Errors
/// When the record cannot be written.
pub async fn drive(plan: Plan, target: Target, recorder: Recorder, stop: CancellationToken) -> Result<Tally> {
    let with_identity = target.key.is_some();
    deliver(plan.sending, target, recorder, "loadgen", |jobs| {
        produce(plan, with_identity, jobs, stop)
    })
    .await
}

/// Sends what `produce` makes, over as many connections as `sending` says, and gives what was counted.
///
/// # Errors
/// When the record cannot be written.
pub(crate) async fn deliver<P>(
    sending: Sending,
    target: Target,
    recorder: Recorder,
    label: &str,
    produce: impl FnOnce(Sender<Job>) -> P,
) -> Result<Tally>
where
    P: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(sending.concurrency * 2);
    let shared = Arc::new(Shared {
        sending,
        target,
        jobs: tokio::sync::Mutex::new(receiver),
        recorder,
        tally: Mutex::default(),
    });
    let mut workers = JoinSet::new();
    for _ in 0..sending.concurrency {
        workers.spawn(worker::run(Arc::clone(&shared)));
    }
    let mut producer = JoinSet::new();
    producer.spawn(produce(sender));
    let mut progress = Progress::new(label);
    let mut every = tokio::time::interval(Duration::from_millis(500));
    loop {
        tokio::select! {
            done = workers.join_next() => match done {
                Some(result) => result.context("a worker died")??,
                None => break,
            },
            _ = every.tick() => progress.show(&counted(&shared).line()),
        }
    }
    progress.finish("done");
    shared.recorder.finish()?;
    Ok(counted(&shared))
}

fn counted(shared: &Shared) -> Tally {
    shared
        .tally
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Makes requests on schedule. When the workers cannot keep up it blocks, but what it makes then is still due when it
/// should have been.
async fn produce(plan: Plan, with_identity: bool, jobs: Sender<Job>, stop: CancellationToken) {
    let mut journeys = Journeys::new(plan.seed, plan.visitors, with_identity);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(plan.seed);
    let start = Instant::now();
    let mut woken = start;
    let mut made = 0;
    loop {
        let size = random.random_range(plan.batch.clone()) as u64;
        let size = match plan.until {
            Until::Events(events) => size.min(events.saturating_sub(made)),
            Until::Elapsed(duration) if plan.is_over(duration, made, start.elapsed()) => 0,
            Until::Elapsed(_) => size,
        };
        if size == 0 {
            return;
        }
        let slot = start + plan.due(made);
        if slot > Instant::now() {
            tokio::select! {
                () = tokio::time::sleep_until(slot.into()) => woken = Instant::now(),
                () = stop.cancelled() => return,
            }
        }
        let events = (0..size).map(|_| journeys.next(now_ms())).collect();
        // The timer's own lateness (1 ms) is ours, not the server's.
        let due = plan.rate.map(|_| slot.max(woken));
        made += size;
        tokio::select! {
            sent = jobs.send(Job { due, events }) => if sent.is_err() { return },
            () = stop.cancelled() => return,
        }
    }
}
