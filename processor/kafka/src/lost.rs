//! Declaring numbers lost: records that say so, sent to the topic like any other.
//!
//! The owner of their partition looks every number up and writes `lost` for what no table has: so a record that was sent
//! in error, or twice, changes nothing. Whether the numbers can still come is for the sender to know *before*: a copy that
//! comes to another partition afterwards need not be looked up there.

use crate::ask::AskError;
use crate::sender::Sender;
use crate::settings::Settings;
use footfall_delivery::Numbers;
use footfall_topics::{Body, Number, Outgoing};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::BaseRecord;
use std::time::Duration;

/// How long one question, or the acknowledgement, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends one record for each range; `reason` is for the ledger. Returns when the brokers have them all.
///
/// # Errors
/// The brokers': no answer, or they did not take one. They may have some of them.
pub fn declare_lost(settings: &Settings, numbers: &[Numbers], reason: &str) -> Result<(), AskError> {
    send(settings, numbers, reason).map_err(|error| error.told(settings))
}

fn send(settings: &Settings, numbers: &[Numbers], reason: &str) -> Result<(), AskError> {
    let reader: BaseConsumer = settings.connection.client().create()?;
    let metadata = reader.fetch_metadata(Some(&settings.topic), PATIENCE)?;
    let partitions = metadata
        .topics()
        .first()
        .map_or(0, |topic| topic.partitions().len());
    let partitions = u32::try_from(partitions).unwrap_or(1).max(1);
    let sender = Sender::new(settings)?;
    for range in numbers {
        let outgoing = Outgoing {
            number: Number {
                log_id: range.log_id,
                seq: range.first,
            },
            received_ms: 0,
            body: Body::Lost {
                last: range.last,
                reason,
                bytes: &[],
            },
        };
        let key = outgoing.key().to_string();
        let record = BaseRecord::to(&settings.topic)
            .key(key.as_bytes())
            .payload(outgoing.payload())
            .partition(i32::try_from(outgoing.partition(partitions)).unwrap_or_default())
            .headers(outgoing.headers());
        sender.send(record)?;
    }
    sender.finish(PATIENCE)
}
