//! The loop between a source, the state machine of delivery and ClickHouse. It decides nothing about delivery: it feeds
//! [`Machine`] and does what that asks for ([`perform`]); what people and the auditor ask of it is in [`asked`], whom no insert
//! may bring back in [`erased`], what a finished round means for people in [`settle`].
//!
//! Invariants: at most two rounds are in memory, the one in hand and the one that is prepared ahead; records are taken
//! from the source only into the room that is left; an insert leaves once per output of the machine.

mod asked;
mod erased;
mod perform;
mod settle;

pub(crate) use perform::wall_clock;

use crate::config::{Config, EngineRestart, Wiring};
use crate::control::{Control, Requests};
use crate::insert::{Inserter, Statement};
use crate::round::{Round, Rules};
use crate::server::Server;
use crate::source::{Arrival, Source, SourceError};
use crate::suppressed::List;
use crate::words::Waits;
use bytes::Bytes;
use clickhouse::Client;
use erased::{Erased, Read};
use footfall_delivery::{Decision, Input, Machine, Offer, Output};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Bytes that are decoded in one go, some milliseconds of work; then other things get their turn.
const SLICE_BYTES: usize = 512 * 1024;
/// How often what `/ready` and the figures say is brought up to date while nothing happens.
const PULSE: Duration = Duration::from_secs(1);

/// Ends when the drain has taken too long; also of one that is only asked for meanwhile.
async fn overdue(shutdown: &CancellationToken, stop_by: Option<Instant>, drain: Duration) {
    let stop_by = match stop_by {
        Some(stop_by) => stop_by,
        None => {
            shutdown.cancelled().await;
            Instant::now() + drain
        }
    };
    tokio::time::sleep_until(stop_by).await;
}

/// Why a processor stopped without being told to, or could not stop in order.
#[derive(Debug, thiserror::Error)]
pub enum ProcessorError {
    /// The source is broken.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The shutdown took longer than its deadline; what was open is settled at the next start.
    #[error("drain the processor: not finished within {0:?}; the next start settles what is open")]
    Drain(Duration),
    /// [`footfall_delivery::Mode::Child`] without anybody to restart the engine.
    #[error("start the processor: the engine is our child, but nobody supervises it")]
    NoSupervisor,
    /// A bug: one of our own tasks panicked.
    #[error("run the processor: a task of its own failed: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// The round that the machine has in hand.
#[derive(Debug, Default)]
struct InHand {
    round: Round,
    /// As of the last insert; empty if nothing of it had to be inserted.
    decisions: Vec<Decision>,
    /// Its last insert went to `events`.
    into_events: bool,
    /// Who was erased, as of its heads.
    list: Arc<List>,
    /// Records of people who are on a later list.
    erased: Vec<usize>,
}

/// The answer to an operation of the machine.
struct Done {
    /// None if the machine has not asked.
    input: Option<Input>,
    /// Comes back from reading who was erased.
    list: Option<Read>,
    /// Comes back from an insert.
    inserter: Option<Inserter>,
    /// What was inserted, for its memory.
    body: Bytes,
}

pub(crate) struct Driver<S> {
    config: Config,
    rules: Rules,
    source: S,
    server: Server,
    client: Client,
    inserter: Option<Inserter>,
    engine: Option<mpsc::Sender<EngineRestart>>,
    /// When the last insert left: the engine that a doubt is about was running then.
    sent_at: std::time::Instant,
    machine: Machine,
    out: Vec<Output>,
    ops: JoinSet<Done>,
    ahead: Round,
    in_hand: Option<InHand>,
    /// A finished round, for its memory.
    spare: Option<Round>,
    /// The memory of the last insert's body.
    body: Vec<u8>,
    /// Where each partition's reading stands.
    ends: FxHashMap<u32, u64>,
    /// Numbers whose marks are in the ledger, all lower ones having been settled before: for the auditor.
    closed: crate::audit::Closed,
    control: Control,
    erased: Erased,
    /// What waits for an operator's word.
    waits: watch::Sender<Waits>,
    started: Instant,
    refusing: bool,
    /// The source has said what is ours, be it nothing, and has not taken that back.
    member: bool,
    stopped: bool,
}

impl<S: Source> Driver<S> {
    pub(crate) fn new(config: Config, source: S, wiring: &Wiring, closed: crate::audit::Closed) -> Self {
        Self {
            rules: Rules {
                dedup_window: config.delivery.dedup_window,
                skip_unknown_version: config.skip_unknown_version,
                skips: Vec::new(),
                enrichment: Arc::clone(&wiring.enrichment),
                erased: Arc::default(),
            },
            machine: Machine::new(config.delivery.clone()),
            config,
            source,
            server: wiring.server.clone(),
            client: wiring.server.client(),
            inserter: None,
            engine: wiring.engine.clone(),
            sent_at: std::time::Instant::now(),
            out: Vec::new(),
            ops: JoinSet::new(),
            ahead: Round::default(),
            in_hand: None,
            spare: None,
            body: Vec::new(),
            ends: FxHashMap::default(),
            closed,
            control: wiring.control(),
            erased: Erased::new(wiring.erasure_key.clone()),
            waits: watch::Sender::new(Waits::default()),
            started: Instant::now(),
            refusing: false,
            member: false,
            stopped: false,
        }
    }

