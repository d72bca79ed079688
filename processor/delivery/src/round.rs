//! The round in hand: its records, and how far it has come on its way into the two tables.

use rustc_hash::FxHashSet;

use crate::head::{Decision, Head, LostRow, Number, Span};
use crate::known::{Known, tells_apart};
use crate::present::Present;

/// What a round needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    /// There is none.
    #[default]
    Idle,
    /// Sort its numbers into new and not new.
    Classify,
    /// Ask the tables.
    LookUp,
    /// Decide.
    Judge,
    /// Insert into `ledger`.
    Ledger,
    /// Insert into `events`.
    Events,
}

/// What the number of a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// No table can have it.
    New,
    /// A table may have it.
    Ask,
    /// The same number came earlier in this round.
    Repeat,
    /// Not in this round any more.
    Dropped,
}

/// A partition's part of the round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) span: Span,
    /// The assignment that it was read in.
    pub(crate) epoch: u64,
    pub(crate) live: bool,
    /// Where a record of an unknown version stands, and which one it is.
    pub(crate) cut: Option<(u64, Number)>,
}

/// Kept between rounds, so that its buffers are not allocated again.
#[derive(Debug, Default)]
pub(crate) struct Round {
    pub(crate) stage: Stage,
    /// Number of the deciding: "taken" of an earlier one does not count.
    pub(crate) serial: u64,
    pub(crate) parts: Vec<Part>,
    pub(crate) heads: Vec<Head>,
    pub(crate) classes: Vec<Class>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) lost: Vec<LostRow>,
    /// A table must be asked before the round can be decided.
    pub(crate) asks: bool,
    pub(crate) present: Present,
    pub(crate) ledger_rows: u64,
    pub(crate) event_rows: u64,
    /// Its ledger rows are in: those fates stand.
    pub(crate) written: bool,
}

impl Part {
    /// Where its partition stands when the round is done.
    pub(crate) fn end(&self) -> u64 {
        self.cut.map_or(self.span.next, |(position, _)| position)
    }
}

impl Round {
    pub(crate) fn idle(&self) -> bool {
        self.stage == Stage::Idle
    }

    pub(crate) fn end(&mut self) {
        self.stage = Stage::Idle;
        self.parts.clear();
        self.heads.clear();
        self.present = Present::default();
        self.written = false;
    }

    /// Tells `known` the event ids that are still on their way into `events`.
    pub(crate) fn remember(&self, known: &mut Known) {
        for (head, decision) in self.heads.iter().zip(&self.decisions) {
            if *decision == Decision::Row && tells_apart(head.event_id) {
                let number = Number {
                    log_id: head.log_id,
                    seq: head.seq,
                };
                known.first(head.event_id, number, head.received_at);
            }
        }
    }

    /// The partition's part, if it is still in the round.
    pub(crate) fn part(&self, partition: u32) -> Option<&Part> {
        self.parts
            .iter()
            .find(|part| part.live && part.span.partition == partition)
    }

    pub(crate) fn live(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.live)
    }

    /// Takes the records of `partitions` out. True if there were any.
    pub(crate) fn remove(&mut self, partitions: &[u32]) -> bool {
        let mut gone = FxHashSet::default();
        for part in self
            .parts
            .iter_mut()
            .filter(|part| part.live && partitions.contains(&part.span.partition))
        {
            part.live = false;
            gone.insert(part.span.partition);
        }
        if self.stage == Stage::Events {
            for (head, decision) in self.heads.iter().zip(&mut self.decisions) {
                if gone.contains(&head.partition) {
                    *decision = Decision::Dropped;
                }
            }
            self.count();
        }
        !gone.is_empty()
    }

    /// Counts the rows for both tables.
    pub(crate) fn count(&mut self) {
        let (mut ledger, mut events) = (0, 0);
        for decision in &self.decisions {
            match decision {
                Decision::Row => events += 1,
                Decision::Ledger(_) | Decision::Duplicate { .. } => ledger += 1,
                Decision::Lost | Decision::LeaveOut | Decision::Dropped => {}
            }
        }
        self.ledger_rows = ledger + self.lost.len() as u64;
        self.event_rows = events;
    }
}
