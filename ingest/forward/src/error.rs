//! Why the forwarder cannot run at all. A broker that is away, refuses, or fails is no such reason: it waits.

use footfall_log::{OpenError, ReadError};
use footfall_topics::ConnectionError;
use rdkafka::error::KafkaError;

/// What ends the forwarder.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// The connection's settings are wrong: a file that is not there, TLS in a build without it.
    #[error("cannot forward the log: {0}")]
    Connection(#[from] ConnectionError),
    /// librdkafka does not take the configuration.
    #[error("cannot make a Kafka producer: {0}")]
    Client(#[source] KafkaError),
    /// The log's cursor cannot be had.
    #[error("cannot forward the log: {0}")]
    Log(#[from] ReadError),
    /// The folder of a log cannot be opened.
    #[error("cannot forward the log: {0}")]
    Folder(#[from] OpenError),
    /// The forwarder's thread could not be started, or is gone.
    #[error("cannot forward the log: {0}")]
    Thread(std::io::Error),
    /// Stopped before it was done.
    #[error("the forwarding was stopped before its end: {0}")]
    Stopped(String),
}
