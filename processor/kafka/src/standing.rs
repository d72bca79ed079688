//! Partitions that stand: the brokers have records behind our position, and the client fetches none of them. Seen after a
//! topic was made anew under load. Such a partition says nothing by itself, so whoever is silent is asked about.

use crate::poll::{Poll, State};
use rdkafka::consumer::Consumer;
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// Silence of a partition before the brokers are asked whether it has anything, and between two questions.
const SILENCE: Duration = Duration::from_secs(20);
/// How long one question may hold up the thread.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a partition is assigned anew before the group is left.
const TRIES: u32 = 2;

/// When a partition was last known to be fetched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    at: Instant,
    tries: u32,
}

impl Heard {
    /// It has brought something, or is begun.
    pub(crate) fn now() -> Self {
        Self {
            at: Instant::now(),
            tries: 0,
        }
    }

    fn again(self, now: Instant) -> Self {
        Self { at: now, ..self }
    }
}

impl Poll {
    /// Has a partition that stands fetched again. Asks about one at a time.
    pub(crate) fn look_for_standing(&mut self, now: Instant) {
        // Nothing is brought by anybody then, and nobody can be asked.
        if self.exchange.is_away() || !self.exchange.has_room() {
            for owned in self.owned.values_mut() {
                owned.heard = owned.heard.again(now);
            }
            return;
        }
        let silent = self
            .owned
            .iter()
            .find(|(_, owned)| owned.state == State::Reading && now >= owned.heard.at + SILENCE);
        let Some(partition) = silent.map(|(partition, _)| *partition) else {
            return;
        };
        let asked = self
            .consumer
            .fetch_watermarks(&self.settings.topic, partition, PATIENCE);
        let Some(owned) = self.owned.get_mut(&partition) else {
            return;
        };
        owned.heard = owned.heard.again(now);
        let (position, tries) = (owned.next, owned.heard.tries);
        let end = asked.map_or(0, |(_, end)| u64::try_from(end).unwrap_or_default());
        if end <= position {
            return;
        }
        owned.heard.tries += 1;
        tracing::warn!(
            partition,
            position,
            end,
            tries,
            "the client fetches nothing of a partition that has records"
        );
        if tries < TRIES {
            self.begin_again(partition, position);
        } else {
            self.lose();
        }
    }
}
