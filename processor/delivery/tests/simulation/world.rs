//! One world: everything that happens, in the order of one true clock. What the processors do is in `driver`, what goes
//! wrong by itself in `nemesis`, what must hold in `check`.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use footfall_delivery::{Input, Number, Rules};

use crate::driver::{Instance, Local};
use crate::group::Group;
use crate::profile::{Profile, Setup};
use crate::rng::Rng;
use crate::server::{Row, Server, Statement};
use crate::topic::{Edge, Topic};

/// Something that will happen.
#[derive(Debug)]
pub enum Ev {
    /// In a process, if it still lives then; later, if it is frozen.
    Local(usize, u64, Local),
    /// A request reaches the server.
    Arrive(usize, u64, Local),
    /// An insert reaches the server.
    Insert(u64),
    /// An insert commits its next block.
    Block(u64),
    /// A killed query is gone.
    Gone(u64),
    Nemesis,
    Append,
    Forward,
    /// A member that does not answer is thrown out.
    Session(usize, u64),
    /// A rebalance has waited long enough.
    Rebalance(u64),
    Restart(usize),
    ServerUp,
    Heal,
    Probe,
}

struct At(u64, u64, Ev);

impl PartialEq for At {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}
impl Eq for At {}
impl PartialOrd for At {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for At {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

pub struct World<R> {
    pub t: u64,
    queue: BinaryHeap<Reverse<At>>,
    serial: u64,
    pub rng: Rng,
    pub profile: Profile,
    pub rules: R,
    pub server: Server,
    pub group: Group,
    pub topic: Topic,
    pub edges: Vec<Edge>,
    pub instances: Vec<Instance<R>>,
    pub healed: bool,
    pub quiet_since: Option<u64>,
    pub done: bool,
    pub violations: Vec<String>,
    pub trace: Option<Vec<String>>,
    pub lives: u64,
    pub rounds: u64,
    /// Records of an unknown version that the operator does not wait for.
    pub skips: BTreeSet<Number>,
}

/// How long a healed world may take to drain, ms.
const PATIENCE: u64 = 600_000;
/// How long it must stay quiet before it is judged, so that what comes late is seen.
const QUIET: u64 = 15_000;

impl<R: Rules + Copy> World<R> {
    pub fn new(mut rng: Rng, profile: Profile, rules: R) -> Self {
        let skew = rng.below(40_000).cast_signed() - 20_000;
        let mut world = Self {
            t: 0,
            queue: BinaryHeap::new(),
            serial: 0,
            profile,
            rules,
            server: Server::new(skew),
            group: Group::default(),
            topic: Topic::default(),
            edges: Vec::new(),
            instances: Vec::new(),
            healed: false,
            quiet_since: None,
            done: false,
            violations: Vec::new(),
            trace: None,
            lives: 0,
            rounds: 0,
            skips: BTreeSet::new(),
            rng,
        };
        world.group.eager = world.profile.eager;
        world.server.topic_barrier = world.profile.topic_barrier;
        for _ in 0..world.profile.edges {
            let skew = world.rng.below(60_000).cast_signed() - 30_000;
            world.edges.push(Edge {
                skew,
                logs: Vec::new(),
            });
        }
        for edge in 0..world.edges.len() {
            world.open_log(edge);
        }
        for index in 0..world.profile.instances {
            let instance = world.boot(index);
            world.instances.push(instance);
            world.local(index, 1, Local::Poll);
        }
        world.after(1, Ev::Append);
        world.after(2, Ev::Forward);
        world.after(world.profile.nemesis, Ev::Nemesis);
        world.after(world.profile.hostile, Ev::Heal);
        world
    }

    /// Runs to the end. `Ok` with the number of rounds, or what was violated.
    pub fn run(&mut self) -> Result<u64, Vec<String>> {
        while let Some(Reverse(At(t, _, event))) = self.queue.pop() {
            self.t = t;
            self.happen(event);
            if self.done || !self.violations.is_empty() {
                break;
            }
        }
        if self.violations.is_empty() {
            self.check_tables();
        }
        if self.violations.is_empty() {
            Ok(self.rounds)
        } else {
            Err(std::mem::take(&mut self.violations))
        }
    }

    pub fn after(&mut self, delay: u64, event: Ev) {
        self.at(self.t + delay, event);
    }

    pub fn at(&mut self, t: u64, event: Ev) {
        self.serial += 1;
        self.queue.push(Reverse(At(t.max(self.t), self.serial, event)));
    }

