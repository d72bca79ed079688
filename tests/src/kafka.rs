//! What operators and strangers do to the topic and to the group's positions. All calls block.

use anyhow::{Context as _, Result, ensure};
use footfall_topics::{Body, Connection, HEADER, Number, Outgoing, TOPIC, TopicSettings, Topics};
use rdkafka::TopicPartitionList;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::Offset;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(30);

/// The way to one cluster of brokers.
#[derive(Debug, Clone)]
pub struct Kafka {
    bootstrap: String,
}

impl Kafka {
    /// At these addresses.
    #[must_use]
    pub fn at(bootstrap: &str) -> Self {
        Self {
            bootstrap: bootstrap.to_owned(),
        }
    }

    fn connection(&self) -> Connection {
        Connection::plain(self.bootstrap.clone())
    }

    fn topics(&self) -> Result<Topics> {
        Ok(Topics::connect(&self.connection(), PATIENCE)?)
    }

    /// How many partitions the topic has.
    ///
    /// # Errors
    /// There is none, or no answer.
    pub fn partitions(&self) -> Result<u32> {
        Ok(self.topics()?.describe(TOPIC)?.partitions)
    }

    /// Adds partitions, up to so many.
    ///
    /// # Errors
    /// Fewer than there are, or no answer.
    pub fn grow(&self, partitions: u32) -> Result<()> {
        Ok(self.topics()?.grow(TOPIC, partitions)?)
    }

    /// Deletes the topic with everything in it; returns when the brokers do not know it any more.
    ///
    /// # Errors
    /// There is none, or no answer.
    pub fn delete(&self) -> Result<()> {
        let topics = self.topics()?;
        topics.delete(TOPIC)?;
        crate::footfall::eventually("the end of the topic", || {
            ensure!(topics.describe(TOPIC).is_err(), "it is still there");
            Ok(())
        })
    }

    /// What stands beside the group's committed positions, partition by partition; the group may have members.
    ///
    /// # Errors
    /// No answer.
    pub fn words(&self, group: &str) -> Result<Vec<String>> {
        let consumer: BaseConsumer = self.connection().client().set("group.id", group).create()?;
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::try_from(self.partitions()?)? {
            list.add_partition(TOPIC, partition);
        }
        let committed = consumer.committed_offsets(list, PATIENCE)?;
        let words = committed.elements();
        Ok(words
            .iter()
            .map(|element| element.metadata().to_owned())
            .collect())
    }

    /// Removes everything that the topic has, as retention does. Gives how many of the records a group without members had not
    /// passed.
    ///
    /// # Errors
    /// No answer.
    pub fn remove_records(&self, group: &str) -> Result<u64> {
        let consumer: BaseConsumer = self.connection().client().set("group.id", group).create()?;
        let mut places = TopicPartitionList::new();
        for partition in 0..i32::try_from(self.partitions()?)? {
            places.add_partition(TOPIC, partition);
        }
        let committed = consumer.committed_offsets(places, PATIENCE)?;
        // Each end is asked for once: a log that is open sends marks at any time.
        let (mut list, mut unread) = (TopicPartitionList::new(), 0);
        for place in committed.elements() {
            let (first, end) = consumer.fetch_watermarks(TOPIC, place.partition(), PATIENCE)?;
            list.add_partition_offset(TOPIC, place.partition(), Offset::Offset(end))?;
            unread += end - place.offset().to_raw().unwrap_or(-1).max(first);
        }
        let admin: AdminClient<_> = self.connection().client().create()?;
        let done = block_on(admin.delete_records(&list, &AdminOptions::new()))?;
        for element in done.elements() {
            element.error()?;
        }
        Ok(u64::try_from(unread)?)
    }

    /// Everything that a topic has, partition by partition: of each record key, value and headers, decompressed.
    ///
    /// # Errors
    /// No answer.
    pub fn records(&self, topic: &str) -> Result<Vec<Vec<u8>>> {
        // librdkafka assigns nothing without a group; nothing is ever committed.
        let consumer: BaseConsumer = self.connection().client().set("group.id", "tests").create()?;
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
        let partitions = metadata.topics().first().context("the topic")?.partitions().len();
        let mut all = Vec::new();
        for partition in 0..i32::try_from(partitions)? {
            let (first, end) = consumer.fetch_watermarks(topic, partition, PATIENCE)?;
            let mut list = TopicPartitionList::new();
            list.add_partition_offset(topic, partition, Offset::Offset(first))?;
            consumer.assign(&list)?;
            let mut next = first;
            while next < end {
                let (at, bytes) = crate::footfall::eventually("a record", || {
                    let record = consumer.poll(Duration::from_secs(1)).context("nothing")??;
                    Ok((record.offset(), bytes_of(&record)))
                })?;
                next = at + 1;
                all.push(bytes);
            }
        }
        Ok(all)
    }

