//! A log that is written, a topic that is read back, and the question whether every number is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use footfall_broker::Broker;
use footfall_forward::{Config, ForwardError, Progress, run};
use footfall_log::{Entry, Log};
use footfall_schemas::event::trace;
use footfall_topics::{Connection, Content, TRACEPARENT, TopicSettings, Topics, decode, partition_of};
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn connection(broker: &Broker) -> Connection {
    Connection::plain(broker.bootstrap())
}

/// The topic of a test, on one broker.
pub(crate) fn settings(partitions: u32) -> TopicSettings {
    TopicSettings {
        partitions,
        replication: 1,
        min_insync: 1,
        ..TopicSettings::default()
    }
}

pub(crate) fn topics(broker: &Broker) -> Topics {
    Topics::connect(&connection(broker), PATIENCE).unwrap()
}

/// A log with small segments and frequent marks.
pub(crate) fn log_config(folder: &Path) -> footfall_log::Config {
    footfall_log::Config {
        folder: folder.to_owned(),
        segment_bytes: 1 << 20,
        mark_every: Duration::from_millis(200),
        keep: Duration::from_secs(3600),
        ..footfall_log::Config::default()
    }
}

pub(crate) fn open(folder: &Path) -> Log {
    Log::open(log_config(folder)).unwrap().0
}

/// The visitor of an event that is made here.
pub(crate) fn visitor(n: u64) -> Uuid {
    Uuid::from_u128(u128::from(n % 1000) * 0x0123_4567_89ab_cdef)
}

/// One in seven is traced.
fn traceparent(n: u64) -> String {
    if n.is_multiple_of(7) {
        format!(
            ",\"traceparent\":\"00-0af7651916cd43dd8448eb211c80319c-{:016x}-01\"",
            n + 1
        )
    } else {
        String::new()
    }
}

fn entry(n: u64) -> Entry {
    Entry {
        kind: u8::try_from(n % 9 + 1).unwrap(),
        time_ms: 1_790_000_000_000 + n,
        key: visitor(n).into_bytes(),
        payload: format!(
            "{{\"v\":1,\"n\":{n},\"fill\":\"{}\"{}}}",
            "x".repeat(usize::try_from(n % 300).unwrap()),
            traceparent(n)
        )
        .into_bytes(),
    }
}

/// Appends so many events, in calls of a hundred.
pub(crate) async fn append(log: &Log, count: u64) {
    for first in (0..count).step_by(100) {
        let entries: Vec<Entry> = (first..count.min(first + 100)).map(entry).collect();
        log.append(entries).await.unwrap();
    }
}

/// A forwarder that runs until it is dropped or stopped.
pub(crate) struct Forwarding {
    pub(crate) progress: Arc<Progress>,
    stop: CancellationToken,
    task: JoinHandle<Result<(), ForwardError>>,
}

impl Forwarding {
    pub(crate) fn start(config: Config, log: &Log) -> Forwarding {
        let (progress, stop) = (Arc::new(Progress::default()), CancellationToken::new());
        let body = run(config, log.clone(), Arc::clone(&progress), stop.clone());
        #[expect(clippy::disallowed_methods, reason = "joined by `stop`")]
        let task = tokio::spawn(body);
        Forwarding { progress, stop, task }
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }
}

/// Until the cursor has passed everything that is durable.
pub(crate) async fn forwarded(log: &Log) {
    eventually("everything is forwarded", || {
        let stats = log.stats();
        !stats.cursors.is_empty() && stats.cursors.iter().all(|cursor| cursor.records == 0)
    })
    .await;
}

/// Ends the log, and waits until all of it is forwarded. Returns its last number: from here on no mark follows.
pub(crate) async fn sealed(log: &Log) -> u64 {
    log.seal().await;
    forwarded(log).await;
    log.stats().durable
}

/// Waits for something to come true.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A record as it stands in the topic.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) log_id: Uuid,
    pub(crate) seq: u64,
    pub(crate) partition: u32,
    /// When the broker took it.
    pub(crate) appended_ms: i64,
    pub(crate) key: String,
    pub(crate) content: Content,
    pub(crate) payload: Vec<u8>,
}

