//! What goes wrong by itself: processes, the group, the server, the edges, the topic; and how it all heals.

use std::collections::BTreeMap;

use footfall_delivery::{Input, InsertOutcome, Number, Rules};
use uuid::Uuid;

use crate::driver::{Callback, Local};
use crate::profile::Setup;
use crate::server::Server;
use crate::topic::{Kind, Log, Record};
use crate::world::{Ev, World};

impl<R: Rules + Copy> World<R> {
    // --- processes ---

    pub fn crash(&mut self, index: usize) {
        if !self.instances[index].alive {
            return;
        }
        self.note(|| format!("i{index} crashes"));
        let instance = &mut self.instances[index];
        instance.alive = false;
        instance.owned.clear();
        instance.fetch.clear();
        let (life, member) = (instance.life, instance.member);
        if self.profile.setup == Setup::Group {
            let session = self.profile.session;
            self.after(session, Ev::Session(index, life));
        } else if let Some(member) = member {
            self.group.members.remove(&member);
        }
        if self.profile.setup == Setup::Child {
            self.restart_engine();
        }
        let down = if self.rng.chance(300) {
            50
        } else {
            self.rng.range(100, 8_000)
        };
        self.after(down, Ev::Restart(index));
    }

    /// A child engine dies with everything that it was sent.
    pub fn restart_engine(&mut self) {
        self.server.frozen_until = 0;
        self.server.up = true;
        for statement in self.server.crash(true) {
            self.answer(&statement, InsertOutcome::InDoubt);
        }
    }

    pub fn restart(&mut self, index: usize) {
        if self.instances[index].alive {
            return;
        }
        let instance = self.boot(index);
        self.note(|| format!("i{index} starts as {}", instance.tag.as_str()));
        self.instances[index] = instance;
        self.local(index, 1, Local::Poll);
    }

    /// Stops a process for up to `longest`.
    pub fn freeze(&mut self, index: usize, longest: u64) {
        let length = self.rng.range(200, longest);
        let until = self.t + length;
        self.note(|| format!("i{index} freezes until {until}"));
        self.instances[index].frozen_until = until;
        let (life, session) = (self.instances[index].life, self.profile.session);
        if self.profile.setup == Setup::Group && length > session {
            self.after(session, Ev::Session(index, life));
        }
    }

    pub fn nemesis_crash_later(&mut self, index: usize, after: u64) {
        // A crash strikes in the middle of things, so it goes through the queue like everything else.
        let life = self.instances[index].life;
        self.note(|| format!("i{index} will crash in {after}"));
        self.after(after, Ev::Local(index, life, Local::Crash));
    }

    fn shutdown(&mut self, index: usize) {
        let instance = &mut self.instances[index];
        if instance.alive && instance.callback.is_none() && instance.frozen_until <= self.t {
            instance.callback = Some(Callback::Shutdown);
            self.feed(index, Input::Shutdown);
        }
    }

    // --- the group ---

    pub fn rebalance(&mut self, follow_up: bool) {
        let until = self.t + self.profile.session + self.rng.range(500, 3_000);
        self.group.rebalance(until, follow_up);
        let generation = self.group.generation;
        self.note(|| format!("group: rebalance, generation {generation}"));
        self.after(until - self.t, Ev::Rebalance(until));
    }

    pub fn complete(&mut self) {
        let partitions = self.partitions();
        self.group.complete(partitions, &mut self.rng);
        if self.trace.is_some() {
            let line = format!(
                "group: generation {} {:?}",
                self.group.generation, self.group.members
            );
            self.note(|| line);
        }
    }

    /// A member goes by itself.
    pub fn leave(&mut self, index: usize) {
        let instance = &mut self.instances[index];
        let member = instance.member.take();
        instance.owned.clear();
        instance.fetch.clear();
        instance.callback = None;
        if let Some(member) = member {
            self.group.members.remove(&member);
            self.rebalance(false);
            if self.group.members.is_empty() {
                self.group.preparing = None;
            }
        }
    }

    pub fn session_over(&mut self, index: usize, life: u64) {
        let instance = &self.instances[index];
        let same = instance.life == life;
        let back = same && instance.alive && instance.frozen_until <= self.t;
        // After a restart the old member is only known by its id, which the new life does not have.
        let stale: Vec<u64> = self
            .group
            .members
            .keys()
            .copied()
            .filter(|id| self.is_stale(*id))
            .collect();
        if back && stale.is_empty() {
            return;
        }
        for id in stale {
            self.group.members.remove(&id);
        }
        self.rebalance(false);
        if self.group.all_joined() {
            self.complete();
        }
    }

