//! What a machine knows of one partition: where its fence stands, its position, and per log what the tables had.
//! [`crate::fence`] moves it from stage to stage.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::head::{Number, UNKNOWN_TIME};
use crate::input::Assignment;
use crate::meta::{Meta, Tag};

/// The greatest number of each log, as one look read them.
pub(crate) type Highs = Arc<FxHashMap<Uuid, u64>>;

/// Who may still be inserting records of a partition that was just assigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nobody.
    Closed,
    /// The owner of this tag, on this server.
    Open { tag: Tag, server: Uuid },
    /// Anybody.
    Absent,
}

/// How far the fence of a partition has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The server's clock must be read, after the assignment.
    Note,
    /// The server's clock must reach `until`; it is asked again at `poll_at` (local).
    Wait { until: i64, poll_at: u64 },
    /// In this barrier (0: not in one yet).
    Barrier(u64),
    /// The metadata names another server.
    Held,
    /// The tables must be read.
    Look,
    /// Its records can be decided.
    Ready,
}

/// One log in one partition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogState {
    /// The greatest number in the tables at the look.
    pub(crate) high: u64,
    /// The greatest that finished rounds of this owner took.
    pub(crate) taken: u64,
    /// The same with the round in hand, if it is round `round`.
    pub(crate) round_taken: u64,
    pub(crate) round: u64,
}

/// One assigned partition.
#[derive(Debug)]
pub(crate) struct Partition {
    /// Number of the assignment: answers and rounds from before it do not count.
    pub(crate) epoch: u64,
    pub(crate) before: Before,
    pub(crate) stage: Stage,
    /// First position that is not done.
    pub(crate) position: u64,
    /// Position of the last accepted commit.
    pub(crate) saved: Option<u64>,
    /// Our `open` was accepted in this assignment.
    pub(crate) opened: bool,
    /// The record of an unknown version that it stands in front of.
    pub(crate) waits_for: Option<Number>,
    /// The driver was told where to read.
    pub(crate) started: bool,
    /// Given away; only a machine that breaks [`crate::Rule::RemoveRevoked`] still has it then.
    pub(crate) revoked: bool,
    /// r: what was received earlier is never new.
    pub(crate) rows_from: i64,
    highs: Highs,
    logs: FxHashMap<Uuid, LogState>,
}

impl Partition {
    /// Position and fence as the committed metadata wants them; a position of another topic, or outside of what can
    /// be read, is void: from the earliest on, the tables know the rest.
    pub(crate) fn new(assigned: &Assignment, epoch: u64, topic: &str) -> Self {
        let meta = assigned
            .committed
            .as_ref()
            .and_then(|(_, line)| Meta::parse(line));
        let ours = meta.as_ref().is_none_or(|meta| meta.topic() == topic);
        let committed = assigned
            .committed
            .as_ref()
            .filter(|_| ours)
            .map(|(position, _)| *position);
        let before = match meta.filter(|_| ours) {
            Some(Meta::Closed { .. }) => Before::Closed,
            Some(Meta::Open { tag, server, .. }) => Before::Open { tag, server },
            None => Before::Absent,
        };
        let readable = assigned.earliest..=assigned.end.max(assigned.earliest);
        Self {
            epoch,
            before,
            stage: Stage::Note,
            position: committed
                .filter(|position| readable.contains(position))
                .unwrap_or(assigned.earliest),
            saved: committed,
            opened: false,
            waits_for: None,
            started: false,
            revoked: false,
            rows_from: i64::MAX,
            highs: Highs::default(),
            logs: FxHashMap::default(),
        }
    }

    /// Takes the result of a look. What this owner has taken stays taken.
    pub(crate) fn looked(&mut self, highs: &Highs, rows_from: i64) {
        self.stage = Stage::Ready;
        self.rows_from = rows_from;
        self.highs = Arc::clone(highs);
        for (log_id, log) in &mut self.logs {
            log.high = highs.get(log_id).copied().unwrap_or(0);
        }
    }

    /// The state of `log_id`, with "taken" as it was when `round` began, or as `round` has left it so far.
    pub(crate) fn log(&mut self, log_id: Uuid, round: u64) -> &mut LogState {
        let high = &self.highs;
        let log = self.logs.entry(log_id).or_insert_with(|| LogState {
            high: high.get(&log_id).copied().unwrap_or(0),
            taken: 0,
            round_taken: 0,
            round: 0,
        });
        if log.round != round {
            log.round = round;
            log.round_taken = log.taken;
        }
        log
    }

    /// `round` is in both tables.
    pub(crate) fn settle(&mut self, round: u64, position: u64) {
        self.position = position;
        for log in self.logs.values_mut().filter(|log| log.round == round) {
            log.taken = log.round_taken;
        }
    }

    /// Its fence is over.
    pub(crate) fn fenced(&self) -> bool {
        matches!(self.stage, Stage::Look | Stage::Ready)
    }

    pub(crate) fn ready(&self) -> bool {
        self.stage == Stage::Ready
    }

    /// Nothing of it is read: an unknown version comes next.
    pub(crate) fn paused(&self) -> bool {
        self.waits_for.is_some()
    }

    pub(crate) fn dirty(&self) -> bool {
        self.ready() && self.saved != Some(self.position)
    }
}

impl LogState {
    /// Whether no table can have this number, because the look read all that could have it, and this owner has not
    /// taken it since.
    #[inline]
    pub(crate) fn is_new(&self, seq: u64, received_at: i64, rows_from: i64) -> bool {
        seq > self.high && seq > self.round_taken && received_at != UNKNOWN_TIME && received_at >= rows_from
    }
}
