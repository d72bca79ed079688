//! Rebalances. librdkafka waits for our answer to each, and the group waits with it; its heartbeats go on meanwhile.
//!
//! Invariants: no partition is ours before its queue is split off and its fetching paused; none is given back before the
//! processor has released it, has taken too long, or has lost it anyway.

use crate::offsets;
use crate::poll::{Owned, Poll, State};
use crate::queue::Queue;
use crate::standing::Heard;
use rdkafka::consumer::Consumer;
use rdkafka::topic_partition_list::Offset;
use std::time::{Duration, Instant};

/// How often the conversation looks whether the assignment is lost meanwhile.
const LOOK: Duration = Duration::from_millis(20);

impl Poll {
    /// A rebalance is over. Also when nothing was added: a commit that was refused meanwhile may be tried again.
    pub(crate) fn assign(&mut self, partitions: &[i32]) {
        if !self.leaving {
            for partition in partitions {
                self.take(*partition);
            }
            self.stop_fetching(partitions);
            self.to_tell = Some(Instant::now());
        }
        // Offset 0 is a placeholder: nothing is fetched before the processor says from where.
        let assigned = offsets::list(
            &self.settings.topic,
            partitions.iter().copied(),
            Offset::Offset(0),
        )
        .and_then(|list| self.consumer.incremental_assign(&list));
        tracing::info!(added = ?partitions, all = ?self.owned.keys().collect::<Vec<_>>(), "assigned");
        if let Err(error) = assigned {
            tracing::error!(%error, ?partitions, "cannot take an assignment; leaving the group to join it again");
            self.lose();
        }
    }

    fn take(&mut self, partition: i32) {
        let split = Queue::split(&self.consumer, &self.settings.topic, partition, &self.exchange);
        let Some(queue) = split else {
            return;
        };
        self.owned.insert(
            partition,
            Owned {
                queue,
                state: State::New,
                next: 0,
                generation: 0,
                heard: Heard::now(),
            },
        );
    }

    pub(crate) fn revoke(&mut self, partitions: &[i32]) {
        metrics::counter!(crate::measure::REVOKES).increment(1);
        let lost = self.consumer.assignment_lost();
        tracing::info!(?partitions, lost, "revoked");
        if lost {
            self.taken_away();
        } else if !self.leaving {
            self.give_back(partitions);
        }
        for partition in partitions {
            self.owned.remove(partition);
        }
        let unassigned = offsets::list(&self.settings.topic, partitions.iter().copied(), Offset::Invalid)
            .and_then(|list| self.consumer.incremental_unassign(&list));
        if let Err(error) = unassigned {
            tracing::warn!(%error, ?partitions, "cannot give partitions back");
        }
    }

    /// The conversation: until the processor has no state of these any more.
    fn give_back(&mut self, partitions: &[i32]) {
        // What the processor was never told of it need not give back.
        let told: Vec<u32> = partitions
            .iter()
            .filter(|partition| {
                self.owned
                    .get(partition)
                    .is_some_and(|owned| owned.state != State::New)
            })
            .filter_map(|partition| u32::try_from(*partition).ok())
            .collect();
        if told.is_empty() {
            return;
        }
        for owned in partitions
            .iter()
            .filter_map(|partition| u32::try_from(*partition).ok())
        {
            self.halt(owned);
        }
        self.released.clear();
        self.exchange.revoke(told.clone());
        let until = Instant::now() + self.settings.revoke_patience;
        while !told.iter().all(|partition| self.released.contains(partition)) {
            if self.stopping || self.leaving {
                return;
            }
            if self.consumer.assignment_lost() {
                return self.taken_away();
            }
            if Instant::now() >= until {
                tracing::error!(
                    ?told,
                    "the processor has not given partitions back in time; they are dropped as lost"
                );
                return self.lose();
            }
            // The other partitions go on.
            if !self.read() {
                std::thread::park_timeout(LOOK);
            }
            self.obey();
        }
    }

    /// Not read any more, but still ours: `closed` has to be committed.
    fn halt(&mut self, partition: u32) {
        let owned = i32::try_from(partition)
            .ok()
            .and_then(|partition| self.owned.get_mut(&partition))
            .filter(|owned| owned.state != State::New);
        if let Some(owned) = owned {
            owned.state = State::Idle;
        }
    }

    /// Others own everything already.
    fn taken_away(&mut self) {
        tracing::warn!("the assignment is lost: the group has taken us for gone");
        self.forget_all();
    }

    /// The processor has no partition any more.
    pub(crate) fn forget_all(&mut self) {
        metrics::counter!(crate::measure::LOST).increment(1);
        self.owned.clear();
        self.to_tell = None;
        self.exchange.lost();
    }

    /// Nothing that the processor holds counts any more; leaves the group and joins again.
    pub(crate) fn lose(&mut self) {
        self.forget_all();
        self.leave();
    }

    /// Leaves the group: a commit that is still on its way is stamped with a membership that is over.
    pub(crate) fn leave(&mut self) {
        metrics::counter!(crate::measure::REJOINS).increment(1);
        self.owned.clear();
        self.to_tell = None;
        self.leaving = true;
        self.consumer.unsubscribe();
    }

    /// Joins again once nothing is assigned any more.
    pub(crate) fn join_if_left(&mut self) {
        let empty = self.consumer.assignment().is_ok_and(|list| list.count() == 0);
        if !self.leaving || !empty {
            return;
        }
        match self.consumer.subscribe(&[&self.settings.topic]) {
            Ok(()) => self.leaving = false,
            Err(error) => tracing::warn!(%error, "cannot join the group again yet"),
        }
    }
}
