//! The broker is killed, frozen, or was never there: the log grows, appends go on, and everything drains after.

use std::time::Duration;

use footfall_broker::{Broker, Options};
use footfall_forward::Config;
use footfall_log::{Log, State};

use crate::support::{
    Forwarding, all_there, append, connection, eventually, forwarded, in_order, marks_are_last, open,
    read_all, sealed, settings, topics,
};

/// About 2,000 events a second.
async fn load(log: &Log, seconds: u32) {
    for _ in 0..seconds * 20 {
        append(log, 100).await;
        assert_eq!(log.state(), State::Ready);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_seconds_without_the_broker_and_ten_with_a_frozen_one_lose_and_double_nothing() {
    let mut broker = Broker::start(&Options::default()).unwrap();
    let topic = settings(12);
    topics(&broker).create(&topic).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let forwarding = Forwarding::start(Config::new(connection(&broker)), &log);
    load(&log, 2).await;
    broker.kill9();
    load(&log, 10).await;
    broker.restart().unwrap();
    load(&log, 2).await;
    broker.stop();
    load(&log, 10).await;
    broker.cont();
    load(&log, 2).await;
    let last = sealed(&log).await;
    let progress = forwarding.progress.snapshot();
    forwarding.stop().await;
    let stored = read_all(&connection(&broker), &topic.name, 12);
    let copies = all_there(&stored, log.id(), last);
    // Copies are allowed after a new producer only.
    assert!(
        copies == 0 || progress.restarts > 0,
        "{copies} copies, {progress:?}"
    );
    in_order(&stored, log.id());
    marks_are_last(&stored);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_or_topic_that_comes_later_gets_everything() {
    let mut broker = Broker::start(&Options::default()).unwrap();
    broker.kill9();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let forwarding = Forwarding::start(Config::new(connection(&broker)), &log);
    append(&log, 2000).await;
    let trouble = || forwarding.progress.snapshot().trouble.unwrap_or_default();
    eventually("the trouble is named", || {
        trouble().contains("cannot reach the broker")
    })
    .await;
    broker.restart().unwrap();
    eventually("the missing topic is named", || {
        trouble().contains("cannot find the topic")
    })
    .await;
    let topic = settings(3);
    topics(&broker).create(&topic).unwrap();
    forwarded(&log).await;
    assert_eq!(forwarding.progress.snapshot().trouble, None);
    let last = sealed(&log).await;
    forwarding.stop().await;
    let stored = read_all(&connection(&broker), &topic.name, 3);
    assert_eq!(all_there(&stored, log.id(), last), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_forwards_what_is_there_and_does_not_wait_for_a_broker_that_is_away() {
    let mut broker = Broker::start(&Options::default()).unwrap();
    let topic = settings(3);
    topics(&broker).create(&topic).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut config = Config::new(connection(&broker));
    config.flush = Duration::from_millis(500);
    let forwarding = Forwarding::start(config.clone(), &log);
    append(&log, 20_000).await;
    let last = log.stats().durable;
    forwarding.stop().await;
    let position = |log: &Log| {
        log.stats()
            .cursors
            .iter()
            .map(|cursor| cursor.records)
            .sum::<u64>()
    };
    let left = position(&log);
    let stored = read_all(&connection(&broker), &topic.name, 3);
    assert!(u64::try_from(stored.len()).unwrap() + left >= last);

    let forwarding = Forwarding::start(config, &log);
    forwarded(&log).await;
    broker.kill9();
    append(&log, 100).await;
    forwarding.stop().await;
    assert!(position(&log) >= 100);
}
