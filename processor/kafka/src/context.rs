//! What librdkafka tells outside of messages: rebalances, errors, its own log. Rebalances are put down here and served
//! by the poll thread between two polls ([`crate::poll`]), because the answer takes a conversation with the processor.

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The same trouble is told again after this time: a broker that is away is one line, not one per attempt.
const SAY_AGAIN: Duration = Duration::from_secs(30);
/// Different troubles that are remembered.
const REMEMBERED: usize = 64;

/// A rebalance that waits for our answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rebalance {
    /// These were added, perhaps none.
    Assign(Vec<i32>),
    /// These have to be given back.
    Revoke(Vec<i32>),
}

/// Gets the callbacks of one consumer.
#[derive(Default)]
pub(crate) struct Context {
    waiting: Mutex<Option<Rebalance>>,
    closing: AtomicBool,
    /// All brokers are down, and nobody has asked since.
    down: AtomicBool,
    said: Mutex<Vec<(String, Instant)>>,
}

impl Context {
    /// The rebalance that the last poll has brought.
    pub(crate) fn take(&self) -> Option<Rebalance> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// From now on rebalances are agreed to at once: nobody is there any more to ask.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// Whether all brokers went down since this was asked last.
    pub(crate) fn went_down(&self) -> bool {
        self.down.swap(false, Ordering::Relaxed)
    }

    /// Whether this should be told: not if the same was told a short time ago.
    pub(crate) fn is_news(&self, what: &str) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        said.retain(|(_, at)| now.duration_since(*at) < SAY_AGAIN);
        if said.len() >= REMEMBERED || said.iter().any(|(known, _)| known == what) {
            return false;
        }
        said.push((what.to_owned(), now));
        true
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let serious = matches!(
            level,
            RDKafkaLogLevel::Emerg
                | RDKafkaLogLevel::Alert
                | RDKafkaLogLevel::Critical
                | RDKafkaLogLevel::Error
                | RDKafkaLogLevel::Warning
        );
        if serious && self.is_news(facility) {
            tracing::warn!(facility, message, "librdkafka");
        } else {
            tracing::debug!(facility, message, "librdkafka");
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.down.store(true, Ordering::Relaxed);
        }
        if self.is_news(&error.to_string()) {
            tracing::warn!(%error, reason, "trouble with the brokers; it goes on by itself");
        }
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, kind: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let assign = kind == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::Relaxed) {
            let answered = if assign {
                consumer.incremental_assign(list)
            } else {
                consumer.incremental_unassign(list)
            };
            if let Err(error) = answered {
                tracing::debug!(%error, "a rebalance while closing");
            }
            return;
        }
        let partitions = list.elements().iter().map(|one| one.partition()).collect();
        let rebalance = if assign {
            Rebalance::Assign(partitions)
        } else {
            Rebalance::Revoke(partitions)
        };
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(rebalance);
    }
}

#[cfg(test)]
mod tests {
    use super::Context;

    #[test]
    fn the_same_trouble_is_told_once_in_a_while() {
        let context = Context::default();
        assert!(context.is_news("all brokers down"));
        assert!(!context.is_news("all brokers down"));
        assert!(context.is_news("authentication failed"));
    }
}
