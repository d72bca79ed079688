//! What waits for a broker. Each thing is tried once per turn and again a little later, so that a broker that is away
//! holds up nothing but itself.

use crate::offsets;
use crate::poll::{Poll, State};
use crate::topic_id::{Question, TopicIdError, topic_id};
use footfall_processor::source::Chunk;
use footfall_topics::reach;
use rdkafka::consumer::Consumer;
use rdkafka::topic_partition_list::Offset;
use std::time::{Duration, Instant};

/// How long one question may hold up the thread.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause after one that was not answered.
const AGAIN: Duration = Duration::from_millis(250);
/// Until brokers that are away are asked again whether they are back.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// How long brokers that are away may hold up the thread each time.
const GLANCE: Duration = Duration::from_millis(200);
/// Attempts to seek before a partition is assigned anew.
const SEEKS: u32 = 20;

impl Poll {
    pub(crate) fn upkeep(&mut self) {
        if self.leaving {
            return self.join_if_left();
        }
        let now = Instant::now();
        if self.to_tell.is_some_and(|at| at <= now) {
            self.tell();
        }
        let due = |state: State| match state {
            State::Starting(_, at, _) | State::OutOfRange(at) => at <= now,
            State::New | State::Idle | State::Reading => false,
        };
        let waiting: Vec<_> = self
            .owned
            .iter()
            .filter(|(_, owned)| due(owned.state))
            .map(|(partition, owned)| (*partition, owned.state))
            .collect();
        for (partition, state) in waiting {
            match state {
                State::Starting(position, _, tries) => self.seek(partition, position, tries),
                State::OutOfRange(_) => self.find_again(partition),
                State::New | State::Idle | State::Reading => {}
            }
        }
        self.note_ends();
        self.look_for_standing(now);
        self.watch(now);
    }

    /// Tells the processor that a rebalance is over, with what the brokers say of new partitions *now*.
    fn tell(&mut self) {
        let new: Vec<i32> = self
            .owned
            .iter()
            .filter(|(_, owned)| owned.state == State::New)
            .map(|(partition, _)| *partition)
            .collect();
        let same = match topic_id(&self.consumer, &self.settings.topic, PATIENCE) {
            Ok(id) => self.is_same(id),
            Err(error) => return self.tell_later(&error),
        };
        if !same {
            return;
        }
        let read = offsets::assignments(
            &self.consumer,
            &self.settings.topic,
            &new,
            &self.identity,
            PATIENCE,
        );
        match read {
            Ok(assignments) => {
                self.to_tell = None;
                for owned in self.owned.values_mut().filter(|owned| owned.state == State::New) {
                    owned.state = State::Idle;
                }
                self.exchange.assigned(assignments);
            }
            Err(error) => self.tell_later(&error),
        }
    }

    fn tell_later(&mut self, error: &dyn std::error::Error) {
        self.to_tell = Some(Instant::now() + AGAIN);
        if self.consumer.context().is_news(&error.to_string()) {
            tracing::warn!(%error, "cannot read yet where partitions stand");
        }
    }

    /// False if the topic is another than before: then everything begins anew, with another client.
    fn is_same(&mut self, id: String) -> bool {
        if id == self.identity.real() {
            return true;
        }
        tracing::error!(
            topic = self.settings.topic,
            was = self.identity.real(),
            is = id,
            "the topic was deleted and made anew: it is read from its beginning. What the old one had and nobody had read \
             is lost to us; edges that still keep it can send it again (footfall resend)"
        );
        self.identity.set(id);
        self.renew();
        false
    }

    fn seek(&mut self, partition: i32, position: u64, tries: u32) {
        let offset = Offset::Offset(i64::try_from(position).unwrap_or(i64::MAX));
        let topic = &self.settings.topic;
        let sought = self
            .consumer
            .seek(topic, partition, offset, Duration::from_secs(1))
            .and_then(|()| offsets::list(topic, [partition], Offset::Invalid))
            .and_then(|list| self.consumer.resume(&list));
        let Some(owned) = self.owned.get_mut(&partition) else {
            return;
        };
        match sought {
            Ok(()) => owned.state = State::Reading,
            // It has given the partition up, out of our sight.
            Err(_) if tries >= SEEKS => self.begin_again(partition, position),
            // The client may still be busy with the assignment.
            Err(error) => {
                tracing::debug!(%error, partition, position, tries, "seek");
                owned.state = State::Starting(position, Instant::now() + AGAIN, tries + 1);
            }
        }
    }

