//! The machine itself: what it holds, how an input gets in, and in which order it looks for the next thing to do. What it
//! does then is in the modules named in [`Machine::step`].

use std::collections::{BTreeMap, VecDeque};

use uuid::Uuid;

use crate::barrier::Barrier;
use crate::config::Config;
use crate::doubt::Doubt;
use crate::head::{Decision, Head, LostRow, Number, Span};
use crate::input::{Assignment, Input, Op};
use crate::known::Known;
use crate::meta::Tag;
use crate::output::{Entry, Output};
use crate::partition::{Before, Partition, Stage as PartitionStage};
use crate::proof::{Proof, Proving};
use crate::round::{Part, Round, Stage};
use crate::rules::{Rules, Strict};

/// First pause after a failure, and the longest, in local milliseconds.
const BACK_OFF: (u64, u64) = (100, 10_000);

/// Which barrier a question was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Doubt,
    Fence,
}

/// Why a commit was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// To prove ownership; the inserts that follow may start until then (server's clock).
    Prove { deadline: i64 },
    /// To give partitions away.
    Close(Vec<u32>),
    /// To save positions, where nothing needs a proof.
    Save,
}

/// The open operation.
#[derive(Debug)]
pub(crate) enum Pending {
    Clock,
    Commit(Why, Vec<(Entry, u64)>),
    List(For),
    Kill(For),
    Look {
        rows_from: i64,
        waiting: Vec<(u32, u64)>,
    },
    LookUp,
    Insert {
        rows: u64,
        deadline: i64,
    },
    Restart,
}

/// What looking for something to do has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Something has changed: look again from the top.
    Again,
    /// Nothing else may be done now.
    Wait,
    /// Nothing to do here.
    Next,
}

/// Whether a round was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// It is in hand; payloads are needed until [`Output::RoundDone`], or until the partitions are gone.
    Taken,
    /// Another round is in hand, or the machine is stopping: offer again later.
    Busy,
}

/// Figures for metrics and the readiness probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// Partitions assigned.
    pub assigned: usize,
    /// Of these, looked at and not paused.
    pub ready: usize,
    /// Partitions that wait in front of an unknown version.
    pub paused: usize,
    /// Partitions held because their metadata names another server.
    pub held: usize,
    /// Barriers begun for partitions whose old owner may still be writing, since the start.
    pub fences: u64,
    /// An insert is in doubt.
    pub in_doubt: bool,
    /// Event ids in memory.
    pub event_ids: usize,
    /// Milliseconds of `received_at` that they cover.
    pub window: i64,
    /// Bytes that they take.
    pub event_id_bytes: usize,
}

/// The state machine of delivery. Times called `now` are local monotonic milliseconds and only pace it: nothing that
/// is safe or unsafe depends on them.
pub struct Machine<R = Strict> {
    pub(crate) config: Config,
    pub(crate) rules: R,
    pub(crate) now: u64,
    wake: Option<u64>,
    last_op: u64,
    pub(crate) pending: Option<(Op, Pending)>,
    pub(crate) epoch: u64,
    pub(crate) partitions: BTreeMap<u32, Partition>,
    pub(crate) server: Option<Uuid>,
    /// The server's clock as last read.
    pub(crate) clock: Option<i64>,
    pub(crate) proof: Option<Proof>,
    pub(crate) proving: Proving,
    /// A commit was refused: none before the next assignment; until then (local) it may take.
    pub(crate) refused: Option<u64>,
    pub(crate) doubt: Option<Doubt>,
    pub(crate) fence: Option<(u64, Barrier)>,
    pub(crate) fences: u64,
    pub(crate) round: Round,
    pub(crate) known: Known,
    pub(crate) revokes: VecDeque<Vec<u32>>,
    pub(crate) saved_at: u64,
    retry_at: u64,
    failures: u32,
    pub(crate) refusals: u32,
    pub(crate) lates: u32,
    stopping: bool,
    stopped: bool,
}