    /// Runs until everything is given back after `shutdown`, or the source breaks.
    pub(crate) async fn drive(
        &mut self,
        requests: &mut Requests,
        shutdown: &CancellationToken,
    ) -> Result<(), ProcessorError> {
        let mut stop_by: Option<Instant> = None;
        let mut pulse = tokio::time::interval(PULSE);
        loop {
            // First everything that is asked for: a round that is done must be put away before the next is offered.
            // A commit that never comes back must not hold the drain.
            let drain = self.config.drain;
            tokio::select! {
                biased;
                () = self.perform() => {}
                () = overdue(shutdown, stop_by, drain) => return Err(ProcessorError::Drain(drain)),
            }
            if self.stopped {
                return Ok(());
            }
            self.keep_list();
            if self.offer_if_due() {
                continue;
            }
            let room = self.ahead.room(&self.config.round).min(SLICE_BYTES);
            let wake = self.wake_at();
            tokio::select! {
                Some(done) = self.ops.join_next() => self.answered(done?),
                arrival = self.source.next(room), if room > 0 && stop_by.is_none() => self.arrived(arrival?),
                Some(request) = requests.recv() => self.requested(request).await,
                // What stands still must be seen to: lag grows without a round.
                _ = pulse.tick() => self.refresh_condition(),
                () = tokio::time::sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                    self.on(Input::Tick);
                }
                () = shutdown.cancelled(), if stop_by.is_none() => {
                    stop_by = Some(Instant::now() + self.config.drain);
                    self.on(Input::Shutdown);
                }
                () = tokio::time::sleep_until(stop_by.unwrap_or_else(Instant::now)), if stop_by.is_some() => {
                    return Err(ProcessorError::Drain(self.config.drain));
                }
            }
        }
    }

    fn on(&mut self, input: Input) {
        let now = self.now();
        self.machine.on(now, input, &mut self.out);
    }

    /// Local monotonic milliseconds, for the machine's pacing.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// When the machine wants a tick, or the next round should start.
    fn wake_at(&self) -> Option<Instant> {
        let machine = self
            .machine
            .wake_at()
            .map(|at| self.started + Duration::from_millis(at));
        let round = self
            .ahead
            .due(&self.config.round)
            .filter(|_| self.machine.wants_round() && self.erased.is_fresh());
        [machine, round, self.erased.retry_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// True if the machine has taken a round.
    fn offer_if_due(&mut self) -> bool {
        let due = self
            .ahead
            .due(&self.config.round)
            .is_some_and(|due| due <= Instant::now());
        if !due || !self.machine.wants_round() || !self.erased.is_fresh() {
            return false;
        }
        let now = self.now();
        let offer = self
            .machine
            .offer(now, &self.ahead.spans, &self.ahead.heads, &mut self.out);
        if offer == Offer::Taken {
            let next = self.spare.take().unwrap_or_default();
            let round = std::mem::replace(&mut self.ahead, next);
            self.in_hand = Some(InHand {
                round,
                list: Arc::clone(&self.rules.erased),
                ..InHand::default()
            });
        }
        offer == Offer::Taken
    }

    fn arrived(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Records(chunk) => {
                metrics::counter!(crate::measure::CONSUMED).increment(chunk.records.len() as u64);
                self.ends.insert(chunk.partition, chunk.next);
                self.ahead.take(chunk, &self.rules);
            }
            Arrival::Assigned(list) => {
                self.member = true;
                self.on(Input::Assigned(list));
            }
            Arrival::Revoke(partitions) => {
                for partition in &partitions {
                    self.ahead.drop_partition(*partition, &self.rules);
                }
                self.on(Input::Revoke(partitions));
            }
            Arrival::Lost => {
                self.member = false;
                self.ahead = Round::default();
                self.on(Input::Lost);
            }
        }
    }

    fn answered(&mut self, done: Done) {
        if done.inserter.is_some() {
            self.inserter = done.inserter;
        }
        // Not ours alone where an answer came before the whole body was sent; ledger rows are few.
        if let Ok(mut body) = done.body.try_into_mut()
            && body.capacity() > self.body.capacity()
        {
            body.clear();
            self.body = body.into();
        }
        if let Some(read) = done.list {
            self.list_read(read);
        }
        if let Some(input) = done.input {
            self.note(&input);
            self.on(input);
        }
    }

    fn inserter(&mut self) -> Inserter {
        self.inserter.take().unwrap_or_else(|| {
            let millis = u64::try_from(self.config.delivery.max_execution).unwrap_or_default();
            let statement = Statement {
                tag: self.config.delivery.tag.as_str().to_owned(),
                max_execution: Duration::from_millis(millis),
                timeout: self.config.insert_timeout,
            };
            Inserter::new(self.server.clone(), statement)
        })
    }

    /// The event id of a mark is nil; a log is known by its own.
    fn close(&mut self, log_id: Uuid, through: u64) {
        self.closed.send_if_modified(|closed| {
            let known = closed.entry(log_id).or_default();
            let rises = through > *known;
            *known = through.max(*known);
            rises
        });
    }
}
