//! The salts of the days, shared by all ingest nodes through a small topic: what recognises visitors without a cookie must
//! be the same on every node, and gone after 48 h.
//!
//! One record is the salt of one day (key: days since 1970; value: 64 hex digits). It is published the day before by whichever
//! node comes first; of several for a day the first record counts, and a node uses only what it has read. Even days have
//! partition 0, odd ones 1, so that a day's record never shares a file with the next day's: when a salt's time is over,
//! the nodes have Kafka delete the records up to it. The topic's retention is there for the case that nobody does.
//!
//! `Reader` (`salts/reader.rs`) reads the topic from its beginning; [`share`] is the loop that publishes what is missing
//! and deletes what is over. Without brokers there is no salt, and visitors without a cookie are page loads meanwhile.

mod reader;
mod told;

use crate::error::ForwardError;
use crate::run::own_thread;
use footfall_topics::{Complaints, Connection, Right, reach, remind};
use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::{Offset, TopicPartitionList};
use reader::{Reader, Salt};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use told::Told;

/// Partitions of the topic.
pub const SALT_PARTITIONS: u32 = 2;

/// Days, from the beginning of its own, after which a salt is deleted.
const LIFE_DAYS: i64 = 2;
/// A salt is published the day before its own, once that day is as old: then it lies further from the partition's last salt,
/// which may have come just before midnight, than the topic's `segment.ms` (1 h), and does not share a file with it. Kafka
/// deletes whole files.
const APART_MS: i64 = 65 * 60 * 1000;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// How long a broker may take to answer, and how long we wait before we ask again.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is seen to that no client has forgotten its brokers, and how long each may take to answer.
const CARE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_millis(200));

/// What the sharing of salts needs of the node.
pub struct Salts {
    /// The brokers.
    pub connection: Connection,
    /// The topic: two partitions, `cleanup.policy=delete`, a short `segment.ms`.
    pub topic: String,
    /// Milliseconds since 1970.
    pub now: Box<dyn Fn() -> i64 + Send>,
    /// New random bytes, of a cryptographic generator.
    pub random: Box<dyn Fn() -> [u8; 32] + Send>,
    /// Takes the salt of a day. False: not wanted now; it is offered again.
    pub offer: Box<dyn Fn(i64, [u8; 32]) -> bool + Send>,
}

/// Shares salts until `shutdown`.
///
/// # Errors
/// The configuration is not one that librdkafka takes.
pub async fn share(salts: Salts, shutdown: CancellationToken) -> Result<(), ForwardError> {
    salts.connection.check()?;
    own_thread(move || async move { Sharer::new(salts)?.run(&shutdown).await }).await
}

struct Sharer {
    salts: Salts,
    reader: Reader,
    producer: BaseProducer<Told>,
    admin: AdminClient<DefaultClientContext>,
    /// Read and not yet taken, nor over.
    pending: Vec<Salt>,
    /// Each day's last record, until it is deleted.
    known: BTreeMap<i64, i64>,
    /// When what was asked for last, by day.
    asked: BTreeMap<i64, Instant>,
    care_at: Instant,
}

impl Sharer {
    fn new(salts: Salts) -> Result<Self, ForwardError> {
        let config = salts.connection.client();
        let admin = config.create().map_err(ForwardError::Client)?;
        let reader = Reader::new(config, &salts.topic)?;
        let producer = producer(&salts)?;
        Ok(Self {
            salts,
            reader,
            producer,
            admin,
            pending: Vec::new(),
            known: BTreeMap::new(),
            asked: BTreeMap::new(),
            care_at: Instant::now() + CARE.0,
        })
    }

