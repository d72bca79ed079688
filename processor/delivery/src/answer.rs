//! Answers: only the one to the open operation counts. Each goes on to the module that asked.

use crate::input::{Answer, Input, Op, Unanswered};
use crate::machine::{For, Machine, Pending};
use crate::output::{Alarm, Output};
use crate::present::Present;
use crate::round::Stage;
use crate::rules::Rules;

impl<R: Rules> Machine<R> {
    pub(crate) fn answered(&mut self, input: Input, out: &mut Vec<Output>) {
        let Some(op) = op_of(&input) else { return };
        let Some((_, pending)) = self
            .pending
            .take_if(|(open, pending)| *open == op && fits(pending, &input))
        else {
            return;
        };
        match (pending, input) {
            (Pending::Clock, Input::Clock(_, answer)) => {
                if let Some(clock) = self.usable(answer) {
                    self.clock_read(clock, out);
                }
            }
            (Pending::Commit(why, entries), Input::Committed(_, outcome)) => {
                self.committed(why, &entries, outcome, out);
            }
            (Pending::List(reason), Input::Listed(_, answer)) => {
                if let Some(running) = self.usable(answer) {
                    self.listed(reason, &running, out);
                }
            }
            (Pending::Kill(reason), Input::Killed(_, answer)) => {
                let taken = self.usable(answer).is_some();
                if let Some(barrier) = self.barrier(reason).filter(|_| taken) {
                    barrier.killed();
                }
            }
            (Pending::Look { rows_from, waiting }, Input::Looked(_, answer)) => {
                if let Some(looked) = self.usable(answer) {
                    self.looked(&looked, rows_from, &waiting, out);
                }
            }
            (Pending::LookUp, Input::LookedUp(_, answer)) => {
                if let Some(found) = self.usable(answer).filter(|_| self.round.stage == Stage::LookUp) {
                    self.round.present = Present::new(found);
                    self.round.stage = Stage::Judge;
                }
            }
            (Pending::Insert { rows, deadline }, Input::Inserted(_, outcome)) => {
                self.inserted(rows, deadline, outcome, out);
            }
            (Pending::Restart, Input::EngineFresh(_, answer)) if self.usable(answer).is_some() => {
                self.settled();
            }
            _ => {}
        }
    }

    fn usable<T>(&mut self, answer: Answer<T>) -> Option<T> {
        match answer {
            Ok(value) => {
                self.succeeded();
                Some(value)
            }
            Err(Unanswered) => {
                self.failed();
                None
            }
        }
    }

    fn listed(&mut self, reason: For, running: &[String], out: &mut Vec<Output>) {
        let now = self.now;
        if let Some(polls) = self
            .barrier(reason)
            .and_then(|barrier| barrier.listed(now, running))
        {
            out.push(Output::Alarm(Alarm::BarrierStuck { polls }));
        }
    }
}

fn op_of(input: &Input) -> Option<Op> {
    match input {
        Input::Clock(op, _)
        | Input::Committed(op, _)
        | Input::Listed(op, _)
        | Input::Killed(op, _)
        | Input::Looked(op, _)
        | Input::LookedUp(op, _)
        | Input::Inserted(op, _)
        | Input::EngineFresh(op, _) => Some(*op),
        Input::Tick
        | Input::Assigned(_)
        | Input::Revoke(_)
        | Input::Lost
        | Input::Shutdown
        | Input::ServerGone(_)
        | Input::Resume(_) => None,
    }
}

/// Whether the answer is of the kind that was asked for.
fn fits(pending: &Pending, input: &Input) -> bool {
    matches!(
        (pending, input),
        (Pending::Clock, Input::Clock(..))
            | (Pending::Commit(..), Input::Committed(..))
            | (Pending::List(_), Input::Listed(..))
            | (Pending::Kill(_), Input::Killed(..))
            | (Pending::Look { .. }, Input::Looked(..))
            | (Pending::LookUp, Input::LookedUp(..))
            | (Pending::Insert { .. }, Input::Inserted(..))
            | (Pending::Restart, Input::EngineFresh(..))
    )
}
