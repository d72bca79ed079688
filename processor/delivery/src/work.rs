//! Rules 4 to 6: a round on its way into the two tables, ledger first, and what an answer to an insert means.

use crate::classify::{classify, questions};
use crate::input::InsertOutcome;
use crate::judge::judge;
use crate::machine::{Machine, Pending, Step};
use crate::output::{Alarm, Output};
use crate::partition::Stage as PartitionStage;
use crate::round::Stage;
use crate::rules::{Rule, Rules};

/// Late answers in a row before the machine pauses.
const LATE: u32 = 3;

impl<R: Rules> Machine<R> {
    pub(crate) fn work(&mut self, out: &mut Vec<Output>) -> Step {
        match self.round.stage {
            Stage::Idle => return Step::Next,
            Stage::Classify => self.classify(),
            Stage::LookUp => return self.look_up(out),
            Stage::Judge => {
                judge(&mut self.round, &mut self.known, &self.rules);
                self.round.stage = Stage::Ledger;
            }
            Stage::Ledger if self.round.ledger_rows == 0 => self.round.stage = Stage::Events,
            Stage::Events if self.round.event_rows == 0 => self.finish(out),
            Stage::Ledger | Stage::Events => return self.insert(out),
        }
        Step::Again
    }

    fn classify(&mut self) {
        self.epoch += 1;
        self.round.serial = self.epoch;
        for part in self.round.parts.iter_mut().filter(|part| part.live) {
            let partition = self.partitions.get(&part.span.partition);
            part.live = partition.is_some_and(|p| p.epoch == part.epoch && p.stage == PartitionStage::Ready);
        }
        classify(&mut self.partitions, &mut self.round, &self.rules);
        self.round.stage = if self.round.asks {
            Stage::LookUp
        } else {
            Stage::Judge
        };
        if !self.rules.keeps(Rule::PositionAfterTables) {
            for part in self.round.parts.iter().filter(|part| part.live) {
                if let Some(partition) = self.partitions.get_mut(&part.span.partition) {
                    partition.position = part.end();
                }
            }
        }
    }

    fn look_up(&mut self, out: &mut Vec<Output>) -> Step {
        let (numbers, event_ids) = questions(&self.round);
        if numbers.is_empty() && event_ids.is_empty() {
            self.round.stage = Stage::Judge;
            return Step::Again;
        }
        self.ask(Pending::LookUp, out, |op| Output::LookUp {
            op,
            numbers,
            event_ids,
        })
    }

    fn insert(&mut self, out: &mut Vec<Output>) -> Step {
        let Some(deadline) = self.proved() else {
            return self.prove(out);
        };
        let ledger = self.round.stage == Stage::Ledger;
        let rows = if ledger {
            self.round.ledger_rows
        } else {
            self.round.event_rows
        };
        let kept = if ledger {
            Rule::LedgerDeadline
        } else {
            Rule::Deadline
        };
        let sent = if self.rules.keeps(kept) {
            deadline
        } else {
            i64::MAX
        };
        self.ask(Pending::Insert { rows, deadline }, out, |op| {
            if ledger {
                Output::InsertLedger {
                    op,
                    rows,
                    deadline: sent,
                }
            } else {
                Output::InsertEvents {
                    op,
                    rows,
                    deadline: sent,
                }
            }
        })
    }

    pub(crate) fn inserted(
        &mut self,
        rows: u64,
        deadline: i64,
        outcome: InsertOutcome,
        out: &mut Vec<Output>,
    ) {
        match outcome {
            InsertOutcome::Written(written) if written == rows || !self.rules.keeps(Rule::WrittenRows) => {
                self.succeeded();
                self.refusals = 0;
                self.lates = 0;
                self.in_table(out);
            }
            InsertOutcome::Late => {
                self.proof = None;
                self.lates += 1;
                if self.lates >= LATE {
                    self.failed();
                }
            }
            InsertOutcome::Refused(code) => {
                self.refusals += 1;
                if self.refusals > 1 {
                    out.push(Output::Alarm(Alarm::Refusing {
                        code,
                        times: self.refusals,
                    }));
                }
                self.failed();
                self.begin_doubt(None);
            }
            InsertOutcome::Written(_) | InsertOutcome::InDoubt => self.begin_doubt(Some(deadline)),
        }
    }

    /// One table has its part of the round. A round that both have is finished at once: a revoke that has waited for
    /// this answer must find it done, not decide it anew.
    fn in_table(&mut self, out: &mut Vec<Output>) {
        match self.round.stage {
            Stage::Ledger if self.round.event_rows > 0 => {
                self.round.written = true;
                self.round.stage = Stage::Events;
            }
            Stage::Ledger | Stage::Events => self.finish(out),
            Stage::Idle | Stage::Classify | Stage::LookUp | Stage::Judge => {}
        }
    }

    /// The round is in both tables: positions move, its ids stay known.
    fn finish(&mut self, out: &mut Vec<Output>) {
        let mut positions = Vec::new();
        for part in self.round.parts.iter().filter(|part| part.live) {
            let number = part.span.partition;
            let Some(partition) = self.partitions.get_mut(&number) else {
                continue;
            };
            let position = part.end();
            partition.settle(self.round.serial, position);
            positions.push((number, position));
            if let Some((_, unknown)) = part.cut {
                partition.waits_for = Some(unknown);
                out.push(Output::Pause { partition: number });
                out.push(Output::Alarm(Alarm::UnknownVersion {
                    partition: number,
                    position,
                    number: unknown,
                }));
            }
        }
        self.known.settle();
        self.round.end();
        out.push(Output::RoundDone(positions));
    }

    /// The operator's word on the record that a partition waits for: it is read again. All else that is known of the
    /// partition stands; if it is being looked at, the look starts it.
    pub(crate) fn resume(&mut self, partition: u32, out: &mut Vec<Output>) {
        if let Some(partition) = self.partitions.get_mut(&partition)
            && partition.waits_for.take().is_some()
        {
            partition.started = false;
            self.start_ready(out);
        }
    }

    /// Takes the records of `partitions` out of the round. Before its first row is in, the rest is decided anew; after
    /// that the fates that are written stand, and only the ids of the removed records are taken back.
    pub(crate) fn remove_from_round(&mut self, partitions: &[u32]) {
        if !self.round.remove(partitions) {
            return;
        }
        match self.round.stage {
            Stage::Events if self.round.written => {
                self.known.take_back();
                self.round.remember(&mut self.known);
            }
            Stage::Idle => {}
            Stage::Classify | Stage::LookUp | Stage::Judge | Stage::Ledger | Stage::Events => {
                self.decide_anew();
            }
        }
    }
}
