//! The fence itself, without a processor around it: whoever was taken for gone commits nothing any more, even if it never
//! hears of it.

use crate::support::cluster::{Cluster, TOPIC};
use crate::support::eventually;
use crate::support::member::Plan;
use footfall_topics::Connection;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::Offset;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const COMMITTER: &str = "a_commit_of_a_frozen_member_is_refused::the_committer_process";

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_refuses_it_and_the_heirs_word_stands() {
    let cluster = Cluster::start(3).await;
    let start = |name: &str| {
        Plan {
            name: name.to_owned(),
            ..Plan::of(&cluster)
        }
        .start_as(COMMITTER)
    };
    let zombie = start("zombie");
    eventually("it commits", async || zombie.has_said("accepted")).await;
    zombie.freeze();
    let heir = start("heir");
    eventually("the heir commits", async || heir.has_said("accepted")).await;
    let before = zombie.said().len();
    zombie.thaw();
    eventually("its commits are refused", async || {
        zombie.said()[before..].matches("refused").count() > 100
    })
    .await;
    let after = zombie.said()[before..].to_owned();
    // The answer to the commit that was open when it was frozen may still come.
    assert!(after.matches("accepted").count() <= 1, "{after}");
    assert!(after.contains("UnknownMemberId"), "{after}");
    assert_eq!(cluster.metadata("footfall", 3), ["heir"; 3]);
    heir.kill9();
    zombie.kill9();
}

/// Not a test: joins the group, never looks at it again, and commits without end.
#[test]
#[ignore = "a member's process, started by another test"]
fn the_committer_process() {
    crate::support::member::in_a_process(committing);
}

async fn committing(plan: Plan, stop: CancellationToken) {
    let mut config = Connection::plain(plan.bootstrap).client();
    config
        .set("group.id", &plan.group)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("enable.auto.commit", "false")
        .set("session.timeout.ms", plan.session_ms.to_string())
        .set("heartbeat.interval.ms", "500");
    let consumer: BaseConsumer = config.create().unwrap();
    consumer.subscribe(&[TOPIC]).unwrap();
    while consumer.assignment().unwrap().count() < 3 {
        let _ = consumer.poll(Duration::from_millis(50));
    }
    while !stop.is_cancelled() {
        let mut list = rdkafka::TopicPartitionList::new();
        for partition in 0..3 {
            let mut element = list.add_partition(TOPIC, partition);
            element.set_offset(Offset::Offset(0)).unwrap();
            element.set_metadata(&plan.name);
        }
        match consumer.commit(&list, CommitMode::Sync) {
            Ok(()) => tracing::info!("accepted"),
            Err(error) => tracing::info!(%error, "refused"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