impl Machine {
    /// A machine that keeps all rules.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_rules(config, Strict)
    }
}

impl<R: Rules> Machine<R> {
    /// For the simulation, which breaks rules.
    #[must_use]
    pub fn with_rules(config: Config, rules: R) -> Self {
        Self {
            known: Known::new(config.hash_key, config.dedup_window, config.dedup_ids),
            config,
            rules,
            now: 0,
            wake: None,
            last_op: 0,
            pending: None,
            epoch: 0,
            partitions: BTreeMap::new(),
            server: None,
            clock: None,
            proof: None,
            proving: Proving::Idle,
            refused: None,
            doubt: None,
            fence: None,
            fences: 0,
            round: Round::default(),
            revokes: VecDeque::new(),
            saved_at: 0,
            retry_at: 0,
            failures: 0,
            refusals: 0,
            lates: 0,
            stopping: false,
            stopped: false,
        }
    }

    /// Takes an event in and says what is to be done. `now` is local monotonic time in milliseconds.
    pub fn on(&mut self, now: u64, input: Input, out: &mut Vec<Output>) {
        self.now = self.now.max(now);
        match input {
            Input::Tick => {}
            Input::Assigned(list) => self.assigned(&list),
            Input::Revoke(partitions) => self.revoke(partitions),
            Input::Lost => self.lost_all(out),
            Input::Shutdown => self.shutdown(),
            Input::ServerGone(tag) => self.server_gone(&tag),
            Input::Resume(partition) => self.resume(partition, out),
            answer => self.answered(answer, out),
        }
        self.advance(out);
    }

    /// Offers the next round: `heads` are all records of `spans`, those of one partition in rising position. One round
    /// is in hand at a time; a partition stands in at most one span.
    pub fn offer(&mut self, now: u64, spans: &[Span], heads: &[Head], out: &mut Vec<Output>) -> Offer {
        self.now = self.now.max(now);
        if !self.wants_round() {
            return Offer::Busy;
        }
        self.round.parts.extend(spans.iter().filter_map(|span| {
            let partition = self.partitions.get(&span.partition)?;
            let fits = partition.position == span.from && partition.started && !partition.paused();
            Some(Part {
                span: *span,
                epoch: partition.epoch,
                live: fits,
                cut: None,
            })
        }));
        self.round.heads.extend_from_slice(heads);
        self.round.stage = Stage::Classify;
        self.advance(out);
        Offer::Taken
    }

    /// Whether a round can be offered.
    #[must_use]
    pub fn wants_round(&self) -> bool {
        self.round.idle() && !self.stopping && !self.stopped
    }

    /// One decision for each head of the round, in the same order. Valid from an insert until the answer to it: a
    /// doubt, or a revoke, decides anew.
    #[must_use]
    pub fn decisions(&self) -> &[Decision] {
        &self.round.decisions
    }

    /// The rows for [`Decision::Lost`], in the order of their heads.
    #[must_use]
    pub fn lost(&self) -> &[LostRow] {
        &self.round.lost
    }

    /// When [`Input::Tick`] is due (local), if nothing else comes before; `None` if the machine waits for an answer or
    /// for a round.
    #[must_use]
    pub fn wake_at(&self) -> Option<u64> {
        self.wake
    }

    /// Figures for metrics.
    #[must_use]
    pub fn status(&self) -> Status {
        let count = |keep: fn(&Partition) -> bool| self.partitions.values().filter(|p| keep(p)).count();
        Status {
            assigned: self.partitions.len(),
            ready: count(|p| p.ready() && !p.paused()),
            paused: count(Partition::paused),
            held: count(|p| p.stage == PartitionStage::Held),
            fences: self.fences,
            in_doubt: self.doubt.is_some(),
            event_ids: self.known.len(),
            window: self.known.covered(),
            event_id_bytes: self.known.bytes(),
        }
    }

