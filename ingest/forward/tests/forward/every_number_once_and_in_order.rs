//! Nothing fails: each number is in the topic once, where its key says, as it was appended.

use footfall_broker::{Broker, Options};
use footfall_forward::Config;
use footfall_topics::Content;

use crate::support::{
    Forwarding, all_there, append, connection, in_order, marks_are_last, open, partitions_agree, read_all,
    sealed, settings, topics, visitor,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_thousand_records_reach_twelve_partitions_once_and_in_order() {
    let broker = Broker::start(&Options::default()).unwrap();
    let topic = settings(12);
    topics(&broker).create(&topic).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let forwarding = Forwarding::start(Config::new(connection(&broker)), &log);
    append(&log, 50_000).await;
    let last = sealed(&log).await;
    forwarding.stop().await;

    let stored = read_all(&connection(&broker), &topic.name, 12);
    assert_eq!(all_there(&stored, log.id(), last), 0);
    in_order(&stored, log.id());
    partitions_agree(&stored, |_| 12);
    marks_are_last(&stored);
    let events = stored.iter().filter(|record| record.content == Content::Event);
    assert_eq!(events.count(), 50_000);
    let marks = stored.iter().filter(|record| record.content == Content::Mark);
    for mark in marks {
        assert_eq!(mark.key, log.id().to_string());
    }
    for record in stored.iter().filter(|record| record.content == Content::Event) {
        let text = String::from_utf8(record.payload.clone()).unwrap();
        let n: u64 = text["{\"v\":1,\"n\":".len()..]
            .split(',')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(record.key, visitor(n).to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_before_it_has_begun_it_still_sends_what_is_there() {
    let broker = Broker::start(&Options::default()).unwrap();
    let topic = settings(12);
    topics(&broker).create(&topic).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    append(&log, 500).await;
    log.seal().await;
    Forwarding::start(Config::new(connection(&broker)), &log)
        .stop()
        .await;
    let stored = read_all(&connection(&broker), &topic.name, 12);
    assert_eq!(all_there(&stored, log.id(), log.stats().durable), 0);
}
