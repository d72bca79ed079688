//! Rule 3, proof of ownership: read the server's clock, then one commit that the coordinator accepts. The clock comes
//! first: whoever is assigned our partitions after that commit reads a later one.

use crate::config::Mode;
use crate::input::CommitOutcome;
use crate::machine::{Machine, Pending, Step, Why};
use crate::meta::Meta;
use crate::output::{Alarm, Entry, Output};
use crate::partition::Partition;
use crate::rules::{Rule, Rules};

/// A proof that was given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Proof {
    /// Inserts may start until then (server's clock).
    pub(crate) deadline: i64,
    /// When it was given (local): it is given again after L/3.
    ///
    /// Not when the clock was read: a coordinator slower than L/3 would never let anybody insert.
    at: u64,
}

/// How far the next one has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proving {
    Idle,
    Asked,
    Read(i64),
}

impl<R: Rules> Machine<R> {
    /// The deadline for an insert now, if ownership of all partitions of the round is proved freshly.
    pub(crate) fn proved(&self) -> Option<i64> {
        let proof = self.proof.filter(|proof| self.now < proof.at + self.pace())?;
        let all_open = self.config.mode == Mode::Child
            || !self.rules.keeps(Rule::ProveNewPartition)
            || self.round.live().all(|part| {
                self.partitions
                    .get(&part.span.partition)
                    .is_some_and(|p| p.opened)
            });
        all_open.then_some(proof.deadline)
    }

    /// Local milliseconds between two proofs.
    pub(crate) fn pace(&self) -> u64 {
        let lease = if self.config.mode == Mode::Child {
            self.config.child_lease
        } else {
            self.config.lease
        };
        u64::try_from(lease / 3).unwrap_or(1)
    }

    pub(crate) fn prove(&mut self, out: &mut Vec<Output>) -> Step {
        if let Some(until) = self.refused {
            if self.now < until {
                self.wake(until);
                return Step::Wait;
            }
            out.push(Output::Alarm(Alarm::NoAssignment));
            self.leave(out);
            return Step::Again;
        }
        match self.proving {
            Proving::Idle | Proving::Asked => {
                self.proving = Proving::Asked;
                self.ask(Pending::Clock, out, Output::ReadClock)
            }
            Proving::Read(now) if self.config.mode == Mode::Child => {
                self.proof = Some(Proof {
                    deadline: now.saturating_add(self.config.child_lease),
                    at: self.now,
                });
                self.proving = Proving::Idle;
                Step::Again
            }
            Proving::Read(now) => self.commit_open(now.saturating_add(self.config.lease), out),
        }
    }

    fn commit_open(&mut self, deadline: i64, out: &mut Vec<Output>) -> Step {
        let Some(server) = self.server else {
            return Step::Next;
        };
        let early = !self.rules.keeps(Rule::FenceBeforeOpen);
        let meta = Meta::Open {
            tag: self.config.tag.clone(),
            server,
            topic: self.config.topic.clone(),
            address: self.config.address.clone(),
        };
        let owned = self
            .partitions
            .iter()
            .filter(|(_, p)| (p.ready() || early) && !p.revoked);
        let entry = |(number, p): (&u32, &Partition)| {
            (
                Entry {
                    partition: *number,
                    position: p.position,
                    meta: meta.clone(),
                },
                p.epoch,
            )
        };
        let entries: Vec<_> = owned.map(entry).collect();
        let sent = entries.iter().map(|(entry, _)| entry.clone()).collect();
        self.ask(Pending::Commit(Why::Prove { deadline }, entries), out, |op| {
            Output::Commit(op, sent)
        })
    }

    pub(crate) fn committed(
        &mut self,
        why: Why,
        entries: &[(Entry, u64)],
        outcome: CommitOutcome,
        out: &mut Vec<Output>,
    ) {
        let current = matches!(self.proving, Proving::Read(_));
        match (why, outcome) {
            (Why::Close(partitions), outcome) => {
                self.forget(&partitions);
                out.push(Output::Released(partitions));
                if outcome == CommitOutcome::Unknown && self.rules.keeps(Rule::LeaveOnUnknown) {
                    self.leave(out);
                }
                return;
            }
            (Why::Prove { deadline }, CommitOutcome::Accepted) => {
                self.accepted(entries, true);
                self.proof = current.then_some(Proof {
                    deadline,
                    at: self.now,
                });
            }
            (Why::Prove { deadline }, _) if !self.rules.keeps(Rule::Prove) => {
                self.accepted(entries, true);
                self.proof = Some(Proof {
                    deadline,
                    at: self.now,
                });
            }
            (Why::Save, CommitOutcome::Accepted) => self.accepted(entries, false),
            (Why::Save, _) => self.failed(),
            (Why::Prove { .. }, CommitOutcome::Refused) => {
                self.proof = None;
                self.refused = Some(self.now + self.config.refused_patience);
            }
            (Why::Prove { .. }, CommitOutcome::Unknown) => {
                self.proof = None;
                if self.rules.keeps(Rule::LeaveOnUnknown) {
                    self.leave(out);
                }
            }
        }
        self.proving = Proving::Idle;
    }

    fn accepted(&mut self, entries: &[(Entry, u64)], open: bool) {
        self.saved_at = self.now;
        for (entry, epoch) in entries {
            let partition = self
                .partitions
                .get_mut(&entry.partition)
                .filter(|p| p.epoch == *epoch);
            if let Some(partition) = partition {
                partition.opened |= open;
                partition.saved = Some(entry.position);
            }
        }
    }

    /// Saves positions when they have moved and nobody has proved anything for a while.
    pub(crate) fn save(&mut self, out: &mut Vec<Output>) -> Step {
        if !self.partitions.values().any(Partition::dirty) {
            return Step::Next;
        }
        let due = self.saved_at + u64::try_from(self.config.lease / 3).unwrap_or(1);
        if self.now < due {
            self.wake(due);
            return Step::Next;
        }
        if self.config.mode == Mode::Fenced {
            return self.prove(out);
        }
        let entries = self.closing(|p| p.dirty());
        let sent = entries.iter().map(|(entry, _)| entry.clone()).collect();
        self.ask(Pending::Commit(Why::Save, entries), out, |op| {
            Output::Commit(op, sent)
        })
    }
}
