//! The group member's client: how one is made, and another in the place of one that cannot be trusted any more.
//!
//! What a client knows of a topic outlives the topic. Of one that was made anew it may fetch nothing, and with fewer
//! partitions than before the group goes on to share out those that are gone; nothing but a new client helps then, and a new
//! one costs a rebalance.

use crate::context::Context;
use crate::exchange::Exchange;
use crate::poll::{Poll, State};
use crate::settings::Settings;
use footfall_processor::source::SourceError;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// A client that wakes the poll thread. `partitions`: how many the topic has, for the share of each.
pub(crate) fn member(
    settings: &Settings,
    partitions: usize,
    exchange: &Arc<Exchange>,
) -> KafkaResult<Arc<BaseConsumer<Context>>> {
    let mut consumer: BaseConsumer<Context> = settings
        .member(partitions)
        .create_with_context(settings.context())?;
    let woken = Arc::clone(exchange);
    consumer.set_nonempty_callback(move || woken.wake());
    Ok(Arc::new(consumer))
}

impl Poll {
    /// Leaves the group with this client and joins it with another. Nothing that the processor holds counts any more.
    pub(crate) fn renew(&mut self) {
        metrics::counter!(crate::measure::REJOINS).increment(1);
        if self.owned.values().any(|owned| owned.state != State::New) {
            self.forget_all();
        }
        self.owned.clear();
        self.to_tell = None;
        self.question = None;
        let joined = member(&self.settings, self.partitions, &self.exchange).and_then(|consumer| {
            consumer.subscribe(&[&self.settings.topic])?;
            Ok(consumer)
        });
        match joined {
            Ok(consumer) => {
                self.leaving = false;
                put_away(std::mem::replace(&mut self.consumer, consumer));
            }
            Err(error) => self.exchange.fail(SourceError(Box::new(error))),
        }
    }
}

/// Lets a client leave the group. It may wait for a broker for a while, so nobody waits for it.
fn put_away(consumer: Arc<BaseConsumer<Context>>) {
    consumer.context().close();
    let thread = std::thread::Builder::new().name("kafka-leave".to_owned());
    // Without a thread it is dropped here.
    if let Err(error) = thread.spawn(move || drop(consumer)) {
        tracing::warn!(%error, "cannot start a thread that leaves the group");
    }
}