    /// Which partitions wait in front of a record of an unknown version, and which one that is.
    pub fn waiting(&self) -> impl Iterator<Item = (u32, Number)> {
        self.partitions
            .iter()
            .filter_map(|(partition, state)| Some((*partition, state.waits_for?)))
    }

    /// Owners whose server is not ours: their partitions are held until the operator says that it is gone.
    pub fn held(&self) -> impl Iterator<Item = &Tag> {
        self.partitions
            .values()
            .filter_map(|partition| match &partition.before {
                Before::Open { tag, .. } if partition.stage == PartitionStage::Held => Some(tag),
                _ => None,
            })
    }

    fn assigned(&mut self, list: &[Assignment]) {
        if self.stopping {
            return;
        }
        self.refused = None;
        // A clock that was read before the assignment is no start of a wait.
        self.abandon_question();
        self.forget(&list.iter().map(|one| one.partition).collect::<Vec<_>>());
        self.epoch += 1;
        for one in list {
            let partition = Partition::new(one, self.epoch, &self.config.topic);
            self.partitions.insert(one.partition, partition);
            self.begin_fence(one.partition);
        }
    }

    /// Everything is fenced, proved and inserted by whoever comes next. Only our own doubt stays ours.
    pub(crate) fn lost_all(&mut self, out: &mut Vec<Output>) {
        self.abandon_question();
        self.round.end();
        self.known.take_back();
        self.partitions.clear();
        self.proof = None;
        self.proving = Proving::Idle;
        self.refused = None;
        self.fence = None;
        out.extend(self.revokes.drain(..).map(Output::Released));
    }

    fn shutdown(&mut self) {
        self.stopping = true;
        self.revoke(self.partitions.keys().copied().collect());
    }

    pub(crate) fn leave(&mut self, out: &mut Vec<Output>) {
        self.lost_all(out);
        if !self.stopping {
            out.push(Output::LeaveAndRejoin);
        }
    }

    fn advance(&mut self, out: &mut Vec<Output>) {
        self.wake = None;
        while self.pending.is_none() && self.step(out) == Step::Again {}
    }

    /// The order matters: what is in doubt comes before everything, a fence before a look, a look before a round.
    fn step(&mut self, out: &mut Vec<Output>) -> Step {
        if self.stopped {
            return Step::Wait;
        }
        if let Some(partitions) = self.revokes.pop_front() {
            return self.close(partitions, out);
        }
        if self.stopping {
            self.stopped = true;
            out.push(Output::Stopped);
            return Step::Wait;
        }
        if self.now < self.retry_at {
            self.wake(self.retry_at);
            return Step::Wait;
        }
        let concerns = [
            Self::settle_doubt,
            Self::fence,
            Self::look,
            Self::work,
            Self::save,
        ];
        for concern in concerns {
            let step = concern(self, out);
            if step != Step::Next {
                return step;
            }
        }
        Step::Wait
    }

    /// Opens an operation.
    pub(crate) fn ask(
        &mut self,
        pending: Pending,
        out: &mut Vec<Output>,
        output: impl FnOnce(Op) -> Output,
    ) -> Step {
        self.last_op += 1;
        self.pending = Some((Op(self.last_op), pending));
        out.push(output(Op(self.last_op)));
        Step::Again
    }

    pub(crate) fn wake(&mut self, at: u64) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Gives up a question: nothing depends on its answer, and it is asked again where it is needed. Inserts and commits
    /// are no questions.
    pub(crate) fn abandon_question(&mut self) {
        if !matches!(
            self.pending,
            Some((_, Pending::Insert { .. } | Pending::Commit(..)))
        ) {
            self.pending = None;
        }
    }

    pub(crate) fn failed(&mut self) {
        let pause = BACK_OFF.0 << self.failures.min(10);
        self.failures += 1;
        self.retry_at = self.now + pause.min(BACK_OFF.1);
    }

    pub(crate) fn succeeded(&mut self) {
        self.failures = 0;
    }
}