/// Everything that the topic has, in the order of the offsets within each partition.
pub(crate) fn read_all(connection: &Connection, topic: &str, partitions: u32) -> Vec<Stored> {
    let mut config = connection.client();
    let consumer: BaseConsumer = config.set("group.id", "reader").create().unwrap();
    let mut list = TopicPartitionList::new();
    let mut left = 0;
    for partition in 0..i32::try_from(partitions).unwrap() {
        let (low, high) = consumer.fetch_watermarks(topic, partition, PATIENCE).unwrap();
        left += high - low;
        list.add_partition_offset(topic, partition, Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&list).unwrap();
    let (started, mut all) = (Instant::now(), Vec::new());
    while left > 0 {
        // `None` is also the answer when only a log line was served.
        let Some(message) = consumer.poll(Duration::from_secs(1)) else {
            assert!(started.elapsed() < PATIENCE, "{left} records do not come");
            continue;
        };
        all.push(stored(&message.unwrap()));
        left -= 1;
    }
    all
}

fn stored(message: &BorrowedMessage<'_>) -> Stored {
    let received = decode(message).unwrap();
    let headers = message.headers().unwrap();
    let traced = headers.iter().find(|header| header.key == TRACEPARENT);
    assert_eq!(
        traced.and_then(|header| header.value),
        trace::of(message.payload().unwrap()).map(str::as_bytes)
    );
    Stored {
        log_id: received.number.log_id,
        seq: received.number.seq,
        partition: u32::try_from(message.partition()).unwrap(),
        appended_ms: message.timestamp().to_millis().unwrap(),
        key: String::from_utf8(message.key().unwrap().to_vec()).unwrap(),
        content: received.content,
        payload: message.payload().unwrap().to_vec(),
    }
}

/// Every number of `1..=last` of the log is there. Returns how many records are copies of another.
pub(crate) fn all_there(stored: &[Stored], log_id: Uuid, last: u64) -> usize {
    let ours = || stored.iter().filter(|record| record.log_id == log_id);
    let numbers: BTreeSet<u64> = ours().map(|record| record.seq).collect();
    let missing: Vec<u64> = (1..=last).filter(|seq| !numbers.contains(seq)).collect();
    assert!(
        missing.is_empty(),
        "{} missing, first {:?}",
        missing.len(),
        missing.first()
    );
    assert_eq!(numbers.last(), Some(&last));
    ours().count() - numbers.len()
}

/// The first copies of a log's numbers rise in each partition. Later copies may come in any order: what a producer that
/// was given up had under way can arrive behind what its successor sends.
pub(crate) fn in_order(stored: &[Stored], log_id: Uuid) {
    let mut seen: BTreeMap<u32, BTreeSet<u64>> = BTreeMap::new();
    for record in stored.iter().filter(|record| record.log_id == log_id) {
        let before = seen.entry(record.partition).or_default();
        let highest = before.last().copied().unwrap_or(0);
        let fresh = before.insert(record.seq);
        assert!(
            !fresh || record.seq > highest,
            "{} comes after {highest}",
            record.seq
        );
    }
}

/// No mark was taken by the broker before all lower numbers of its log.
pub(crate) fn marks_are_last(stored: &[Stored]) {
    let mut first: BTreeMap<(Uuid, u64), i64> = BTreeMap::new();
    for record in stored {
        let at = first
            .entry((record.log_id, record.seq))
            .or_insert(record.appended_ms);
        *at = record.appended_ms.min(*at);
    }
    let mut latest = (Uuid::nil(), i64::MIN);
    let marks: BTreeSet<(Uuid, u64)> = stored
        .iter()
        .filter(|record| record.content == Content::Mark)
        .map(|record| (record.log_id, record.seq))
        .collect();
    for ((log_id, seq), at) in first {
        if latest.0 != log_id {
            latest = (log_id, i64::MIN);
        }
        let overtaken = marks.contains(&(log_id, seq)) && at < latest.1;
        assert!(!overtaken, "the mark {seq} came before a lower number");
        latest.1 = latest.1.max(at);
    }
}

/// Key and partition agree, a number has one partition, and its copies are equal.
pub(crate) fn partitions_agree(stored: &[Stored], partitions: impl Fn(&Stored) -> u32) {
    let mut first: BTreeMap<(Uuid, u64), &Stored> = BTreeMap::new();
    for record in stored {
        assert_eq!(
            record.partition,
            partition_of(record.key.as_bytes(), partitions(record))
        );
        let copy = first.entry((record.log_id, record.seq)).or_insert(record);
        assert_eq!(copy.partition, record.partition);
        assert_eq!(copy.payload, record.payload);
    }
}
