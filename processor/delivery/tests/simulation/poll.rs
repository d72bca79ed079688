//! The one poll thread of a processor: it commits, serves the group's callbacks, and offers rounds. Requests and their
//! answers are in `driver`.

use std::collections::BTreeSet;

use footfall_delivery::{
    Assignment, CommitOutcome, Entry, Head, Input, Offer, Op, Reason, Rules, Span, UNKNOWN_TIME, Verdict,
};
use uuid::Uuid;

use crate::driver::{Callback, Local};
use crate::profile::Setup;
use crate::topic::{Kind, Record};
use crate::world::World;

impl<R: Rules + Copy> World<R> {
    pub fn commit(&mut self, index: usize, op: Op, entries: Vec<Entry>, until: u64) {
        let cursor = self.profile.setup != Setup::Group;
        if self.group.away_until > self.t && !cursor {
            if self.t < until {
                let again = (self.group.away_until.min(until) - self.t).max(1);
                return self.local(index, again, Local::Commit(op, entries, until));
            }
            return self.local(
                index,
                0,
                Local::Answer(Input::Committed(op, CommitOutcome::Unknown)),
            );
        }
        let unknown = !self.healed && self.rng.chance(self.profile.unknown_commit);
        let lost = unknown && self.rng.chance(500);
        let (member, generation) = (self.instances[index].member, self.instances[index].generation);
        if lost && self.rng.chance(500) {
            let late = self.rng.range(500, 20_000);
            self.local(index, late, Local::LateCommit(member, entries.clone()));
        }
        let accepted = !lost && self.group.commit(member, generation, &entries);
        let outcome = match accepted {
            _ if unknown => CommitOutcome::Unknown,
            true => CommitOutcome::Accepted,
            false => CommitOutcome::Refused,
        };
        if accepted {
            self.check_closed(index, &entries);
        }
        self.local(index, 1, Local::Answer(Input::Committed(op, outcome)));
    }

    pub fn poll(&mut self, index: usize) {
        let pause = self.rng.range(50, 350);
        self.local(index, pause, Local::Poll);
        let instance = &self.instances[index];
        if instance.callback.is_some() || instance.committing {
            return;
        }
        if instance.topic != self.topic.generation {
            return self.crash(index);
        }
        match instance.member {
            None => self.try_join(index),
            Some(id) if !self.group.members.contains_key(&id) => {
                let heartbeat = self.rng.range(0, 3_000);
                let instance = &mut self.instances[index];
                if self.t < *instance.notices_at.get_or_insert(self.t + heartbeat) {
                    return self.offer(index);
                }
                instance.notices_at = None;
                instance.member = None;
                instance.owned.clear();
                instance.fetch.clear();
                self.feed(index, Input::Lost);
            }
            Some(id) => self.heartbeat(index, id),
        }
        self.offer(index);
    }

    fn try_join(&mut self, index: usize) {
        if self.profile.setup != Setup::Group && !self.group.members.is_empty() {
            return;
        }
        if self.group.away_until > self.t {
            return;
        }
        self.instances[index].member = Some(self.group.join());
        self.rebalance(false);
    }

    fn heartbeat(&mut self, index: usize, id: u64) {
        let eager = self.group.eager;
        let preparing = self.group.preparing.is_some();
        let member = self.group.members[&id].clone();
        if preparing && !member.joined {
            if eager && !self.instances[index].owned.is_empty() {
                self.begin_revoke(index, Callback::Join, self.instances[index].owned.clone());
            } else {
                self.joined(index);
            }
        } else if member.needs_sync {
            if let Some(member) = self.group.members.get_mut(&id) {
                member.needs_sync = false;
            }
            self.instances[index].generation = self.group.generation;
            self.instances[index].synced = member.assignment.clone();
            let lost = &self.instances[index].owned - &member.assignment;
            if lost.is_empty() {
                self.take_assignment(index, false);
            } else {
                self.begin_revoke(index, Callback::Sync, lost);
            }
        }
    }

    fn begin_revoke(&mut self, index: usize, callback: Callback, partitions: BTreeSet<u32>) {
        self.instances[index].callback = Some(callback);
        self.feed(index, Input::Revoke(partitions.into_iter().collect()));
    }

    pub fn released(&mut self, index: usize, partitions: &[u32]) {
        let instance = &mut self.instances[index];
        for partition in partitions {
            instance.owned.remove(partition);
            instance.fetch.remove(partition);
        }
        match instance.callback.take() {
            Some(Callback::Join) => self.joined(index),
            Some(Callback::Sync) => self.take_assignment(index, true),
            Some(Callback::Shutdown) | None => {}
        }
    }

