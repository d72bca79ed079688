//! The group and its coordinator: members, generations, rebalances (eager or cooperative), and commits, which are checked
//! for membership and generation, never for ownership. A cursor file under a lock is a group of one.

use std::collections::{BTreeMap, BTreeSet};

use footfall_delivery::Entry;

use crate::rng::Rng;

#[derive(Debug, Default, Clone)]
pub struct Member {
    pub joined: bool,
    pub needs_sync: bool,
    pub claims: BTreeSet<u32>,
    pub assignment: BTreeSet<u32>,
}

#[derive(Default)]
pub struct Group {
    pub eager: bool,
    pub members: BTreeMap<u64, Member>,
    pub generation: u64,
    /// Rebalancing until then at most.
    pub preparing: Option<u64>,
    pub committed: BTreeMap<u32, (u64, String)>,
    pub away_until: u64,
    target: BTreeMap<u32, u64>,
    follow_up: bool,
    next: u64,
}

impl Group {
    pub fn join(&mut self) -> u64 {
        self.next += 1;
        self.members.insert(self.next, Member::default());
        self.next
    }

    /// Begins a rebalance.
    pub fn rebalance(&mut self, until: u64, follow_up: bool) {
        self.follow_up = follow_up && self.preparing.is_none_or(|_| self.follow_up);
        self.preparing = Some(until);
        for member in self.members.values_mut() {
            member.joined = false;
        }
    }

    pub fn all_joined(&self) -> bool {
        self.preparing.is_some() && self.members.values().all(|member| member.joined)
    }

    /// Ends a rebalance: those who have not come are out; a partition that another member claims stays free until that
    /// one has given it up.
    pub fn complete(&mut self, partitions: u32, rng: &mut Rng) {
        self.preparing = None;
        self.members.retain(|_, member| member.joined);
        self.generation += 1;
        let ids: Vec<u64> = self.members.keys().copied().collect();
        if ids.is_empty() {
            return;
        }
        for member in self.members.values_mut() {
            member.needs_sync = true;
            member.assignment.clear();
        }
        for partition in 0..partitions {
            let kept = self
                .target
                .get(&partition)
                .filter(|id| self.follow_up && ids.contains(id));
            let to = kept.copied().unwrap_or_else(|| ids[rng.index(ids.len())]);
            self.target.insert(partition, to);
            let claimant = self
                .members
                .iter()
                .find(|(_, member)| member.claims.contains(&partition));
            let free = self.eager || claimant.is_none_or(|(id, _)| *id == to);
            if let Some(member) = self.members.get_mut(&to).filter(|_| free) {
                member.assignment.insert(partition);
            }
        }
    }

    /// Whether a commit of this member and generation is accepted; then it is in.
    pub fn commit(&mut self, member: Option<u64>, generation: u64, entries: &[Entry]) -> bool {
        let known = member.is_some_and(|id| self.members.contains_key(&id));
        if !known || generation != self.generation {
            return false;
        }
        for entry in entries {
            self.committed
                .insert(entry.partition, (entry.position, entry.meta.encode()));
        }
        true
    }
}
