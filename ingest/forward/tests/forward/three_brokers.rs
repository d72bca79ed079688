//! `min.insync.replicas=2` of three: one broker killed at a time is no stop, and nothing is lost.

use std::time::Duration;

use footfall_broker::{Cluster, Options};
use footfall_forward::Config;
use footfall_topics::{Connection, TopicSettings, Topics};

use crate::support::{
    Forwarding, PATIENCE, all_there, append, eventually, forwarded, in_order, marks_are_last, open, read_all,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_brokers_killed_at_a_time_stops_nothing() {
    let mut cluster = Cluster::start(&Options::default()).unwrap();
    let connection = Connection::plain(cluster.bootstrap());
    let topic = TopicSettings::default();
    Topics::connect(&connection, PATIENCE)
        .unwrap()
        .create(&topic)
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let forwarding = Forwarding::start(Config::new(connection.clone()), &log);
    append(&log, 2000).await;
    forwarded(&log).await;
    for victim in 0..3 {
        cluster.brokers[victim].kill9();
        append(&log, 2000).await;
        // With the broker still down.
        forwarded(&log).await;
        cluster.brokers[victim].restart().unwrap();
        in_sync(&connection, &topic.name).await;
    }
    let last = log.stats().durable;
    forwarding.stop().await;
    let stored = read_all(&connection, &topic.name, 12);
    all_there(&stored, log.id(), last);
    in_order(&stored, log.id());
    marks_are_last(&stored);
}

/// Until every partition has all its copies again: killing the next one sooner would leave one.
async fn in_sync(connection: &Connection, topic: &str) {
    use rdkafka::consumer::{BaseConsumer, Consumer};
    let client: BaseConsumer = connection.client().create().unwrap();
    eventually("every copy is in sync", || {
        let metadata = client.fetch_metadata(Some(topic), Duration::from_secs(2));
        metadata.is_ok_and(|m| m.topics()[0].partitions().iter().all(|p| p.isr().len() == 3))
    })
    .await;
}
