//! What the source must be told, and what librdkafka is told of it.

use crate::context::Context;
use footfall_topics::Connection;
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use std::time::Duration;

/// Smallest and largest share of the buffer that one partition gets.
const SHARE: (usize, usize) = (256 * 1024, 8 * 1024 * 1024);

/// How the source reads a topic. [`Settings::new`] has the values of the design.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How to reach the brokers.
    pub connection: Connection,
    /// The topic.
    pub topic: String,
    /// The consumer group. One group per database: two live groups on one database are not fenced from each other.
    pub group: String,
    /// A processor that is silent for so long has left the group (10 s). An unclean take-over takes this and L.
    pub session_timeout: Duration,
    /// Bytes that librdkafka may hold over all partitions, about (64 MiB); they are decompressed.
    pub buffer_bytes: usize,
    /// How long the processor may take to give partitions back (20 s); then they are dropped as if lost.
    pub revoke_patience: Duration,
    /// How often is asked whether the topic is still the same (5 s).
    pub watch_every: Duration,
}

impl Settings {
    /// The design's values.
    #[must_use]
    pub fn new(connection: Connection, topic: &str, group: &str) -> Self {
        Self {
            connection,
            topic: topic.to_owned(),
            group: group.to_owned(),
            session_timeout: Duration::from_secs(10),
            buffer_bytes: 64 * 1024 * 1024,
            revoke_patience: Duration::from_secs(20),
            watch_every: Duration::from_secs(5),
        }
    }

    /// For a client's callbacks.
    pub(crate) fn context(&self) -> Context {
        Context::new(&self.topic, &self.group)
    }

    /// For the member of the group. `partitions`: how many the topic has, for the share of each.
    pub(crate) fn member(&self, partitions: usize) -> ClientConfig {
        let mut config = self.reader(partitions);
        let session = self.session_timeout.as_millis();
        // A rebalance waits for a member that does not poll at most this long; ours polls every 50 ms, or is in the
        // revoke conversation, or in a commit that blocks for a session time-out.
        let rebalance = (self.revoke_patience + 2 * self.session_timeout).max(Duration::from_secs(60));
        config
            .set("group.id", &self.group)
            .set("group.protocol", "classic")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", session.to_string())
            .set("heartbeat.interval.ms", (session / 5).max(100).to_string())
            .set("max.poll.interval.ms", rebalance.as_millis().to_string());
        config
    }

    /// For reading without a group.
    pub(crate) fn reader(&self, partitions: usize) -> ClientConfig {
        let share = (self.buffer_bytes / partitions.max(1)).clamp(SHARE.0, SHARE.1);
        let mut config = self.connection.client();
        config
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set("metadata.max.age.ms", "30000")
            // Fetching stops at half of the share; one more fetch of an eighth, compressed, may be on its way.
            .set("queued.max.messages.kbytes", (share / 2 / 1024).to_string())
            .set("fetch.message.max.bytes", (share / 8).to_string())
            .set(
                "fetch.max.bytes",
                (self.buffer_bytes / 4).max(1024 * 1024).to_string(),
            )
            // The default of 1 s after a full buffer would be most of the time.
            .set("fetch.queue.backoff.ms", "10")
            .set("fetch.wait.max.ms", "500")
            .set("fetch.error.backoff.ms", "200")
            .set("check.crcs", "true")
            .set_log_level(RDKafkaLogLevel::Warning);
        config
    }
}
