//! What librdkafka says about the topic of salts: each kind once a minute, a right that is missing in our words.

use footfall_topics::Complaints;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;

/// The context of the reader and of the producer.
pub(super) struct Told(pub(super) Complaints);

impl ClientContext for Told {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        tracing::debug!(severity = ?level, facility = fac, message, "librdkafka");
    }

    /// The reader's group is a formality: that it is not permitted does not matter.
    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::GroupAuthorizationFailed) {
            self.0.note(&error, reason);
        }
    }
}

impl ConsumerContext for Told {}

impl ProducerContext for Told {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.0.note(error, "a day's salt was not taken");
        }
    }
}
