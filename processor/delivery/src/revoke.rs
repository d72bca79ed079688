//! Rule 7: giving partitions away. `closed` is a promise that nothing of ours can still arrive; where that is not
//! certain nothing is committed, and the next owner fences.

use crate::config::Mode;
use crate::machine::{Machine, Pending, Step, Why};
use crate::meta::Meta;
use crate::output::{Entry, Output};
use crate::partition::Partition;
use crate::round::Round;
use crate::rules::{Rule, Rules};

impl<R: Rules> Machine<R> {
    /// Waits for an open insert or commit; questions are given up.
    pub(crate) fn revoke(&mut self, partitions: Vec<u32>) {
        self.abandon_question();
        self.revokes.push_back(partitions);
    }

    /// With nothing in flight: takes the partitions out of the round, and closes those that may be closed.
    pub(crate) fn close(&mut self, partitions: Vec<u32>, out: &mut Vec<Output>) -> Step {
        if self.rules.keeps(Rule::RemoveRevoked) {
            self.remove_from_round(&partitions);
        }
        let in_doubt = |number: &u32| {
            self.rules.keeps(Rule::ClosedOnlyIfCertain)
                && self
                    .doubt
                    .as_ref()
                    .is_some_and(|doubt| doubt.partitions.contains(number))
        };
        let child = self.config.mode == Mode::Child;
        let any = !self.rules.keeps(Rule::ClosedOnlyIfOpen);
        let sure: Vec<u32> = partitions
            .iter()
            .copied()
            .filter(|number| !in_doubt(number))
            .collect();
        let mut entries = self.closing(|p| (p.opened && p.fenced()) || any || (child && p.ready()));
        entries.retain(|(entry, _)| sure.contains(&entry.partition));
        if entries.is_empty() || self.refused.is_some() {
            self.forget(&partitions);
            out.push(Output::Released(partitions));
            return Step::Again;
        }
        let sent = entries.iter().map(|(entry, _)| entry.clone()).collect();
        self.ask(Pending::Commit(Why::Close(partitions), entries), out, |op| {
            Output::Commit(op, sent)
        })
    }

    /// `closed` entries for the partitions that `keep` wants.
    pub(crate) fn closing(&self, keep: impl Fn(&Partition) -> bool) -> Vec<(Entry, u64)> {
        let meta = Meta::Closed {
            topic: self.config.topic.clone(),
        };
        let kept = self.partitions.iter().filter(|(_, partition)| keep(partition));
        kept.map(|(number, p)| {
            (
                Entry {
                    partition: *number,
                    position: p.position,
                    meta: meta.clone(),
                },
                p.epoch,
            )
        })
        .collect()
    }

    /// Drops all state of these partitions.
    pub(crate) fn forget(&mut self, partitions: &[u32]) {
        let kept = |round: &Round, number: u32| {
            !self.rules.keeps(Rule::RemoveRevoked) && round.part(number).is_some()
        };
        let (keep, drop): (Vec<u32>, Vec<u32>) =
            partitions.iter().partition(|number| kept(&self.round, **number));
        self.remove_from_round(&drop);
        for partition in &drop {
            self.partitions.remove(partition);
        }
        for partition in &keep {
            if let Some(partition) = self.partitions.get_mut(partition) {
                partition.revoked = true;
            }
        }
    }
}
