//! Rule 5, an insert in doubt: wait until its deadline has passed by the server's clock, barrier for our own tag; then
//! everything is looked at, proved and decided anew. With an engine of our own, a fresh child settles it: a request
//! that still waits in a socket of the old one would pass a kill by tag, and its deadline is an hour away.

use crate::barrier::{Barrier, Next};
use crate::config::Mode;
use crate::machine::{For, Machine, Pending, Step};
use crate::output::{Output, Targets};
use crate::partition::Stage;
use crate::proof::Proving;
use crate::round::Stage as RoundStage;
use crate::rules::{Rule, Rules};

/// An insert of ours whose outcome is not known.
#[derive(Debug)]
pub(crate) struct Doubt {
    /// Its deadline; `None` if the server said that the statement is over.
    pub(crate) until: Option<i64>,
    /// When to ask the server's clock again (local).
    pub(crate) poll_at: u64,
    /// Whose records it carried.
    pub(crate) partitions: Vec<u32>,
    pub(crate) barrier: Barrier,
}

impl<R: Rules> Machine<R> {
    /// `until`: the deadline of the insert, `None` if it has certainly ended.
    pub(crate) fn begin_doubt(&mut self, until: Option<i64>) {
        let targets = Targets {
            tags: vec![self.config.tag.clone()],
            all_but: None,
        };
        self.doubt = Some(Doubt {
            until,
            poll_at: self.now,
            partitions: self.round.live().map(|part| part.span.partition).collect(),
            barrier: Barrier::new(targets),
        });
    }

    pub(crate) fn settle_doubt(&mut self, out: &mut Vec<Output>) -> Step {
        let Some(doubt) = &self.doubt else {
            return Step::Next;
        };
        if !self.rules.keeps(Rule::SettleDoubt) {
            self.doubt = None;
            return Step::Again;
        }
        let child = self.config.mode == Mode::Child;
        if child && doubt.until.is_none() {
            self.settled();
            return Step::Again;
        }
        if child && self.rules.keeps(Rule::FreshChild) {
            return self.ask(Pending::Restart, out, Output::RestartEngine);
        }
        if let Some(until) = doubt
            .until
            .filter(|_| !child && self.rules.keeps(Rule::WaitInDoubt))
            && self.clock.is_none_or(|clock| clock < until)
        {
            let poll_at = doubt.poll_at;
            if self.now >= poll_at {
                return self.ask(Pending::Clock, out, Output::ReadClock);
            }
            self.wake(poll_at);
            return Step::Wait;
        }
        self.drive_own_barrier(out)
    }

    fn drive_own_barrier(&mut self, out: &mut Vec<Output>) -> Step {
        let Some(doubt) = &self.doubt else {
            return Step::Next;
        };
        let targets = doubt.barrier.targets.clone();
        let next = if self.rules.keeps(Rule::OwnBarrier) {
            doubt.barrier.next(self.now)
        } else {
            Next::Done
        };
        match next {
            Next::List => self.ask(Pending::List(For::Doubt), out, |op| Output::List(op, targets)),
            Next::Kill => self.ask(Pending::Kill(For::Doubt), out, |op| Output::Kill(op, targets)),
            Next::Wait(at) => {
                self.wake(at);
                Step::Wait
            }
            Next::Done => {
                self.settled();
                Step::Again
            }
        }
    }

    /// Nothing of ours is running any more. What the tables have is not known, and the old proof was for an insert that
    /// has been.
    pub(crate) fn settled(&mut self) {
        self.doubt = None;
        self.proof = None;
        self.proving = Proving::Idle;
        if self.rules.keeps(Rule::LookAgain) {
            for partition in self.partitions.values_mut().filter(|p| p.stage == Stage::Ready) {
                partition.stage = Stage::Look;
            }
        }
        self.decide_anew();
    }

    /// The round goes back to its beginning: numbers, ids and fates are decided again.
    pub(crate) fn decide_anew(&mut self) {
        if self.round.idle() {
            return;
        }
        if self.rules.keeps(Rule::IdsWithNumbers) {
            self.known.take_back();
        }
        self.round.written = false;
        self.round.stage = RoundStage::Classify;
    }
}