    /// The brokers do not have our position. Before their first: records were removed unread, the rest is read on.
    /// Behind their last: it is another log than the one that we know; everything is assigned anew, from its beginning.
    fn find_again(&mut self, partition: i32) {
        let asked = self
            .consumer
            .fetch_watermarks(&self.settings.topic, partition, PATIENCE);
        let Some(owned) = self.owned.get_mut(&partition) else {
            return;
        };
        let Ok((low, high)) = asked else {
            owned.state = State::OutOfRange(Instant::now() + AGAIN);
            return;
        };
        let (low, high) = (
            u64::try_from(low).unwrap_or_default(),
            u64::try_from(high).unwrap_or_default(),
        );
        let position = owned.next;
        metrics::counter!(crate::measure::OUT_OF_RANGE).increment(1);
        if position < low {
            tracing::error!(
                partition,
                position,
                earliest = low,
                records = low - position,
                "records were removed from the topic before they were read; edges that still keep them can send them again"
            );
            owned.next = low;
            let generation = owned.generation;
            // Our position goes over the gap even if nothing comes behind it.
            let gap = Chunk {
                partition: u32::try_from(partition).unwrap_or_default(),
                from: position,
                next: low,
                records: Vec::new(),
            };
            self.exchange.bring(gap, generation);
        }
        if position > high {
            tracing::error!(
                partition,
                position,
                end = high,
                "our position is beyond the end of the partition: it is read from its beginning"
            );
            return self.renew();
        }
        self.begin_again(partition, position.max(low));
    }

    /// The client has given the partition up, and takes no seek for it any more: it has to be assigned anew. The group
    /// does not notice.
    pub(crate) fn begin_again(&mut self, partition: i32, position: u64) {
        let offset = Offset::Offset(i64::try_from(position).unwrap_or(i64::MAX));
        let topic = &self.settings.topic;
        let again = offsets::list(topic, [partition], Offset::Invalid)
            .and_then(|list| self.consumer.incremental_unassign(&list))
            .and_then(|()| offsets::list(topic, [partition], offset))
            .and_then(|list| self.consumer.incremental_assign(&list));
        match again {
            Ok(()) => {
                if let Some(owned) = self.owned.get_mut(&partition) {
                    owned.state = State::Reading;
                }
            }
            Err(error) => {
                tracing::error!(%error, partition, "cannot read on; leaving the group to join it again");
                self.lose();
            }
        }
    }

    /// For the lag: what the last fetches said.
    fn note_ends(&self) {
        let ends = self.owned.iter().filter_map(|(partition, owned)| {
            let end = offsets::cached_end(&self.consumer, &self.settings.topic, *partition)?;
            Some((u32::try_from(*partition).ok()?, end.max(owned.next)))
        });
        self.exchange.ends(ends);
    }

    /// Also has the client connect, if it was not just about to.
    fn is_reachable(&mut self) -> bool {
        let reached = reach(self.consumer.client(), &self.settings.topic, GLANCE).is_ok();
        if !reached {
            self.reminder.unanswered(self.consumer.client());
        }
        reached
    }

    /// Asks now and then whether the topic is still the same one: a topic that was made anew and has grown beyond our
    /// position is read on by the client as if nothing had happened.
    fn watch(&mut self, now: Instant) {
        if self.consumer.context().went_down() {
            self.exchange.set_away(true);
            self.watch_at = self.watch_at.min(now + ASK_AGAIN);
        }
        if let Some(question) = &self.question {
            let Some(answer) = question.answer(Duration::ZERO) else {
                return;
            };
            self.question = None;
            let silent = matches!(answer, Err(TopicIdError::Unanswered { .. }));
            self.exchange.set_away(silent);
            if silent {
                self.watch_at = now + ASK_AGAIN;
            }
            match answer {
                Ok(id) => {
                    self.is_same(id);
                }
                Err(error @ TopicIdError::Missing(_)) => {
                    if self.consumer.context().is_news(&error.to_string()) {
                        tracing::error!(%error, "the topic is gone; waiting until it is there again");
                    }
                }
                Err(error @ TopicIdError::Denied(_)) => {
                    if self.consumer.context().is_news(&error.to_string()) {
                        tracing::error!("{error}");
                    }
                }
                // Brokers that are away are told elsewhere.
                Err(TopicIdError::Unanswered { .. }) => {}
            }
        } else if now >= self.watch_at {
            if self.exchange.is_away() && !self.is_reachable() {
                self.watch_at = now + ASK_AGAIN;
                return;
            }
            self.watch_at = now + self.settings.watch_every;
            self.question = Question::ask(&self.consumer, &self.settings.topic, PATIENCE);
        }
    }
}
