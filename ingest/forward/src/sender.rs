//! One producer's life: records go out, reports come in. After the first failure it is thrown away.

use std::time::Duration;

use bytes::Bytes;
use footfall_log::{Item, Record};
use footfall_topics::Complaints;
use rdkafka::bindings as native;
use rdkafka::client::Client;
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::types::RDKafkaErrorCode;
use uuid::fmt::Hyphenated;

use crate::bell::Bell;
use crate::config::Config;
use crate::error::ForwardError;
use crate::feed::{after, outgoing, waits_for_all};
use crate::handle::{Handle, Parcel};
use crate::reports::Reports;
use crate::window::{Passed, Window};

/// What became of an item.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is under way.
    Taken,
    /// No room: after the next reports.
    Full,
    /// It goes out when nothing is under way any more.
    Barrier,
    /// This producer is of no use any more.
    Failed(String),
}

pub(crate) struct Sender {
    // The order is the order of dropping: bell and handle must not outlive the producer, nor the producer the window,
    // whose payloads it reads.
    bell: Bell,
    handle: Handle,
    producer: BaseProducer<Reports>,
    window: Window,
    /// These two are kept for their room.
    delivered: Vec<usize>,
    line: String,
    most: (usize, usize),
}

impl Sender {
    pub(crate) fn new(config: &Config, complaints: Complaints) -> Result<Sender, ForwardError> {
        config.connection.check()?;
        let producer: BaseProducer<Reports> = config
            .producer()
            .create_with_context(Reports::new(complaints))
            .map_err(ForwardError::Client)?;
        let client = producer.client().native_ptr();
        // SAFETY: the producer is a field after these two, so it is dropped after them.
        let (bell, handle) = unsafe { (Bell::hang(client), Handle::new(client, &config.topic)) };
        let no = |what: &str| ForwardError::Client(KafkaError::ClientCreation(what.to_owned()));
        Ok(Sender {
            bell: bell.ok_or_else(|| no("it has no main queue"))?,
            handle: handle.ok_or_else(|| no("the topic's name is not one"))?,
            producer,
            window: Window::default(),
            delivered: Vec::new(),
            line: String::new(),
            most: (config.in_flight_records, config.in_flight_bytes),
        })
    }

    /// Sends an item to the partition that its key has among `partitions`.
    pub(crate) fn send(&mut self, item: &Item, partitions: u32) -> Sent {
        if self.window.len() > 0 && waits_for_all(item) {
            return Sent::Barrier;
        }
        if self.window.len() >= self.most.0 || self.window.bytes() >= self.most.1 {
            return Sent::Full;
        }
        let out = outgoing(item);
        let mut key = [0; Hyphenated::LENGTH];
        let key: &str = out.key().hyphenated().encode_lower(&mut key);
        let partition = footfall_topics::partition_of(key.as_bytes(), partitions);
        let payload = out.payload();
        out.line(&mut self.line);
        let index = self.window.push(after(item), held(item, payload));
        let parcel = Parcel {
            partition: i32::try_from(partition).unwrap_or(i32::MAX),
            key,
            payload,
            timestamp_ms: i64::try_from(out.received_ms).unwrap_or(i64::MAX),
            line: &self.line,
            traceparent: out.traceparent(),
            index,
        };
        // SAFETY: the window holds the payload until the report has come, and outlives the producer.
        let sent = unsafe { self.handle.send(parcel) };
        let Err(error) = sent else { return Sent::Taken };
        self.window.take_back();
        match error {
            // The producer does not know of a new partition yet: soon it does, or the next look finds another topic.
            RDKafkaErrorCode::QueueFull | RDKafkaErrorCode::UnknownPartition => Sent::Full,
            error => Sent::Failed(format!("a record was not taken: {error}")),
        }
    }

    /// Takes all reports that are there, and says what they acknowledge.
    pub(crate) fn serve(&mut self) -> Option<Passed> {
        // One poll takes one event; the bell rings again only after the queue was empty.
        while self.bell.waiting() {
            self.producer.poll(Duration::ZERO);
        }
        let mut delivered = std::mem::take(&mut self.delivered);
        self.reports().take(&mut delivered);
        for index in delivered.drain(..) {
            self.window.done(index);
        }
        self.delivered = delivered;
        self.window.advance()
    }

    /// Why this producer cannot be trusted any more.
    pub(crate) fn failure(&self) -> Option<String> {
        self.reports().failure()
    }

    /// Has what is collected sent at once. Blocks for up to a millisecond.
    pub(crate) fn hurry(&self) {
        // SAFETY: a live producer. With reports as events this only waits; the answer says whether all were served.
        unsafe { native::rd_kafka_flush(self.producer.client().native_ptr(), 1) };
    }

    /// Until there are reports.
    pub(crate) async fn reported(&self) {
        self.bell.rung().await;
    }

    /// Has the producer learn how many partitions there are by now. Blocks for at most `patience`.
    pub(crate) fn learn(&self, topic: &str, patience: Duration) {
        // Without an answer its own refresh finds them, half a minute later.
        drop(self.client().fetch_metadata(Some(topic), patience));
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.window.len()
    }

    pub(crate) fn client(&self) -> &Client<Reports> {
        self.producer.client()
    }

    pub(crate) fn reports(&self) -> &Reports {
        self.producer.client().context()
    }
}

/// The item's own bytes, at the address that `payload` has.
fn held(item: &Item, payload: &[u8]) -> Bytes {
    let (Item::Record(Record { payload: all, .. }) | Item::Lost { bytes: all, .. }) = item;
    all.slice(..payload.len())
}
