//! Why a question beside the group has no answer: of `again`, `lost` and `position`.

use crate::settings::Settings;
use rdkafka::error::KafkaError;

/// Why the brokers did not answer, or did not take a record.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// A right is missing; the text names it, and what gives it.
    #[error("{0}")]
    Denied(String),
    /// Anything else, as librdkafka says it.
    #[error(transparent)]
    Kafka(#[from] KafkaError),
}

impl AskError {
    /// Of a question about the topic or the group.
    pub(crate) fn told(self, settings: &Settings) -> Self {
        match self {
            Self::Kafka(error) => match settings.context().denied(&error) {
                Some(denied) => Self::Denied(denied),
                None => Self::Kafka(error),
            },
            Self::Denied(denied) => Self::Denied(denied),
        }
    }
}