    fn is_stale(&self, id: u64) -> bool {
        !self
            .instances
            .iter()
            .any(|i| i.alive && i.member == Some(id) && i.frozen_until <= self.t)
    }

    // --- edges ---

    pub fn open_log(&mut self, edge: usize) {
        let id = self.topic.uuid(&mut self.rng);
        self.edges[edge].logs.push(Log {
            id,
            records: Vec::new(),
            sent: 0,
        });
        if self.profile.setup != Setup::Group {
            self.topic.partitions.push(Vec::new());
            self.topic.log_ids.push(id);
            self.rebalance(false);
        }
    }

    pub fn append(&mut self) {
        if self.healed {
            return;
        }
        let edge = self.rng.index(self.edges.len());
        for _ in 0..self.rng.range(1, self.profile.burst) {
            self.append_one(edge);
        }
        let pause = self.rng.range(50, 1_500);
        self.after(pause, Ev::Append);
    }

    fn append_one(&mut self, edge: usize) {
        let received_at = Server::edge_now(self.t, self.edges[edge].skew);
        let kind = match self.rng.below(1_000) {
            n if n < self.profile.poison => Kind::Unreadable,
            n if n < self.profile.poison + self.profile.newer => Kind::Newer,
            n if n < self.profile.poison + self.profile.newer + 30 => Kind::Mark,
            _ => Kind::Event,
        };
        let short = self.profile.dedup_window < 3_600_000;
        let again =
            kind == Kind::Event && !self.topic.ids.is_empty() && self.rng.chance(self.profile.duplicates);
        let (event_id, mut partition) = if again {
            let known = if self.rng.chance(600) {
                self.topic.ids.len() - 1
            } else {
                self.rng.index(self.topic.ids.len())
            };
            self.topic.ids[known]
        } else {
            let partition = u32::try_from(self.rng.below(u64::from(self.profile.partitions))).unwrap();
            (self.topic.uuid(&mut self.rng), partition)
        };
        let Some(log) = self.edges[edge].logs.last_mut() else {
            return;
        };
        if self.profile.setup != Setup::Group {
            let at = self.topic.log_ids.iter().position(|id| *id == log.id);
            partition = u32::try_from(at.unwrap_or(0)).unwrap();
        }
        if kind == Kind::Event && !again {
            self.topic.ids.push((event_id, partition));
        }
        let number = Number {
            log_id: log.id,
            seq: log.records.len() as u64 + 1,
        };
        let event_id = if matches!(kind, Kind::Event | Kind::Newer) {
            event_id
        } else {
            Uuid::nil()
        };
        let check_table = short || (again && self.rng.chance(300));
        log.records.push(Record {
            number,
            event_id,
            received_at,
            kind,
            check_table,
            partition,
        });
    }

    pub fn forward(&mut self) {
        let pause = self.rng.range(50, 400);
        let most = if self.healed {
            50
        } else {
            self.rng.range(0, 10) as usize
        };
        for edge in &mut self.edges {
            for log in &mut edge.logs {
                let upto = (log.sent + most).min(log.records.len());
                for record in &log.records[log.sent..upto] {
                    self.topic.send(*record);
                }
                log.sent = upto;
            }
        }
        self.after(pause, Ev::Forward);
    }

    /// A position that was saved a while ago: records go again, with the same numbers, and then on.
    fn forwarder_restarts(&mut self) {
        for edge in &mut self.edges {
            for log in &mut edge.logs {
                let back = self.rng.index(12);
                log.sent = log.sent.saturating_sub(back);
            }
        }
    }

    fn resend(&mut self) {
        let edge = self.rng.index(self.edges.len());
        let log = self.rng.index(self.edges[edge].logs.len());
        let log = &self.edges[edge].logs[log];
        if log.sent > 0 {
            let first = self.rng.index(log.sent);
            let last = (first + 1 + self.rng.index(20)).min(log.sent);
            for record in log.records[first..last].to_vec() {
                self.topic.send(record);
            }
        }
    }

    // --- the topic ---

    /// A new topic of the same name: positions and metadata are gone, and so is what nobody had read. The edges send
    /// everything again. Some processors notice at once, others are asleep.
    fn recreate_topic(&mut self) {
        self.topic.generation += 1;
        self.topic.partitions.iter_mut().for_each(Vec::clear);
        self.group.committed.clear();
        for edge in &mut self.edges {
            edge.logs.iter_mut().for_each(|log| log.sent = 0);
        }
        for index in 0..self.instances.len() {
            if self.rng.chance(500) {
                self.crash(index);
            } else {
                self.freeze(index, 20_000);
            }
        }
    }

