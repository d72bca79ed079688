//! What librdkafka tells outside of messages: rebalances, errors, its own log. Rebalances are put down here and served
//! by the poll thread between two polls ([`crate::poll`]), because the answer takes a conversation with the processor.

use footfall_topics::Right;
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
pub(crate) struct Context {
    topic: String,
    group: String,
    waiting: Mutex<Option<Rebalance>>,
    closing: AtomicBool,
    /// All brokers are down, and nobody has asked since.
    down: AtomicBool,
    said: Mutex<Vec<(String, Instant)>>,
}

impl Context {
    /// Of a consumer of this topic, perhaps in this group.
    pub(crate) fn new(topic: &str, group: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            group: group.to_owned(),
            waiting: Mutex::default(),
            closing: AtomicBool::default(),
            down: AtomicBool::default(),
            said: Mutex::default(),
        }
    }

    /// Which right is missing, if that is what the error says.
    pub(crate) fn denied(&self, error: &KafkaError) -> Option<String> {
        let right = Right::of_consumer(error.rdkafka_error_code()?)?;
        Some(right.missing(match right {
            Right::Group => &self.group,
            Right::Read | Right::Write | Right::Delete => &self.topic,
        }))
    }

    /// Tells, once in a while, if the error says that a right is missing; false: it says something else.
    pub(crate) fn tell_denied(&self, error: &KafkaError) -> bool {
        let denied = self.denied(error);
        if let Some(denied) = denied.as_ref().filter(|denied| self.is_news(denied)) {
            tracing::error!("{denied}");
        }
        denied.is_some()
    }

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
        if !self.tell_denied(&error) && self.is_news(&error.to_string()) {
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
    use rdkafka::error::KafkaError;
    use rdkafka::types::RDKafkaErrorCode;

    #[test]
    fn the_same_trouble_is_told_once_in_a_while() {
        let context = Context::new("events", "footfall");
        assert!(context.is_news("all brokers down"));
        assert!(!context.is_news("all brokers down"));
        assert!(context.is_news("authentication failed"));
    }

    #[test]
    fn a_right_that_is_missing_is_named_with_its_topic_or_group() {
        let context = Context::new("events", "footfall");
        let denied = |code| context.denied(&KafkaError::ConsumerCommit(code));
        assert!(
            denied(RDKafkaErrorCode::GroupAuthorizationFailed)
                .is_some_and(|text| text.starts_with("our user may not be in the group footfall;"))
        );
        assert!(
            denied(RDKafkaErrorCode::TopicAuthorizationFailed)
                .is_some_and(|text| text.starts_with("our user may not read the topic events;"))
        );
        assert_eq!(denied(RDKafkaErrorCode::RequestTimedOut), None);
    }
}