    fn joined(&mut self, index: usize) {
        let (id, claims) = (self.instances[index].member, self.instances[index].owned.clone());
        if let Some(member) = id.and_then(|id| self.group.members.get_mut(&id)) {
            member.joined = true;
            member.claims = claims;
        }
        if self.group.all_joined() {
            self.complete();
        }
    }

    fn take_assignment(&mut self, index: usize, follow_up: bool) {
        let instance = &mut self.instances[index];
        let added = &instance.synced - &instance.owned;
        instance.owned = instance.synced.clone();
        let delay = self.rng.range(1, 30);
        self.local(index, delay, Local::Assign(added, follow_up));
    }

    /// Reads the committed metadata of what was added, and tells the machine.
    pub fn assign(&mut self, index: usize, added: BTreeSet<u32>, follow_up: bool) {
        if self.group.away_until > self.t {
            let wait = self.group.away_until - self.t;
            return self.local(index, wait, Local::Assign(added, follow_up));
        }
        let known = self.instances[index]
            .member
            .is_some_and(|id| self.group.members.contains_key(&id));
        if !known {
            return;
        }
        let still = added.intersection(&self.instances[index].owned).copied();
        let list: Vec<Assignment> = still.map(|partition| self.assignment(partition)).collect();
        let some = !list.is_empty();
        self.feed(index, Input::Assigned(list));
        if follow_up {
            self.rebalance(true);
        }
        if some && !self.healed && self.rng.chance(self.profile.crash_on_assign) {
            let after = self.rng.range(0, 4_000);
            self.nemesis_crash_later(index, after);
        } else if some && !self.healed && self.rng.chance(self.profile.rebalance_on_assign) {
            self.rebalance(false);
        }
    }

    fn assignment(&self, partition: u32) -> Assignment {
        let committed = self.group.committed.get(&partition).cloned();
        Assignment {
            partition,
            committed,
            earliest: 0,
            end: self.topic.end(partition),
        }
    }

    fn offer(&mut self, index: usize) {
        let instance = &self.instances[index];
        if !instance.alive || !instance.machine.wants_round() || instance.topic != self.topic.generation {
            return;
        }
        let (mut spans, mut heads) = (Vec::new(), Vec::new());
        for (partition, from) in instance.fetch.clone() {
            let upto = (from + self.rng.range(1, 12)).min(self.topic.end(partition));
            let mut at = from;
            while at < upto {
                at = self.head(index, partition, at, &mut heads);
            }
            if at > from {
                spans.push(Span {
                    partition,
                    from,
                    next: at,
                });
            }
        }
        if spans.is_empty() {
            return;
        }
        let now = self.local_now(index);
        let mut out = Vec::new();
        let instance = &mut self.instances[index];
        instance.heads = heads;
        let taken = instance.machine.offer(now, &spans, &instance.heads, &mut out);
        assert_eq!(taken, Offer::Taken);
        self.obey(index, out);
    }

    /// Reads the record at `offset` and says where the next one is.
    fn head(&self, index: usize, partition: u32, offset: u64, heads: &mut Vec<Head>) -> u64 {
        let record: Record = self.topic.partitions[partition as usize][usize::try_from(offset).unwrap()];
        let upgraded = self.instances[index].upgraded;
        let mut next = offset + 1;
        let verdict = match (self.topic.rotten_at(partition, offset), record.kind) {
            (Some((_, last)), _) => {
                next = last + 1;
                Verdict::Lost {
                    last: record.number.seq + (last - offset),
                }
            }
            (None, Kind::Event) => Verdict::Row,
            (None, Kind::Newer) if upgraded => Verdict::Row,
            (None, Kind::Newer) if self.skips.contains(&record.number) => {
                Verdict::Ledger(Reason::UnknownVersion)
            }
            (None, Kind::Newer) => Verdict::UnknownVersion,
            (None, Kind::Unreadable) => Verdict::Ledger(Reason::Unreadable),
            (None, Kind::Mark) => Verdict::Ledger(Reason::Mark),
        };
        let read = matches!(verdict, Verdict::Row | Verdict::Ledger(Reason::Mark));
        heads.push(Head {
            log_id: record.number.log_id,
            seq: record.number.seq,
            partition,
            position: offset,
            received_at: if read { record.received_at } else { UNKNOWN_TIME },
            event_id: if verdict == Verdict::Row {
                record.event_id
            } else {
                Uuid::nil()
            },
            verdict,
            check_table: record.check_table,
        });
        next
    }
}
