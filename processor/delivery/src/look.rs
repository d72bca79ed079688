//! Rule 2, the look: what the tables have, per log, and the recent event ids. Then a partition is ready for rounds
//! ([`crate::work`]).

use std::sync::Arc;

use rustc_hash::FxHashMap;
use uuid::Uuid;

use crate::config::Mode;
use crate::input::Looked;
use crate::machine::{Machine, Pending, Step};
use crate::output::Output;
use crate::partition::{Before, Highs, Stage};
use crate::round::Stage as RoundStage;
use crate::rules::{Rule, Rules};

impl<R: Rules> Machine<R> {
    /// Looks for all partitions that need it, but never inside a round that is decided: its ids would be forgotten.
    pub(crate) fn look(&mut self, out: &mut Vec<Output>) -> Step {
        let look = self.partitions.iter().filter(|(_, p)| p.stage == Stage::Look);
        let waiting: Vec<_> = look.map(|(number, p)| (*number, p.epoch)).collect();
        if waiting.is_empty() || !matches!(self.round.stage, RoundStage::Idle | RoundStage::Classify) {
            return Step::Next;
        }
        let Some(clock) = self.clock else {
            return self.ask(Pending::Clock, out, Output::ReadClock);
        };
        let rows_from = clock.saturating_sub(self.config.look_horizon);
        let ids_from = clock.saturating_sub(self.config.dedup_window);
        let max_ids = self.config.dedup_ids;
        self.ask(Pending::Look { rows_from, waiting }, out, |op| Output::Look {
            op,
            rows_from,
            ids_from,
            max_ids,
        })
    }

    pub(crate) fn looked(
        &mut self,
        looked: &Looked,
        rows_from: i64,
        waiting: &[(u32, u64)],
        out: &mut Vec<Output>,
    ) {
        let highs = self.highs_of(looked);
        if self.rules.keeps(Rule::IdsWithNumbers) {
            self.known.rebuild(&looked.ids);
        }
        let fence_now = !self.rules.keeps(Rule::FenceBeforeLook) && self.config.mode == Mode::Fenced;
        for (number, epoch) in waiting {
            let Some(partition) = self.partitions.get_mut(number).filter(|p| p.epoch == *epoch) else {
                continue;
            };
            partition.looked(&highs, rows_from);
            if fence_now && !partition.started && partition.before != Before::Closed {
                partition.stage = Stage::Note;
            }
        }
        self.start_ready(out);
    }

    fn highs_of(&self, looked: &Looked) -> Highs {
        let mut highs: FxHashMap<Uuid, u64> = FxHashMap::default();
        if self.rules.keeps(Rule::Look) {
            for high in &looked.highs {
                let known = highs.entry(high.log_id).or_default();
                *known = high.seq.max(*known);
            }
        }
        Arc::new(highs)
    }

    /// Tells the driver about partitions that have become ready.
    pub(crate) fn start_ready(&mut self, out: &mut Vec<Output>) {
        for (number, partition) in self
            .partitions
            .iter_mut()
            .filter(|(_, p)| p.ready() && !p.started)
        {
            partition.started = true;
            out.push(Output::Start {
                partition: *number,
                position: partition.position,
            });
        }
    }
}
