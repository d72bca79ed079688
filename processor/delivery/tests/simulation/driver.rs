//! A processor: the real machine, and what its driver does around it: one poll thread that commits and serves the group's
//! callbacks, requests that go out and come back (or do not).

use std::collections::{BTreeMap, BTreeSet};

use footfall_delivery::{
    Alarm, Clock, Config, Entry, Head, Input, Machine, Mode, Number, Numbers, Op, Output, Rules, Tag,
    Targets, Unanswered,
};
use uuid::Uuid;

use crate::profile::Setup;
use crate::server::Statement;
use crate::world::{Ev, World};

/// What happens inside a process, or is on its way to the server.
#[derive(Debug, Clone)]
pub enum Local {
    Poll,
    Wake,
    Answer(Input),
    Send(Box<Local>),
    SendInsert(Box<Statement>),
    Commit(Op, Vec<Entry>, u64),
    Assign(BTreeSet<u32>, bool),
    Clock(Op),
    List(Op, Targets),
    Kill(Op, Targets),
    Look(Op, i64, i64),
    LookUp(Op, Vec<Numbers>, Vec<Uuid>),
    /// The processor looks whether the operator has spoken about what this partition waits for.
    Heed(u32, Number),
    Crash,
    /// A commit whose sender has given up waiting; the client stamps it with its generation of then.
    LateCommit(Option<u64>, Vec<Entry>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callback {
    Join,
    Sync,
    Shutdown,
}

pub struct Instance<R> {
    pub life: u64,
    pub alive: bool,
    pub machine: Machine<R>,
    pub tag: Tag,
    /// The topic that it was started for.
    pub topic: u64,
    pub upgraded: bool,
    /// Its clock runs at this many thousandths.
    rate: u64,
    pub frozen_until: u64,
    pub member: Option<u64>,
    pub generation: u64,
    pub owned: BTreeSet<u32>,
    pub fetch: BTreeMap<u32, u64>,
    pub heads: Vec<Head>,
    pub callback: Option<Callback>,
    /// What the group gave it at the last sync.
    pub synced: BTreeSet<u32>,
    /// When the next heartbeat tells it that it has been thrown out.
    pub notices_at: Option<u64>,
    pub committing: bool,
    wake: u64,
}

/// The client's time-out for questions, ms.
const READ_TIMEOUT: u64 = 3_000;

impl<R: Rules + Copy> World<R> {
    /// A new process.
    pub fn boot(&mut self, index: usize) -> Instance<R> {
        self.lives += 1;
        let topic = self.topic.name();
        let tag = Tag::new("footfall", &topic, &format!("i{index}-{}", self.lives));
        let mode = if self.profile.setup == Setup::Child {
            Mode::Child
        } else {
            Mode::Fenced
        };
        let mut config = Config::new(mode, tag.clone(), &topic, "http://db:8123", self.rng.next());
        config.look_horizon = self.profile.look_horizon;
        config.dedup_window = self.profile.dedup_window;
        config.refused_patience = 20_000;
        Instance {
            life: self.lives,
            alive: true,
            machine: Machine::with_rules(config, self.rules),
            tag,
            topic: self.topic.generation,
            upgraded: self.healed,
            rate: self.rng.range(850, 1_200),
            frozen_until: 0,
            member: None,
            generation: 0,
            owned: BTreeSet::new(),
            fetch: BTreeMap::new(),
            heads: Vec::new(),
            callback: None,
            synced: BTreeSet::new(),
            notices_at: None,
            committing: false,
            wake: u64::MAX,
        }
    }

    pub fn act(&mut self, index: usize, what: Local) {
        match what {
            Local::Poll => self.poll(index),
            Local::Crash => self.crash(index),
            Local::Heed(partition, number) => self.heed(index, partition, number),
            Local::LateCommit(member, entries) => {
                let generation = self.instances[index].generation;
                let same = self.instances[index].member == member;
                if same && self.group.commit(member, generation, &entries) {
                    self.check_closed(index, &entries);
                }
            }
            Local::Wake => {
                self.instances[index].wake = u64::MAX;
                self.feed(index, Input::Tick);
            }
            Local::Answer(input) => {
                if matches!(input, Input::Committed(..)) {
                    self.instances[index].committing = false;
                }
                self.looked_freeze(index, &input);
                self.feed(index, input);
            }
            Local::Send(request) => {
                let life = self.instances[index].life;
                let there = self.rng.range(1, 10);
                self.after(there, Ev::Arrive(index, life, *request));
            }
            Local::SendInsert(statement) => self.send_insert(*statement),
            Local::Commit(op, entries, tries_until) => self.commit(index, op, entries, tries_until),
            Local::Assign(added, follow_up) => self.assign(index, added, follow_up),
            Local::Clock(_) | Local::List(..) | Local::Kill(..) | Local::Look(..) | Local::LookUp(..) => {
                unreachable!("requests are sent")
            }
        }
    }

    /// A process that stops just when it has looked.
    fn looked_freeze(&mut self, index: usize, input: &Input) {
        if matches!(input, Input::Looked(..)) && !self.healed && self.rng.chance(self.profile.freeze_on_look)
        {
            self.freeze(index, 9_000);
        }
    }

    pub fn local_now(&self, index: usize) -> u64 {
        self.t * self.instances[index].rate / 1_000
    }

    pub fn feed(&mut self, index: usize, input: Input) {
        let mut out = Vec::new();
        let now = self.local_now(index);
        if self.trace.is_some() && input != Input::Tick {
            self.note(|| format!("i{index} <- {input:?}"));
        }
        self.instances[index].machine.on(now, input, &mut out);
        self.obey(index, out);
    }

    pub fn obey(&mut self, index: usize, out: Vec<Output>) {
        for output in out {
            if self.trace.is_some() {
                self.note(|| format!("i{index} -> {output:?}"));
            }
            self.do_one(index, output);
        }
        let instance = &mut self.instances[index];
        if let Some(wake) = instance.machine.wake_at() {
            let t = wake * 1_000 / instance.rate + 1;
            if t < instance.wake {
                instance.wake = t.max(self.t + 1);
                let (at, life) = (instance.wake, instance.life);
                self.at(at, Ev::Local(index, life, Local::Wake));
            }
        }
    }

    fn do_one(&mut self, index: usize, output: Output) {
        match output {
            Output::ReadClock(op) => self.request(index, Input::Clock(op, Err(Unanswered)), Local::Clock(op)),
            Output::List(op, targets) => {
                self.request(
                    index,
                    Input::Listed(op, Err(Unanswered)),
                    Local::List(op, targets),
                );
            }
            Output::Kill(op, targets) => {
                self.request(
                    index,
                    Input::Killed(op, Err(Unanswered)),
                    Local::Kill(op, targets),
                );
            }
            Output::Look {
                op,
                rows_from,
                ids_from,
                ..
            } => {
                let request = Local::Look(op, rows_from, ids_from);
                self.request(index, Input::Looked(op, Err(Unanswered)), request);
            }
            Output::LookUp {
                op,
                numbers,
                event_ids,
            } => {
                let request = Local::LookUp(op, numbers, event_ids);
                self.request(index, Input::LookedUp(op, Err(Unanswered)), request);
            }
            Output::InsertLedger { op, rows, deadline } => self.insert(index, op, (rows, deadline), true),
            Output::InsertEvents { op, rows, deadline } => self.insert(index, op, (rows, deadline), false),
            Output::RestartEngine(op) => {
                self.restart_engine();
                let delay = self.rng.range(50, 400);
                self.local(index, delay, Local::Answer(Input::EngineFresh(op, Ok(()))));
            }
            Output::Commit(op, entries) => {
                self.instances[index].committing = true;
                let until = self.t + self.profile.session;
                self.local(index, 1, Local::Commit(op, entries, until));
            }
            Output::Start { partition, position } => {
                self.instances[index].fetch.insert(partition, position);
            }
            Output::Pause { partition } => {
                self.instances[index].fetch.remove(&partition);
            }
            Output::RoundDone(positions) => {
                self.rounds += 1;
                let instance = &mut self.instances[index];
                for (partition, position) in positions {
                    instance.fetch.entry(partition).and_modify(|at| *at = position);
                }
            }
            Output::Released(partitions) => self.released(index, &partitions),
            Output::LeaveAndRejoin => self.leave(index),
            Output::Stopped => {
                self.leave(index);
                self.instances[index].alive = false;
                if self.profile.setup == Setup::Child {
                    self.restart_engine();
                }
                let back = self.rng.range(10, 5_000);
                self.after(back, Ev::Restart(index));
            }
            Output::Alarm(Alarm::UnknownVersion {
                partition, number, ..
            }) => self.wait_for_the_operator(index, partition, number),
            Output::Alarm(_) => {}
        }
    }

    /// Some of what waits will never be known: then the operator says so, after a while, and perhaps twice.
    fn wait_for_the_operator(&mut self, index: usize, partition: u32, number: Number) {
        let later = self.rng.range(10, 20_000);
        self.local(index, later, Local::Heed(partition, number));
        if self.rng.chance(300) {
            self.local(index, later + 5, Local::Heed(partition, number));
        }
    }

    /// A word on a number stands for ever, and reaches whoever waits for it, also much later.
    fn heed(&mut self, index: usize, partition: u32, number: Number) {
        let spoken = self.skips.contains(&number) || (!self.healed && self.rng.chance(500));
        if spoken {
            self.skips.insert(number);
            let waits = self.instances[index]
                .machine
                .waiting()
                .any(|one| one == (partition, number));
            // A driver asks the machine; one that does not, and is late, must do no harm either.
            if waits || self.rng.chance(500) {
                self.feed(index, Input::Resume(partition));
            }
        }
    }

    // --- requests ---

    /// A question, with a time-out; it may get no answer though it was heard.
    fn request(&mut self, index: usize, time_out: Input, request: Local) {
        self.local(index, READ_TIMEOUT, Local::Answer(time_out));
        self.local(index, 0, Local::Send(Box::new(request)));
    }

    pub fn arrive(&mut self, index: usize, life: u64, request: Local) {
        if self.server.frozen_until > self.t {
            let late = self.rng.range(0, 5);
            return self.at(self.server.frozen_until + late, Ev::Arrive(index, life, request));
        }
        if !self.server.up || (!self.healed && self.rng.chance(self.profile.unanswered)) {
            return;
        }
        let input = match request {
            Local::Clock(op) => {
                let clock = Clock {
                    now: self.server.now(self.t),
                    server: self.server.uuid,
                };
                Input::Clock(op, Ok(clock))
            }
            Local::List(op, targets) => Input::Listed(op, Ok(self.server.list(&targets))),
            Local::Kill(op, targets) => {
                for id in self.server.kill(&targets) {
                    let dying = self.rng.range(0, 1_500);
                    self.after(dying, Ev::Gone(id));
                }
                Input::Killed(op, Ok(()))
            }
            Local::Look(op, rows_from, ids_from) => Input::Looked(
                op,
                Ok(self.server.look(rows_from, ids_from, !self.profile.events_only)),
            ),
            Local::LookUp(op, numbers, ids) => Input::LookedUp(
                op,
                Ok(self.server.look_up(&numbers, &ids, !self.profile.events_only)),
            ),
            _ => unreachable!("not a request"),
        };
        let back = self.rng.range(1, 10);
        self.after(back, Ev::Local(index, life, Local::Answer(input)));
    }
}
