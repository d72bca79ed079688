//! More partitions count from the next segment on; a topic made anew gets what is still kept.

use std::time::Duration;

use footfall_broker::{Broker, Options};
use footfall_forward::{CURSOR, Config, Range, resend};
use footfall_log::inspect;
use footfall_topics::{Created, Topics};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::{
    Forwarding, all_there, append, connection, eventually, forwarded, in_order, open, partitions_agree,
    read_all, sealed, settings, topics,
};

fn config(broker: &Broker) -> Config {
    Config {
        look_every: Duration::from_millis(200),
        ..Config::new(connection(broker))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_four_partitions_count_from_the_next_segment_on_for_ever() {
    let broker = Broker::start(&Options::default()).unwrap();
    let topic = settings(12);
    let topics = topics(&broker);
    topics.create(&topic).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let forwarding = Forwarding::start(config(&broker), &log);
    append(&log, 10_000).await;
    forwarded(&log).await;
    topics.grow(&topic.name, 24).unwrap();
    eventually("it is noticed", || {
        forwarding.progress.snapshot().partitions == 24
    })
    .await;
    append(&log, 10_000).await;
    let (id, last) = (log.id(), sealed(&log).await);
    assert_eq!(
        forwarding.progress.snapshot().restarts,
        0,
        "more partitions are no failure"
    );
    forwarding.stop().await;
    log.close().await;

    // The same again, from a position that was lost: the same partitions.
    std::fs::remove_file(folder.path().join("cursors").join(CURSOR)).unwrap();
    let log = open(folder.path());
    let forwarding = Forwarding::start(config(&broker), &log);
    forwarded(&log).await;
    forwarding.stop().await;
    drop(log);

    let stored = read_all(&connection(&broker), &topic.name, 24);
    assert!(all_there(&stored, id, last) > 20_000);
    in_order(&stored, id);
    let reports = inspect(folder.path()).unwrap();
    let segments = reports
        .iter()
        .find(|report| report.log_id == id)
        .map(|report| &report.segments);
    let partitions = |seq: u64| {
        let segment = segments
            .unwrap()
            .iter()
            .find(|s| (s.first..=s.last).contains(&seq))
            .unwrap();
        match segment.header.as_ref().unwrap().partitions {
            // Begun before the first answer of the broker: fixed at the first forwarding.
            0 => 12,
            n => n,
        }
    };
    let used: std::collections::BTreeSet<u32> = (1..=last).map(partitions).collect();
    assert_eq!(used, [12, 24].into());
    partitions_agree(&stored, |record| {
        if record.log_id == id {
            partitions(record.seq)
        } else {
            24
        }
    });
}

async fn make_anew(topics: &Topics, partitions: u32) {
    let topic = settings(partitions);
    topics.delete(&topic.name).unwrap();
    eventually("the topic is gone", || {
        topics.create(&topic).is_ok_and(|created| created == Created::New)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_made_anew_is_noticed_and_gets_what_is_kept_by_a_resend() {
    let broker = Broker::start(&Options::default()).unwrap();
    let topics = topics(&broker);
    let topic = settings(6);
    topics.create(&topic).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let forwarding = Forwarding::start(config(&broker), &log);
    append(&log, 5000).await;
    let lost = log.stats().durable;
    forwarded(&log).await;
    make_anew(&topics, 6).await;
    append(&log, 5000).await;
    let last = sealed(&log).await;
    // It looks from time to time, and may have sent all of it before.
    eventually("the new topic is noticed", || {
        forwarding.progress.snapshot().recreated == 1
    })
    .await;
    let stored = read_all(&connection(&broker), &topic.name, 6);
    assert!(
        stored.iter().all(|record| record.seq > lost),
        "nobody sends old numbers by himself"
    );

    // The forwarder goes on beside it.
    let range = Range {
        log_id: log.id(),
        from: 1,
        to: last + 1000,
    };
    let mut heard = 0;
    let each = |_| heard += 1;
    let resent = resend(
        config(&broker),
        folder.path(),
        range,
        CancellationToken::new(),
        each,
    )
    .await
    .unwrap();
    assert!(resent.sent >= last && resent.missing <= 1000, "{resent:?}");
    assert!(heard > 0);
    let stored = read_all(&connection(&broker), &topic.name, 6);
    all_there(&stored, log.id(), last);
    partitions_agree(&stored, |_| 6);
    forwarding.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resend_says_what_is_not_there() {
    let broker = Broker::start(&Options::default()).unwrap();
    topics(&broker).create(&settings(2)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    append(&log, 10).await;
    let send = |log_id, from, to| {
        let range = Range { log_id, from, to };
        resend(
            config(&broker),
            folder.path(),
            range,
            CancellationToken::new(),
            |_| {},
        )
    };
    let early = send(log.id(), 1, 5).await.unwrap_err().to_string();
    assert!(early.contains("has not been forwarded yet"), "{early}");
    let forwarding = Forwarding::start(config(&broker), &log);
    forwarded(&log).await;
    forwarding.stop().await;
    let some = send(log.id(), 3, 5).await.unwrap();
    assert_eq!((some.sent, some.missing), (3, 0));
    let none = send(Uuid::from_u128(1), 1, 7).await.unwrap();
    assert_eq!((none.sent, none.missing), (0, 7));
}
