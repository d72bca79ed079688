//! A broker with our topic and an engine with our tables.

use super::edge::Edge;
use super::engine::TestEngine;
use super::eventually;
use super::tables::{assert_books, count};
use super::traffic::logs;
use footfall_broker::{Broker, Options};
use footfall_topics::{Connection, TopicSettings, Topics};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::time::Duration;
use uuid::Uuid;

pub const TOPIC: &str = "footfall-events";

pub struct Cluster {
    pub broker: Broker,
    pub engine: TestEngine,
}

impl Cluster {
    pub async fn start(partitions: u32) -> Self {
        let broker = tokio::task::spawn_blocking(|| Broker::start(&Options::default()).unwrap())
            .await
            .unwrap();
        let cluster = Self {
            broker,
            engine: TestEngine::start().await,
        };
        cluster.create_topic(partitions);
        cluster
    }

    pub fn connection(&self) -> Connection {
        Connection::plain(self.broker.bootstrap())
    }

    pub fn topics(&self) -> Topics {
        Topics::connect(&self.connection(), Duration::from_secs(20)).unwrap()
    }

    pub fn create_topic(&self, partitions: u32) {
        let settings = TopicSettings {
            name: TOPIC.to_owned(),
            partitions,
            replication: 1,
            min_insync: 1,
            ..TopicSettings::default()
        };
        self.topics().create(&settings).unwrap();
    }

    /// Commits positions for a group that has no members, as an operator's tool does.
    pub fn set_positions(&self, group: &str, partitions: u32, position: i64, metadata: &str) {
        let mut config = self.connection().client();
        let consumer: BaseConsumer = config.set("group.id", group).create().unwrap();
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::try_from(partitions).unwrap() {
            let mut element = list.add_partition(TOPIC, partition);
            element.set_offset(Offset::Offset(position)).unwrap();
            element.set_metadata(metadata);
        }
        consumer.commit(&list, CommitMode::Sync).unwrap();
    }

    /// What stands beside a group's positions.
    pub fn metadata(&self, group: &str, partitions: u32) -> Vec<String> {
        let mut config = self.connection().client();
        let consumer: BaseConsumer = config.set("group.id", group).create().unwrap();
        let mut list = TopicPartitionList::new();
        for partition in 0..i32::try_from(partitions).unwrap() {
            list.add_partition(TOPIC, partition);
        }
        let committed = consumer.committed_offsets(list, Duration::from_secs(10)).unwrap();
        let elements = committed.elements();
        elements.iter().map(|one| one.metadata().to_owned()).collect()
    }

    /// Rows and ledger rows together.
    pub async fn fates(&self) -> u64 {
        let client = self.engine.server.client();
        count(&client, "events").await + count(&client, "ledger").await
    }

    /// What the last audit of a log found: through which number, how many missing, how many doubled.
    pub async fn audited(&self, log_id: Uuid) -> Option<(u64, u64, u64)> {
        let client = self.engine.server.client();
        let sql = format!(
            "SELECT last_seq, missing, doubled FROM audited WHERE log_id = '{log_id}' ORDER BY at DESC, last_seq DESC LIMIT 1"
        );
        client.query(&sql).fetch_optional().await.unwrap()
    }

    pub async fn execute(&self, sql: &str) {
        self.engine.server.client().query(sql).execute().await.unwrap();
    }

    /// One past the last offset of each partition.
    pub fn ends(&self, partitions: u32) -> Vec<i64> {
        let consumer: BaseConsumer = self.connection().client().create().unwrap();
        (0..i32::try_from(partitions).unwrap())
            .map(|partition| {
                let patience = Duration::from_secs(10);
                consumer.fetch_watermarks(TOPIC, partition, patience).unwrap().1
            })
            .collect()
    }

    /// Waits until there is a fate for every number of these logs, and checks that each has one.
    pub async fn assert_all_once(&self, edges: &[Edge]) {
        let all: u64 = edges.iter().map(|edge| edge.last).sum();
        eventually("all have a fate", async || self.fates().await >= all).await;
        self.assert_books(&logs(edges)).await;
    }

    /// Each of these logs has every number once.
    pub async fn assert_books(&self, logs: &[(Uuid, u64)]) {
        for (log_id, last) in logs {
            assert_books(&self.engine.server.client(), *log_id, *last).await;
        }
    }
}
