//! What the forwarder can be told.

use std::time::Duration;

use footfall_topics::Connection;
use rdkafka::ClientConfig;

/// How to forward. [`Config::new`], and change what differs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The brokers.
    pub connection: Connection,
    /// The topic. Default `footfall-events`.
    pub topic: String,
    /// Most records under way at once. Default 50,000.
    pub in_flight_records: usize,
    /// Most bytes of their payloads. Default 32 MiB.
    pub in_flight_bytes: usize,
    /// How long a batch is collected. Default 50 ms: at a few thousand events a second over a dozen partitions the
    /// requests are what costs, and each has one partition's batch.
    pub linger: Duration,
    /// How often the position is saved while it moves; so much is sent again after a crash. Default 250 ms.
    pub save_every: Duration,
    /// How often the cluster is asked for the number of partitions and the topic's id. Default 30 s.
    pub look_every: Duration,
    /// How long a shutdown waits for what is under way. Default 10 s.
    pub flush: Duration,
}

impl Config {
    /// The defaults, with these brokers.
    #[must_use]
    pub fn new(connection: Connection) -> Config {
        Config {
            connection,
            topic: footfall_topics::TOPIC.to_owned(),
            in_flight_records: 50_000,
            in_flight_bytes: 32 << 20,
            linger: Duration::from_millis(50),
            save_every: Duration::from_millis(250),
            look_every: Duration::from_secs(30),
            flush: Duration::from_secs(10),
        }
    }

    /// What the producer says to librdkafka.
    pub(crate) fn producer(&self) -> ClientConfig {
        let mut config = self.connection.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // Never given up: the log holds the record until it is acknowledged.
            .set("message.timeout.ms", "0")
            .set("linger.ms", self.linger.as_millis().to_string())
            // [M] 301k records/s and 520k per CPU-second; zstd costs a third more, none fills the network.
            .set("compression.type", "lz4")
            .set("batch.num.messages", "10000")
            .set("batch.size", "1000000")
            // How large a record may be is the topic's to say.
            .set("message.max.bytes", "8388608")
            .set("topic.metadata.refresh.interval.ms", "30000")
            // Beyond our own bounds: those are counted in `window`.
            .set("queue.buffering.max.messages", "1000000")
            .set("queue.buffering.max.kbytes", "1048576");
        config
    }
}
