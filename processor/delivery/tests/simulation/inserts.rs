//! Inserts on their way out of a processor: built from the machine's decisions, sent (or not), delayed, repeated.

use footfall_delivery::{Decision, Input, InsertOutcome, Numbers, Op, Reason, Rules};
use uuid::Uuid;

use crate::driver::Local;
use crate::profile::Setup;
use crate::server::{Row, Statement};
use crate::world::{Ev, World};

/// The client's time-out, below M, ms.
const INSERT_TIMEOUT: u64 = 7_000;

impl<R: Rules + Copy> World<R> {
    pub fn insert(&mut self, index: usize, op: Op, (rows, deadline): (u64, i64), ledger: bool) {
        let built = self.rows(index, ledger);
        assert_eq!(built.len() as u64, rows, "the machine counts its own rows");
        let instance = &self.instances[index];
        if let Some(row) = built.iter().find(|row| !instance.owned.contains(&row.partition)) {
            let what = format!(
                "i{index} inserts for partition {}, which it has given away",
                row.partition
            );
            return self.violate(what);
        }
        let (life, tag) = (instance.life, instance.tag.clone());
        let hostile = !self.healed;
        let profile = &self.profile;
        let lost = hostile && self.rng.chance(profile.lost_request);
        let fails_at = (hostile && self.rng.chance(profile.refused)).then(|| self.rng.index(built.len()));
        let skip = if hostile && self.rng.chance(profile.lying) {
            1 + self.rng.index(built.len())
        } else {
            0
        };
        let answer_lost = hostile && self.rng.chance(profile.lost_answer);
        let engine = self.server.engine;
        let statement = Statement {
            instance: index,
            life,
            op,
            tag,
            rows: built,
            deadline,
            started: None,
            killed: false,
            done: 0,
            skip,
            fails_at: fails_at.map(|at| at.min(rows as usize - skip)),
            answer_lost,
            engine,
        };
        self.local(
            index,
            INSERT_TIMEOUT,
            Local::Answer(Input::Inserted(op, InsertOutcome::InDoubt)),
        );
        if !lost {
            let encoding = self.rng.range(0, 20);
            self.local(index, encoding, Local::SendInsert(Box::new(statement)));
        }
        if hostile && self.rng.chance(self.profile.freeze_on_send) {
            self.freeze(index, 15_000);
        }
    }

    fn rows(&self, index: usize, ledger: bool) -> Vec<Row> {
        let instance = &self.instances[index];
        let mut rows = Vec::new();
        for (head, decision) in instance.heads.iter().zip(instance.machine.decisions()) {
            let reason = match decision {
                Decision::Row => None,
                Decision::Ledger(reason) => Some(*reason),
                Decision::Duplicate { .. } => Some(Reason::Duplicate),
                Decision::Lost | Decision::LeaveOut | Decision::Dropped => continue,
            };
            let numbers = Numbers {
                log_id: head.log_id,
                first: head.seq,
                last: head.seq,
            };
            let (event_id, received_at, partition) = (head.event_id, head.received_at, head.partition);
            rows.push(Row {
                numbers,
                event_id,
                received_at,
                partition,
                reason,
            });
        }
        for lost in instance.machine.lost() {
            let head = instance.heads[lost.head];
            let (received_at, partition) = (head.received_at, head.partition);
            let reason = Some(Reason::Lost);
            rows.push(Row {
                numbers: lost.numbers,
                event_id: Uuid::nil(),
                received_at,
                partition,
                reason,
            });
        }
        rows.retain(|row| row.reason.is_some() == ledger);
        rows
    }

    /// The request leaves the process; from here on it can arrive whatever becomes of the sender.
    pub fn send_insert(&mut self, statement: Statement) {
        let (index, op) = (statement.instance, statement.op);
        let hostile = !self.healed;
        let child_gone = self.profile.setup == Setup::Child && statement.engine != self.server.engine;
        if child_gone {
            return;
        }
        let again = (self.profile.repeating_proxy && self.rng.chance(100)).then(|| statement.clone());
        let delayed = hostile && self.rng.chance(self.profile.delayed);
        let there = if delayed {
            self.rng.range(self.profile.delay.0, self.profile.delay.1)
        } else {
            self.rng.range(1, 10)
        };
        let id = self.server.send(statement);
        self.note(|| format!("i{index} sends insert {id} ({op:?}), {there} on its way"));
        self.after(there, Ev::Insert(id));
        if let Some(copy) = again {
            let id = self.server.send(copy);
            let late = self.rng.range(1, 9_000);
            self.after(late, Ev::Insert(id));
        }
        if hostile && self.rng.chance(self.profile.crash_on_send) {
            self.crash(index);
        } else if hostile && self.rng.chance(self.profile.revoke_on_send) {
            self.rebalance(false);
        }
    }
}