    /// The group is renamed, its offsets expire, or somebody sets them back: all while nobody is in it.
    pub fn offsets(&mut self) {
        for index in 0..self.instances.len() {
            self.crash(index);
        }
        self.group.members.clear();
        self.group.preparing = None;
        if self.rng.chance(500) {
            self.group.committed.clear();
        } else {
            self.group
                .committed
                .values_mut()
                .for_each(|committed| *committed = (0, String::new()));
        }
    }

    /// A stretch of a local log cannot be read any more.
    fn rot(&mut self) {
        if self.profile.setup == Setup::Group || self.topic.partitions.is_empty() {
            return;
        }
        let partition = self.rng.index(self.topic.partitions.len());
        let length = self.topic.partitions[partition].len();
        if length == 0 {
            return;
        }
        let first = self.rng.index(length);
        let last = (first + self.rng.index(6)).min(length - 1);
        let (first, last) = (first as u64, last as u64);
        let ranges = self
            .topic
            .rotten
            .entry(u32::try_from(partition).unwrap())
            .or_default();
        if ranges.iter().all(|(a, b)| last < *a || first > *b) {
            ranges.push((first, last));
            self.note(|| format!("log {partition} rots from {first} to {last}"));
        }
    }

    // --- all of it ---

    pub fn nemesis(&mut self) {
        if self.healed {
            return;
        }
        let mean = self.profile.nemesis;
        let pause = self.rng.range(mean / 4, mean * 2);
        self.after(pause, Ev::Nemesis);
        let w = self.profile.weights;
        let group = |weight: u64| {
            if self.profile.setup == Setup::Group {
                weight
            } else {
                0
            }
        };
        let weights = [
            w.crash,
            w.freeze,
            w.shutdown,
            w.rebalance,
            group(w.coordinator),
            w.server_crash,
            w.server_freeze,
            group(w.forwarder),
            w.edge,
            group(w.resend),
            group(w.partitions),
            group(w.topic),
            w.offsets,
            w.rot,
        ];
        let mut pick = self.rng.below(weights.iter().sum::<u64>().max(1));
        let mut action = 0;
        for (index, weight) in weights.iter().enumerate() {
            if pick < *weight {
                action = index + 1;
                break;
            }
            pick -= weight;
        }
        self.strike(action);
    }

    fn strike(&mut self, action: usize) {
        let index = self.rng.index(self.instances.len());
        self.note(|| format!("nemesis {action} (i{index})"));
        match action {
            1 => self.crash(index),
            2 => self.freeze(index, 40_000),
            3 => self.shutdown(index),
            4 => self.rebalance(false),
            5 => self.group.away_until = self.t + self.rng.range(500, 15_000),
            6 => self.server_crash(),
            7 => self.server.frozen_until = self.t + self.rng.range(500, 12_000),
            8 => self.forwarder_restarts(),
            9 => {
                let edge = self.rng.index(self.edges.len());
                self.open_log(edge);
            }
            10 => self.resend(),
            11 => {
                self.profile.partitions += 1;
                self.rebalance(false);
            }
            12 => self.recreate_topic(),
            13 => self.offsets(),
            14 => self.rot(),
            _ => {}
        }
    }

    fn server_crash(&mut self) {
        let child = self.profile.setup == Setup::Child;
        for statement in self.server.crash(child) {
            self.answer(&statement, InsertOutcome::InDoubt);
        }
        self.server.frozen_until = 0;
        self.server.up = false;
        let down = self.rng.range(50, 6_000);
        self.after(down, Ev::ServerUp);
    }

    /// Nothing goes wrong any more; old versions are replaced.
    pub fn heal(&mut self) {
        self.note(|| "HEAL".to_owned());
        self.healed = true;
        self.group.away_until = 0;
        self.server.up = true;
        self.server.frozen_until = 0;
        let newer: BTreeMap<usize, bool> = self
            .instances
            .iter()
            .enumerate()
            .map(|(n, i)| (n, i.alive && !i.upgraded))
            .collect();
        for (index, old) in newer {
            self.instances[index].frozen_until = 0;
            if old && self.profile.newer > 0 {
                self.crash(index);
            } else if !old {
                self.after(10, Ev::Restart(index));
            }
        }
        self.after(500, Ev::Probe);
    }
}
