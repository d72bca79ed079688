//! The Kafka topic, as ingest and the processor agree on it: sister of the tables.
//!
//! 1. [`Outgoing`]: what the forwarder sends, [`decode`]: what the processor makes of it ([`Received`]); the only two
//!    places that know the header, and the headers of the format before;
//! 2. [`partition_of`]: which partition a key has, as Kafka's own clients compute it;
//! 3. [`Connection`]: where the brokers are and how to be let in, as a librdkafka configuration; [`Complaints`]: what
//!    librdkafka has to say about that, each thing once;
//! 4. [`Topics`]: the topic is made, described and compared with what it should be ([`TopicSettings`]).
//!
//! TLS and SASL need the cargo feature `tls`; without it such a [`Connection`] is refused with a word on why.

mod admin;
mod block_on;
mod complaint;
mod connection;
mod describe;
mod error;
mod line;
mod outgoing;
mod partition;
mod reach;
mod received;
mod record;
mod rights;
mod separate;
mod settings;
mod topic;

pub use complaint::{Cause, Complaints, Listening};
pub use connection::{Connection, ConnectionError, Mechanism, Sasl, Secret, Tls};
pub use describe::{Topic, describe};
pub use error::TopicError;
pub use outgoing::{Body, Outgoing};
pub use partition::{murmur2, partition_of};
pub use reach::{Reminder, reach, remind};
pub use received::{Content, Received, Unreadable, decode, decode_headers};
pub use record::{FORMAT, HEADER, HEADER_C, LOST_BYTES, LOST_TYPE, MARK_TYPE, Number, TRACEPARENT};
pub use rights::{Right, Rights};
pub use settings::{Difference, TopicSettings};
pub use topic::{Created, Topics};

/// The topic unless the operator names another.
pub const TOPIC: &str = "footfall-events";