    /// Something in a process, after `delay`.
    pub fn local(&mut self, index: usize, delay: u64, what: Local) {
        let life = self.instances[index].life;
        self.after(delay, Ev::Local(index, life, what));
    }

    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>7} {}", self.t, line()));
        }
    }

    pub fn violate(&mut self, what: String) {
        self.note(|| format!("VIOLATION {what}"));
        self.violations.push(what);
    }

    fn happen(&mut self, event: Ev) {
        match event {
            Ev::Local(index, life, what) => {
                let instance = &self.instances[index];
                if !instance.alive || instance.life != life {
                    return;
                }
                if instance.frozen_until > self.t {
                    return self.at(instance.frozen_until, Ev::Local(index, life, what));
                }
                self.act(index, what);
            }
            Ev::Arrive(index, life, request) => self.arrive(index, life, request),
            Ev::Insert(id) => self.insert_arrives(id),
            Ev::Block(id) => self.block(id),
            Ev::Gone(id) => {
                if let Some(statement) = self.server.statements.remove(&id) {
                    self.answer(&statement, footfall_delivery::InsertOutcome::Refused(394));
                }
            }
            Ev::Nemesis => self.nemesis(),
            Ev::Append => self.append(),
            Ev::Forward => self.forward(),
            Ev::Session(index, life) => self.session_over(index, life),
            Ev::Rebalance(until) => {
                if self.group.preparing == Some(until) {
                    self.complete();
                }
            }
            Ev::Restart(index) => self.restart(index),
            Ev::ServerUp => self.server.up = true,
            Ev::Heal => self.heal(),
            Ev::Probe => self.probe(),
        }
    }

    /// Whether everything has drained, and long enough ago.
    fn probe(&mut self) {
        let drained = (0..self.partitions()).all(|partition| {
            let end = self.topic.end(partition);
            self.instances
                .iter()
                .any(|i| i.alive && i.fetch.get(&partition) == Some(&end))
        });
        let sent = self
            .edges
            .iter()
            .all(|edge| edge.logs.iter().all(|log| log.sent == log.records.len()));
        if !(drained && sent && self.server.statements.is_empty()) {
            self.quiet_since = None;
        } else if self.t >= *self.quiet_since.get_or_insert(self.t) + QUIET {
            self.done = true;
            return;
        }
        if self.t > self.profile.hostile + PATIENCE {
            let positions: Vec<_> = self.instances.iter().map(|i| i.fetch.clone()).collect();
            let ends: Vec<_> = (0..self.partitions()).map(|p| self.topic.end(p)).collect();
            return self.violate(format!("stuck: positions {positions:?} of {ends:?}"));
        }
        self.after(500, Ev::Probe);
    }

    pub fn partitions(&self) -> u32 {
        match self.profile.setup {
            Setup::Group => self.profile.partitions,
            Setup::Cursor | Setup::Child => u32::try_from(self.topic.partitions.len()).unwrap(),
        }
    }

    // --- the server's side of an insert ---

    /// An answer on its way back; it may get lost.
    pub fn answer(&mut self, statement: &Statement, outcome: footfall_delivery::InsertOutcome) {
        if statement.answer_lost {
            return;
        }
        let back = self.rng.range(1, 5);
        let input = Input::Inserted(statement.op, outcome);
        self.after(
            back,
            Ev::Local(statement.instance, statement.life, Local::Answer(input)),
        );
    }

    fn insert_arrives(&mut self, id: u64) {
        if self.server.frozen_until > self.t {
            return self.at(self.server.frozen_until + 1, Ev::Insert(id));
        }
        let now = self.server.now(self.t);
        let up = self.server.up;
        let Some(statement) = self.server.statements.get_mut(&id) else {
            return;
        };
        if up && now < statement.deadline {
            statement.started = Some(self.t);
            let slow = !self.healed && self.rng.chance(self.profile.slow);
            let run = if slow {
                self.rng.range(self.profile.running.0, self.profile.running.1)
            } else {
                self.rng.range(1, 40)
            };
            self.note(|| format!("server: insert {id} starts, runs {run}"));
            return self.after(run, Ev::Block(id));
        }
        let statement = self.server.statements.remove(&id).unwrap();
        self.note(|| format!("server: insert {id} refused, up {up}"));
        let outcome = if up {
            footfall_delivery::InsertOutcome::Late
        } else {
            footfall_delivery::InsertOutcome::InDoubt
        };
        self.answer(&statement, outcome);
    }

    fn block(&mut self, id: u64) {
        use footfall_delivery::InsertOutcome::{Refused, Written};
        if self.server.frozen_until > self.t {
            return self.at(self.server.frozen_until + 1, Ev::Block(id));
        }
        let Some(statement) = self.server.statements.get_mut(&id) else {
            return;
        };
        let total = statement.rows.len() - statement.skip;
        let over = self.t > statement.started.unwrap_or(self.t) + 8_600;
        let left = total - statement.done;
        let step = 1 + self.rng.index(left.max(1));
        let upto = statement
            .fails_at
            .unwrap_or(total)
            .min(statement.done + step.min(left))
            .max(statement.done);
        let outcome = if over {
            Some(Refused(159))
        } else {
            let rows: Vec<Row> = statement.rows[statement.done..upto].to_vec();
            statement.done = upto;
            let failed = statement.fails_at == Some(upto);
            self.server.write(&rows);
            if failed {
                Some(Refused(243))
            } else {
                (upto == total).then_some(Written(total as u64))
            }
        };
        let Some(outcome) = outcome else {
            let slow = !self.healed && self.rng.chance(self.profile.slow);
            let run = if slow {
                self.rng.range(100, 4_000)
            } else {
                self.rng.range(1, 20)
            };
            return self.after(run, Ev::Block(id));
        };
        let statement = self.server.statements.remove(&id).unwrap();
        self.note(|| format!("server: insert {id} ends {outcome:?}"));
        self.answer(&statement, outcome);
    }
}
