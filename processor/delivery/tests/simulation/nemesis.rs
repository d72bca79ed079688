//! What goes wrong by itself: processes, the group, the server, the edges, the topic; and how it all heals.

use std::collections::BTreeMap;

use footfall_delivery::{Input, InsertOutcome, Rules};

use crate::driver::{Callback, Local};
use crate::profile::Setup;
use crate::world::{Ev, World};

impl<R: Rules + Copy> World<R> {
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
