//! A broker with our topic and an engine with our tables.

use super::edge::Edge;
use super::engine::TestEngine;
use super::eventually;
use super::tables::{assert_books, count};
use super::traffic::logs;
use footfall_broker::{Broker, Options};
use footfall_topics::{Connection, TopicSettings, Topics};
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

    /// Rows and ledger rows together.
    pub async fn fates(&self) -> u64 {
        let client = self.engine.server.client();
        count(&client, "events").await + count(&client, "ledger").await
    }

    /// The server's clock, ms.
    pub async fn server_now(&self) -> i64 {
        let client = self.engine.server.client();
        let sql = "SELECT toUnixTimestamp64Milli(now64(3))";
        client.query(sql).fetch_one::<i64>().await.unwrap()
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
