//! Partitions that stand: the brokers have records behind our position, and the client fetches none of them. Seen after a
//! topic was made anew under load. Such a partition says nothing by itself, so whoever is silent is asked about.

use crate::poll::{Poll, State};
use rdkafka::consumer::Consumer;
use std::time::{Duration, Instant};

#[cfg(test)]
mod tests;

/// Silence of a partition before the brokers are asked whether it has anything, and between two questions.
const SILENCE: Duration = Duration::from_secs(20);
/// What records that the brokers have just been given get to be fetched.
const DOUBT: Duration = Duration::from_secs(5);
/// How long one question may hold up the thread. The broker answers it after the fetch before it, which waits for records
/// for half a second.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a partition is assigned anew before the client is replaced.
const TRIES: u32 = 2;

/// When a partition was last known to be fetched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    at: Instant,
    tries: u32,
    /// The brokers had records behind our position, then.
    doubtful: bool,
}

impl Heard {
    /// It has brought something, or is begun.
    pub(crate) fn now() -> Self {
        Self {
            at: Instant::now(),
            tries: 0,
            doubtful: false,
        }
    }

    fn again(self, now: Instant) -> Self {
        Self {
            at: now,
            doubtful: false,
            ..self
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        now >= self.at + if self.doubtful { DOUBT } else { SILENCE }
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
            .find(|(_, owned)| owned.state == State::Reading && owned.heard.is_due(now));
        let Some(partition) = silent.map(|(partition, _)| *partition) else {
            return;
        };
        let asked = self
            .consumer
            .fetch_watermarks(&self.settings.topic, partition, PATIENCE);
        let Some(owned) = self.owned.get_mut(&partition) else {
            return;
        };
        let Ok((_, end)) = asked else {
            owned.heard.at = now;
            return;
        };
        let doubtful = owned.heard.doubtful;
        owned.heard = owned.heard.again(now);
        let (position, tries) = (owned.next, owned.heard.tries);
        let end = u64::try_from(end).unwrap_or_default();
        if end <= position {
            return;
        }
        if !doubtful {
            owned.heard.doubtful = true;
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
            self.renew();
        }
    }
}