    async fn run(mut self, shutdown: &CancellationToken) -> Result<(), ForwardError> {
        while !shutdown.is_cancelled() {
            let salts = self.reader.read();
            for salt in salts {
                // Of several the first counts: offsets of a day's partition are in order. All of them have to go.
                if self.known.insert(salt.day, salt.offset).is_none() {
                    self.pending.push(salt);
                }
            }
            let now = (self.salts.now)();
            let today = now.div_euclid(DAY_MS);
            let offer = &self.salts.offer;
            self.pending
                .retain(|salt| salt.day > today - LIFE_DAYS && !offer(salt.day, *salt.bytes));
            for day in due(now) {
                self.publish_if_missing(day);
            }
            self.producer.poll(Duration::ZERO);
            self.delete_what_is_over(today).await;
            self.care();
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(250)) => {}
            }
        }
        // What is under way is somebody's salt of tomorrow: a moment for it.
        _ = self.producer.flush(Duration::from_secs(1));
        Ok(())
    }

    /// These clients live as long as the node and are idle for hours.
    fn care(&mut self) {
        if Instant::now() < self.care_at {
            return;
        }
        self.care_at = Instant::now() + CARE.0;
        self.remind_if_silent(self.reader.client());
        self.remind_if_silent(self.producer.client());
        self.remind_if_silent(self.admin.inner());
    }

    fn remind_if_silent<C: ClientContext>(&self, client: &Client<C>) {
        if reach(client, &self.salts.topic, CARE.1).is_err() {
            remind(client, &self.salts.connection.bootstrap);
        }
    }

    /// Whether to ask, or ask again.
    fn is_due(&mut self, day: i64) -> bool {
        let due = self.asked.get(&day).is_none_or(|at| at.elapsed() >= PATIENCE);
        if due {
            self.asked.insert(day, Instant::now());
        }
        due
    }

    /// Publishes a salt for a day of which the topic has none, up to its end as it was just now.
    fn publish_if_missing(&mut self, day: i64) {
        let partition = partition(day);
        if self.known.contains_key(&day) || !self.reader.has_ended(partition) || !self.is_due(day) {
            return;
        }
        let (key, value) = (day.to_string(), hex(&(self.salts.random)()));
        let record = BaseRecord::to(&self.salts.topic)
            .partition(partition)
            .key(&key)
            .payload(&value);
        if let Err((error, _)) = self.producer.send(record) {
            tracing::warn!(%error, day, "could not publish a day's salt; trying again");
            // As one that was not let in: it would not notice that it is now.
            if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal)
                && let Ok(another) = producer(&self.salts)
            {
                self.producer = another;
            }
        }
    }

    /// Has Kafka delete the records of days that are over, so that nobody can read them there.
    async fn delete_what_is_over(&mut self, today: i64) {
        let over = self.known.range(..=today - LIFE_DAYS);
        let over: Vec<(i64, i64)> = over.map(|(day, offset)| (*day, *offset)).collect();
        for (day, offset) in over {
            if !self.is_due(day) {
                continue;
            }
            let mut up_to = TopicPartitionList::new();
            let added =
                up_to.add_partition_offset(&self.salts.topic, partition(day), Offset::Offset(offset + 1));
            let options = AdminOptions::new().request_timeout(Some(PATIENCE));
            let deleted = match added {
                Ok(()) => self.admin.delete_records(&up_to, &options).await,
                Err(error) => Err(error),
            };
            let answer = deleted.and_then(|list| list.elements().iter().try_for_each(|one| one.error()));
            match answer {
                Ok(()) => {
                    tracing::info!(day, "the salt of a day is deleted");
                    self.known.remove(&day);
                    self.asked.remove(&day);
                }
                Err(error) => self.not_deleted(day, &error),
            }
        }
    }

    fn not_deleted(&self, day: i64, error: &KafkaError) {
        let why = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::TopicAuthorizationFailed) => Right::Delete.missing(&self.salts.topic),
            _ => error.to_string(),
        };
        tracing::error!(
            error = why,
            day,
            "could not delete a day's salt, whose time is over; trying again"
        );
    }
}

fn producer(salts: &Salts) -> Result<BaseProducer<Told>, ForwardError> {
    let mut config = salts.connection.client();
    config
        .set("enable.idempotence", "true")
        .set("message.timeout.ms", PATIENCE.as_millis().to_string());
    let told = Told(Complaints::of_writer(&salts.topic));
    config.create_with_context(told).map_err(ForwardError::Client)
}

/// Days of which a salt should be there.
fn due(now: i64) -> RangeInclusive<i64> {
    now.div_euclid(DAY_MS)..=(now - APART_MS).div_euclid(DAY_MS) + 1
}

/// Where a day's salt stands.
fn partition(day: i64) -> i32 {
    i32::from(day.rem_euclid(i64::from(SALT_PARTITIONS)) == 1)
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{DAY_MS, due, partition};

    #[test]
    fn salts_of_one_partition_never_come_within_an_hour_whenever_the_first_node_starts() {
        let minute = 60_000;
        for start in (0..DAY_MS).step_by(minute) {
            let mut published = Vec::new();
            for now in (start..4 * DAY_MS).step_by(minute) {
                for day in due(now) {
                    if published.iter().all(|(of, _)| *of != day) {
                        published.push((day, now));
                    }
                }
            }
            let days: Vec<_> = published.iter().map(|(day, _)| *day).collect();
            assert_eq!(days, [0, 1, 2, 3, 4]);
            for (day, at) in &published {
                let before = published
                    .iter()
                    .filter(|(of, _)| of < day && partition(*of) == partition(*day));
                assert!(
                    before.clone().all(|(_, of)| at - of > DAY_MS / 24),
                    "{start}: {published:?}"
                );
                assert!(
                    *at <= day * DAY_MS || *at == start,
                    "in time: {start}: {published:?}"
                );
            }
        }
    }
}
