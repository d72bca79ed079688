//! Records that an auditor or a command sends to the topic, and whether the brokers have taken them: `again`, `lost`.

use crate::ask::AskError;
use crate::settings::Settings;
use footfall_topics::Right;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Sends records; what became of them says [`Sender::finish`].
pub(crate) struct Sender {
    producer: BaseProducer<Refusal>,
    topic: String,
}

impl Sender {
    pub(crate) fn new(settings: &Settings) -> KafkaResult<Self> {
        let mut config = settings.connection.client();
        config
            .set("enable.idempotence", "true")
            .set("compression.type", "lz4")
            .set("delivery.timeout.ms", "60000");
        Ok(Self {
            producer: config.create_with_context(Refusal::default())?,
            topic: settings.topic.clone(),
        })
    }

    /// Waits for room.
    pub(crate) fn send(&self, record: BaseRecord<'_, [u8], [u8]>) -> Result<(), AskError> {
        let mut record = record;
        while let Err((error, again)) = self.producer.send(record) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(self.refusal().unwrap_or(AskError::Kafka(error)));
            }
            self.producer.poll(Duration::from_millis(100));
            record = again;
        }
        self.producer.poll(Duration::ZERO);
        Ok(())
    }

    /// Until the brokers have them all.
    ///
    /// # Errors
    /// They did not take one, or have not answered in time: some of them may be there.
    pub(crate) fn finish(&self, patience: Duration) -> Result<(), AskError> {
        let flushed = self.producer.flush(patience).map_err(AskError::Kafka);
        // Says more than that there was no answer.
        self.refusal().map_or(flushed, Err)
    }

    fn refusal(&self) -> Option<AskError> {
        let error = self.producer.context().take()?;
        let right = error.rdkafka_error_code().and_then(Right::of_producer);
        Some(match right {
            Some(right) => AskError::Denied(right.missing(&self.topic)),
            None => AskError::Kafka(error),
        })
    }
}

/// Why the brokers did not take a record: the first reason, or the right that is missing.
#[derive(Default)]
struct Refusal(Mutex<Option<KafkaError>>);

impl Refusal {
    fn note(&self, error: &KafkaError) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let says_more = error
            .rdkafka_error_code()
            .is_some_and(|code| Right::of_producer(code).is_some());
        if known.is_none() || says_more {
            *known = Some(error.clone());
        }
    }

    fn take(&self) -> Option<KafkaError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ClientContext for Refusal {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(severity = ?level, facility, message, "librdkafka");
    }

    /// Brokers that are away for a moment are no refusal.
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "librdkafka, while sending again");
        if error.rdkafka_error_code().and_then(Right::of_producer).is_some() {
            self.note(&error);
        }
    }
}

impl ProducerContext for Refusal {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            self.note(error);
        }
    }
}
