//! The edges: what they append and acknowledge, and how it gets into the topic; and what becomes of the topic.

use footfall_delivery::{Number, Rules};
use uuid::Uuid;

use crate::profile::Setup;
use crate::server::Server;
use crate::topic::{Kind, Log, Record};
use crate::world::{Ev, World};

impl<R: Rules + Copy> World<R> {
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
    pub fn forwarder_restarts(&mut self) {
        for edge in &mut self.edges {
            for log in &mut edge.logs {
                let back = self.rng.index(12);
                log.sent = log.sent.saturating_sub(back);
            }
        }
    }

    pub fn resend(&mut self) {
        let edge = self.rng.index(self.edges.len());
        let log = self.rng.index(self.edges[edge].logs.len());
        let log = &self.edges[edge].logs[log];
        if log.sent > 0 {
            let first = self.rng.index(log.sent);
            let last = (first + 1 + self.rng.index(20)).min(log.sent);
            for record in log.records[first..last].iter().copied() {
                self.topic.send(record);
            }
        }
    }

    /// A new topic of the same name: positions and metadata are gone, and so is what nobody had read. The edges send
    /// everything again. Some processors notice at once, others are asleep.
    pub fn recreate_topic(&mut self) {
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
    pub fn rot(&mut self) {
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
}
