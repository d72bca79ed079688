//! Rule 1, the fence: note the server's clock after the assignment, wait until it has advanced by L, then the barrier
//! for the old owner's tag. After it comes [`crate::look`].

use uuid::Uuid;

use crate::barrier::{Barrier, Next};
use crate::config::Mode;
use crate::input::Clock;
use crate::machine::{For, Machine, Pending, Step};
use crate::meta::Tag;
use crate::output::{Alarm, Output, Targets};
use crate::partition::{Before, Stage};
use crate::proof::Proving;
use crate::rules::{Rule, Rules};

impl<R: Rules> Machine<R> {
    /// Sets the first stage of a partition that was just assigned.
    pub(crate) fn begin_fence(&mut self, partition: u32) {
        let skip_absent = !self.rules.keeps(Rule::FenceAbsent);
        let look_first = !self.rules.keeps(Rule::FenceBeforeLook);
        let child = self.config.mode == Mode::Child;
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        state.stage = match &state.before {
            _ if child || look_first => Stage::Look,
            Before::Closed => Stage::Look,
            Before::Absent if skip_absent => Stage::Look,
            Before::Absent | Before::Open { .. } => Stage::Note,
        };
    }

    /// Where a partition goes when its fence is over.
    fn after_fence(&self) -> Stage {
        if self.rules.keeps(Rule::FenceBeforeLook) {
            Stage::Look
        } else {
            Stage::Ready
        }
    }

    /// Moves every fence on as far as it goes without an answer.
    pub(crate) fn fence(&mut self, out: &mut Vec<Output>) -> Step {
        if !self.rules.keeps(Rule::FenceBeforeOpen)
            && self.config.mode == Mode::Fenced
            && self.refused.is_none()
            && self.partitions.values().any(|p| !p.opened && !p.ready())
        {
            return self.prove(out);
        }
        if self.partitions.values().any(|p| p.stage == Stage::Note) {
            return self.ask(Pending::Clock, out, Output::ReadClock);
        }
        if self.wait_is_over() {
            return self.ask(Pending::Clock, out, Output::ReadClock);
        }
        if self.fence.is_none() && self.partitions.values().any(|p| p.stage == Stage::Barrier(0)) {
            self.begin_barrier();
        }
        self.drive_fence_barrier(out)
    }

    /// Looks after waiting partitions. True if the server's clock must be read again.
    fn wait_is_over(&mut self) -> bool {
        let (now, clock) = (self.now, self.clock.unwrap_or(i64::MIN));
        let no_wait = !self.rules.keeps(Rule::WaitLease);
        let mut wake = None;
        for partition in self.partitions.values_mut() {
            if let Stage::Wait { until, poll_at } = partition.stage {
                if clock >= until || no_wait {
                    partition.stage = Stage::Barrier(0);
                } else if now >= poll_at {
                    return true;
                } else {
                    wake = Some(wake.map_or(poll_at, |at: u64| at.min(poll_at)));
                }
            }
        }
        if let Some(at) = wake {
            self.wake(at);
        }
        false
    }

    /// One barrier for all partitions whose wait is over.
    fn begin_barrier(&mut self) {
        self.epoch += 1;
        let mut targets = Targets::default();
        for partition in self
            .partitions
            .values_mut()
            .filter(|p| p.stage == Stage::Barrier(0))
        {
            partition.stage = Stage::Barrier(self.epoch);
            match &partition.before {
                Before::Open { tag, .. } if !targets.tags.contains(tag) => targets.tags.push(tag.clone()),
                Before::Absent => targets.all_but = Some(self.config.tag.clone()),
                Before::Open { .. } | Before::Closed => {}
            }
        }
        self.fences += 1;
        self.fence = Some((self.epoch, Barrier::new(targets)));
    }

