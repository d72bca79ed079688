//! Why a topic is not there or could not be looked at.

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use crate::complaint::Cause;
use crate::connection::ConnectionError;

/// Why a topic is not there or could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum TopicError {
    /// Settings that no topic should have.
    #[error("cannot make the topic {topic}: {reason}")]
    Settings {
        /// Which.
        topic: String,
        /// What is wrong with them.
        reason: String,
    },
    /// The connection's settings are wrong.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// The configuration is not one that librdkafka takes.
    #[error("cannot connect to Kafka at {bootstrap}: {source}")]
    Client {
        /// The brokers.
        bootstrap: String,
        /// librdkafka's word on it.
        source: KafkaError,
    },
    /// No broker lets us in: down, or user, password or certificate are wrong.
    #[error("cannot connect to Kafka at {bootstrap}: {complaint}")]
    Unreachable {
        /// The brokers.
        bootstrap: String,
        /// The complaint that says most.
        complaint: String,
        /// Its kind: says whether waiting can help, and what else can.
        cause: Cause,
    },
    /// There is no such topic.
    #[error("cannot find the topic {0}: `footfall topics` makes it")]
    Missing(String),
    /// The cluster says no.
    #[error("cannot {action} the topic {topic}: {code}")]
    Refused {
        /// What was tried.
        action: &'static str,
        /// On which.
        topic: String,
        /// Its answer.
        code: RDKafkaErrorCode,
    },
    /// No answer at all.
    #[error("cannot {action} the topic {topic}: {source}")]
    Failed {
        /// What was tried.
        action: &'static str,
        /// On which.
        topic: String,
        /// librdkafka's word on it.
        source: KafkaError,
    },
}

/// The cluster's no, as what it means.
pub(crate) fn refused(action: &'static str, topic: &str, code: RDKafkaErrorCode) -> TopicError {
    let topic = topic.to_owned();
    match code {
        RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
            TopicError::Missing(topic)
        }
        code => TopicError::Refused { action, topic, code },
    }
}
