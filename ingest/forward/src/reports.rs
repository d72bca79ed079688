//! What the producer answers: delivered, or failed and why. Called from `poll`, on the forwarder's own thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

use footfall_topics::{Complaints, Right};
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{NoCustomPartitioner, ProducerContext};
use rdkafka::types::RDKafkaErrorCode;

/// Collects reports until the forwarder takes them.
#[derive(Debug)]
pub(crate) struct Reports {
    pub(crate) complaints: Complaints,
    delivered: Mutex<Vec<usize>>,
    /// The first failure: after it the producer is given up.
    failed: Mutex<Option<String>>,
}

impl Reports {
    /// `complaints`: those of all producers of this forwarder.
    pub(crate) fn new(complaints: Complaints) -> Reports {
        Reports {
            complaints,
            delivered: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// Indexes of the records that were delivered since the last call, in exchange for an empty vector.
    pub(crate) fn take(&self, empty: &mut Vec<usize>) {
        std::mem::swap(&mut *self.delivered(), empty);
    }

    fn delivered(&self) -> MutexGuard<'_, Vec<usize>> {
        self.delivered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why this producer cannot be trusted any more.
    pub(crate) fn failure(&self) -> Option<String> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fail(&self, text: String) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert(text);
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, fac: &str, message: &str) {
        tracing::debug!(severity = ?level, facility = fac, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            self.fail(format!("the producer has failed for good: {reason}"));
        }
        self.complaints.note(&error, reason);
    }
}

impl ProducerContext<NoCustomPartitioner> for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, index: usize) {
        match result {
            Ok(_) => self.delivered().push(index),
            Err((error, message)) => {
                let partition = message.partition();
                // Nobody else tells: this user may write elsewhere, and has an id.
                if error.rdkafka_error_code().and_then(Right::of_producer).is_some() {
                    self.complaints.note(error, "a record was not taken");
                }
                self.fail(format!(
                    "a record was not taken by partition {partition}: {error}"
                ));
            }
        }
    }
}