    fn drive_fence_barrier(&mut self, out: &mut Vec<Output>) -> Step {
        let Some((serial, barrier)) = &self.fence else {
            return Step::Next;
        };
        let (serial, targets) = (*serial, barrier.targets.clone());
        let next = if self.rules.keeps(Rule::Barrier) {
            barrier.next(self.now)
        } else {
            Next::Done
        };
        match next {
            Next::List => self.ask(Pending::List(For::Fence), out, |op| Output::List(op, targets)),
            Next::Kill => self.ask(Pending::Kill(For::Fence), out, |op| Output::Kill(op, targets)),
            Next::Wait(at) => {
                self.wake(at);
                Step::Next
            }
            Next::Done => {
                self.fence = None;
                let after = self.after_fence();
                for partition in self
                    .partitions
                    .values_mut()
                    .filter(|p| p.stage == Stage::Barrier(serial))
                {
                    partition.stage = after;
                }
                self.start_ready(out);
                Step::Again
            }
        }
    }

    /// Takes a reading of the server's clock for everybody who waits for one.
    pub(crate) fn clock_read(&mut self, clock: Clock, out: &mut Vec<Output>) {
        let was = self.server.replace(clock.server);
        self.clock = Some(clock.now);
        self.known.clamp_newest(clock.now);
        if let Some(was) = was.filter(|was| *was != clock.server && self.config.mode == Mode::Fenced) {
            out.push(Output::Alarm(Alarm::ServerChanged {
                was,
                is: clock.server,
            }));
            return self.fence_all_again(was);
        }
        let lease = self.config.lease;
        let child = self.config.mode == Mode::Child;
        for (number, partition) in &mut self.partitions {
            let until = match partition.stage {
                Stage::Note => clock.now.saturating_add(lease),
                Stage::Wait { until, .. } => until,
                Stage::Barrier(_) | Stage::Held | Stage::Look | Stage::Ready => continue,
            };
            if let Before::Open { server, tag } = &partition.before
                && *server != clock.server
                && !child
            {
                partition.stage = Stage::Held;
                out.push(Output::Alarm(Alarm::OtherServer {
                    partition: *number,
                    server: *server,
                    tag: tag.clone(),
                }));
                continue;
            }
            partition.stage = Stage::Wait {
                until,
                poll_at: self.now + left(until, clock.now),
            };
        }
        if let Some(doubt) = &mut self.doubt {
            doubt.poll_at = self.now + left(doubt.until.unwrap_or(0), clock.now);
        }
        if self.proving == Proving::Asked {
            self.proving = Proving::Read(clock.now);
        }
    }

    /// The address answers as another server: nothing that we know of the tables holds, and what we sent may still be
    /// running on the old one. Every partition that we opened is held, as it would be for the next owner.
    fn fence_all_again(&mut self, was: Uuid) {
        self.epoch += 1;
        self.proof = None;
        self.proving = Proving::Idle;
        self.fence = None;
        self.round.end();
        self.known.take_back();
        for partition in self.partitions.values_mut() {
            partition.epoch = self.epoch;
            partition.started = false;
            // It is read from its position again, and finds the record that it waits for again.
            partition.waits_for = None;
            if partition.opened {
                partition.before = Before::Open {
                    tag: self.config.tag.clone(),
                    server: was,
                };
            }
            partition.opened = false;
            partition.stage = if partition.before == Before::Closed {
                Stage::Look
            } else {
                Stage::Note
            };
        }
    }

    /// The operator's word that the server of this owner is gone: the fence goes on here, with the wait and the barrier.
    /// It is about one owner, not about the server for ever: who comes back to it is fenced anew.
    pub(crate) fn server_gone(&mut self, gone: &Tag) {
        for partition in self.partitions.values_mut().filter(|p| p.stage == Stage::Held) {
            if matches!(&partition.before, Before::Open { tag, .. } if tag == gone) {
                partition.before = Before::Absent;
                partition.stage = Stage::Note;
            }
        }
    }

    pub(crate) fn barrier(&mut self, reason: For) -> Option<&mut Barrier> {
        match reason {
            For::Fence => self.fence.as_mut().map(|(_, barrier)| barrier),
            For::Doubt => self.doubt.as_mut().map(|doubt| &mut doubt.barrier),
        }
    }
}

/// Local milliseconds to wait before asking a clock that shows `now` and must show `until`.
fn left(until: i64, now: i64) -> u64 {
    u64::try_from(until.saturating_sub(now))
        .unwrap_or(0)
        .clamp(10, 60_000)
}
