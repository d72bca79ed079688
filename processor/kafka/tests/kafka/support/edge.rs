//! An edge as the topic sees it: records of one log, numbered, sent the way that the forwarder sends them.

use super::before;
use super::cluster::TOPIC;
use super::event::{now_ms, small};
use footfall_topics::{Body, Connection, HEADER, Number, Outgoing};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;
use uuid::Uuid;

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Current,
    /// As releases up to November 2026 did.
    Before,
}

impl Format {
    pub fn other(self) -> Self {
        match self {
            Self::Current => Self::Before,
            Self::Before => Self::Current,
        }
    }
}

pub struct Edge {
    /// Of what is sent from now on.
    pub format: Format,
    pub log_id: Uuid,
    /// The greatest number so far.
    pub last: u64,
    marked: u64,
    producer: BaseProducer,
    partitions: u32,
}

impl Edge {
    pub fn new(connection: &Connection, partitions: u32) -> Self {
        let mut config = connection.client();
        config
            .set("enable.idempotence", "true")
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .set("message.timeout.ms", "0");
        Self {
            format: Format::Current,
            log_id: Uuid::new_v4(),
            last: 0,
            marked: 0,
            producer: config.create().unwrap(),
            partitions,
        }
    }

    /// The same log again, by another producer.
    pub fn of(connection: &Connection, partitions: u32, log_id: Uuid, last: u64) -> Self {
        Self {
            log_id,
            last,
            ..Self::new(connection, partitions)
        }
    }

    /// Sends what no edge would send, to partition 1.
    pub fn send_strange(&self, payload: Option<&[u8]>, headers: Option<OwnedHeaders>) {
        let mut record = BaseRecord::<(), [u8]>::to(TOPIC).partition(1);
        record.payload = payload;
        record.headers = headers;
        self.producer.send(record).unwrap();
        self.flush();
    }

    /// Sends a record whose line is this one, to partition 1.
    pub fn send_line(&self, line: &str, payload: &[u8]) {
        let (key, value) = (HEADER, Some(line));
        self.send_strange(
            Some(payload),
            Some(OwnedHeaders::new().insert(Header { key, value })),
        );
    }

    /// Sends so many new events, of 500 visitors.
    pub fn send(&mut self, events: u64) {
        for _ in 0..events {
            self.last += 1;
            self.send_number(self.last, &small(self.last));
        }
        self.flush();
    }

    /// Sends a number, perhaps again.
    pub fn send_number(&self, seq: u64, payload: &[u8]) {
        let key = Uuid::from_u128(u128::from(seq % 500) << 64 | 0xE);
        self.put(
            seq,
            Body::Event {
                code: 1,
                key,
                payload,
            },
        );
    }

    /// Says that all numbers so far have been sent.
    pub fn mark(&mut self) {
        self.last += 1;
        let text = format!(r#"{{"through":{},"node":"test","closing":false}}"#, self.last - 1);
        // Only when all lower numbers are acknowledged.
        self.flush();
        self.put(self.last, Body::Mark(text.as_bytes()));
        self.marked = self.last;
        self.flush();
    }

    /// A mark, if so many events have come since the last.
    pub fn mark_after(&mut self, events: u64) {
        if self.last - self.marked > events {
            self.mark();
        }
    }

    pub fn flush(&self) {
        self.producer.flush(Duration::from_secs(60)).unwrap();
    }

    /// Sends a number, whatever it is. A lost range has the number that it begins with.
    pub fn put(&self, seq: u64, body: Body<'_>) {
        let number = Number {
            log_id: self.log_id,
            seq,
        };
        let outgoing = Outgoing {
            number,
            received_ms: u64::try_from(now_ms()).unwrap(),
            body,
        };
        let key = outgoing.key().to_string();
        let partition = i32::try_from(outgoing.partition(self.partitions)).unwrap();
        let mut record = BaseRecord::to(TOPIC)
            .key(&key)
            .payload(outgoing.payload())
            .partition(partition)
            .headers(match self.format {
                Format::Current => outgoing.headers(),
                Format::Before => before::headers(&outgoing),
            });
        while let Err((error, again)) = self.producer.send(record) {
            assert!(matches!(
                error,
                KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)
            ));
            self.producer.poll(Duration::from_millis(100));
            record = again;
        }
        self.producer.poll(Duration::ZERO);
    }
}