    /// A record for that partition of any topic.
    ///
    /// # Errors
    /// No answer.
    pub fn publish(&self, topic: &str, partition: i32, key: &str, value: &str) -> Result<()> {
        let producer: BaseProducer = self.connection().client().set("acks", "all").create()?;
        let record = BaseRecord::to(topic).partition(partition).key(key).payload(value);
        producer.send(record).map_err(|(error, _)| error)?;
        Ok(producer.flush(PATIENCE)?)
    }

    /// Makes the topic of the days' salts before anybody else, as it is, but that a record is in a file with another only
    /// if both come within this time.
    ///
    /// # Errors
    /// It is there, or no answer.
    pub fn salts_apart(&self, topic: &str, apart: Duration) -> Result<()> {
        let settings = TopicSettings {
            name: topic.to_owned(),
            partitions: 2,
            replication: 1,
            min_insync: 1,
            retention: Duration::from_secs(72 * 3600),
            segment: Some(apart),
        };
        self.topics()?.create(&settings)?;
        Ok(())
    }

    /// Commits a position for every partition, for a group without members, as Kafka's own tool does.
    ///
    /// # Errors
    /// The group has members, or no answer.
    pub fn set_positions(&self, group: &str, position: i64) -> Result<()> {
        let consumer: BaseConsumer = self.connection().client().set("group.id", group).create()?;
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::try_from(self.partitions()?)? {
            list.add_partition_offset(TOPIC, partition, Offset::Offset(position))?;
        }
        consumer
            .commit(&list, CommitMode::Sync)
            .context("set the positions of a group")
    }

    /// A log of its own: so many events that nobody can read, then the mark that closes it.
    ///
    /// # Errors
    /// No answer.
    pub fn poison(&self, bad: u64) -> Result<Uuid> {
        let log_id = Uuid::new_v4();
        let partitions = self.partitions()?;
        for seq in 1..=bad {
            let payload = b"\xff\xfe not an event";
            let body = Body::Event {
                code: 1,
                key: log_id,
                payload,
            };
            self.send_number(log_id, seq, body, partitions)?;
        }
        let mark = format!(r#"{{"through":{bad},"node":"poison","closing":true}}"#);
        self.send_number(log_id, bad + 1, Body::Mark(mark.as_bytes()), partitions)?;
        Ok(log_id)
    }

    fn send_number(&self, log_id: Uuid, seq: u64, body: Body<'_>, partitions: u32) -> Result<()> {
        let outgoing = Outgoing {
            number: Number { log_id, seq },
            received_ms: u64::try_from(crate::load::now_ms())?,
            body,
        };
        let partition = outgoing.partition(partitions);
        self.send(partition, Some(outgoing.payload()), Some(outgoing.headers()))
    }

    /// Records without a number, as a console producer sends them: to partition 0. Gives how many.
    ///
    /// # Errors
    /// No answer.
    pub fn strangers(&self) -> Result<u64> {
        let bad = OwnedHeaders::new().insert(header(HEADER, "1 not-a-log 12"));
        self.send(0, Some(b"hello"), None)?;
        self.send(0, None, None)?;
        self.send(0, Some(b"x"), Some(bad))?;
        Ok(3)
    }

    /// A record whose header a mirror has dropped: to partition 0.
    ///
    /// # Errors
    /// No answer.
    pub fn stripped(&self, payload: &[u8]) -> Result<()> {
        self.send(0, Some(payload), None)
    }

    /// A record of a log of its own, in the format of a release to come, to that partition.
    ///
    /// # Errors
    /// No answer.
    pub fn of_tomorrow(&self, partition: u32) -> Result<Uuid> {
        let log_id = Uuid::new_v4();
        let line = format!("2 {log_id} 1 and whatever it says");
        let headers = OwnedHeaders::new().insert(header(HEADER, &line));
        self.send(partition, Some(b"of tomorrow"), Some(headers))?;
        Ok(log_id)
    }

    fn send(&self, partition: u32, payload: Option<&[u8]>, headers: Option<OwnedHeaders>) -> Result<()> {
        let producer: BaseProducer = self.connection().client().set("acks", "all").create()?;
        let mut record = BaseRecord::<(), [u8]>::to(TOPIC).partition(i32::try_from(partition)?);
        record.payload = payload;
        record.headers = headers;
        producer.send(record).map_err(|(error, _)| error)?;
        Ok(producer.flush(PATIENCE)?)
    }
}

fn bytes_of(record: &BorrowedMessage<'_>) -> Vec<u8> {
    let headers = record.headers().into_iter().flat_map(Headers::iter);
    let headers = headers.flat_map(|header| [header.key.as_bytes(), header.value.unwrap_or_default()]);
    let parts = [
        record.key().unwrap_or_default(),
        record.payload().unwrap_or_default(),
    ];
    parts.into_iter().chain(headers).collect::<Vec<_>>().join(&b'\n')
}

fn header<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header {
        key,
        value: Some(value),
    }
}

struct Parked(Thread);

impl Wake for Parked {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// librdkafka's own thread completes the future.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Parked(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park();
    }
}
