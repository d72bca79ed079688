//! What brokers and operators do to a topic and to a group's positions.

use crate::support::cluster::{Cluster, TOPIC};
use crate::support::edge::Edge;
use crate::support::event::small;
use crate::support::eventually;
use crate::support::member::Plan;
use crate::support::traffic::Traffic;
use std::time::{Duration, Instant};

const PARTITIONS: u32 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_for_seconds_costs_time_only() {
    let mut cluster = Cluster::start(PARTITIONS).await;
    let traffic = Traffic::start(&cluster.connection(), PARTITIONS, 3_000);
    let plan = Plan::of(&cluster);
    let members = [plan.start(), plan.start()];
    for outage in [1, 4, 9] {
        let before = cluster.fates().await;
        eventually("they insert", async || cluster.fates().await > before + 1_000).await;
        cluster.broker.kill9();
        tokio::time::sleep(Duration::from_secs(outage)).await;
        tokio::task::block_in_place(|| cluster.broker.restart().unwrap());
        again(&cluster, "a kill").await;
    }
    let edges = traffic.end().await;
    cluster.assert_all_once(&edges).await;
    for member in members {
        // Trouble is told, and not a thousand times.
        assert!(member.said().lines().filter(|line| line.contains("WARN")).count() < 200);
        assert!(member.stop().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_frozen_for_seconds_costs_time_only() {
    let cluster = Cluster::start(PARTITIONS).await;
    let traffic = Traffic::start(&cluster.connection(), PARTITIONS, 3_000);
    let plan = Plan::of(&cluster);
    let members = [plan.start(), plan.start()];
    for pause in [2, 8] {
        let before = cluster.fates().await;
        eventually("they insert", async || cluster.fates().await > before + 1_000).await;
        cluster.broker.stop();
        tokio::time::sleep(Duration::from_secs(pause)).await;
        cluster.broker.cont();
        again(&cluster, "a freeze").await;
    }
    let edges = traffic.end().await;
    cluster.assert_all_once(&edges).await;
    for member in members {
        assert!(member.stop().await);
    }
}

/// How long it takes is said, not judged.
async fn again(cluster: &Cluster, after: &str) {
    let (before, began) = (cluster.fates().await, Instant::now());
    eventually("they insert again", async || cluster.fates().await > before + 100).await;
    tracing::info!(after, took = ?began.elapsed(), "they insert again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_another_name_reads_everything_again_and_doubles_nothing() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let plan = Plan::of(&cluster);
    edge.send(3_000);
    for group in ["footfall", "another", "a-third"] {
        let member = Plan {
            group: group.to_owned(),
            ..plan.clone()
        }
        .start();
        edge.send(500);
        eventually("the new ones are there too", async || {
            cluster.fates().await >= edge.last
        })
        .await;
        assert!(member.stop().await);
        cluster.assert_books(&[(edge.log_id, edge.last)]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_that_are_set_back_to_the_earliest_double_nothing() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let plan = Plan::of(&cluster);
    for turn in 0..3_u64 {
        edge.send(2_000);
        let member = plan.start();
        eventually("all are there", async || cluster.fates().await >= edge.last).await;
        assert!(member.stop().await);
        // With metadata of the operator's tool, which has none; and of ours, as if the broker had gone back in time.
        let metadata = if turn == 1 { "" } else { "set back by hand" };
        cluster.set_positions(&plan.group, PARTITIONS, 0, metadata);
    }
    let member = plan.start();
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    assert!(member.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_sent_again_are_left_out() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let member = Plan::of(&cluster).start();
    edge.send(5_000);
    eventually("all are there", async || cluster.fates().await >= edge.last).await;
    // As a forwarder does that has lost its position: from the first on, then new ones.
    for seq in 1..=5_000 {
        edge.send_number(seq, &small(seq));
    }
    edge.send(1_000);
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    assert!(member.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_are_added_are_found_and_read() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let plan = Plan::of(&cluster);
    let members = [plan.start(), plan.start()];
    edge.send(3_000);
    eventually("all are there", async || cluster.fates().await >= edge.last).await;
    cluster.topics().grow(TOPIC, 24).unwrap();
    let mut wider = Edge::new(&cluster.connection(), 24);
    for _ in 0..10 {
        edge.send(300);
        wider.send(300);
    }
    edge.mark();
    wider.mark();
    cluster.assert_all_once(&[edge, wider]).await;
    for member in members {
        assert!(member.stop().await);
    }
}

/// Shorter than the position: the client says that it is out of range. Longer: it says nothing at all. With fewer partitions
/// the members would go on to share out those that are gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_anew_is_read_from_its_beginning() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let plan = Plan::of(&cluster);
    let members = [plan.start(), plan.start()];
    edge.send(4_000);
    eventually("all are there", async || cluster.fates().await >= edge.last).await;
    for (events, partitions) in [
        (500, PARTITIONS),
        (9_000, PARTITIONS),
        (2_000, 4),
        (2_000, PARTITIONS),
    ] {
        cluster.topics().delete(TOPIC).unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        cluster.create_topic(partitions);
        // What the edge still keeps it sends again, and goes on.
        let again = Edge::of(&cluster.connection(), partitions, edge.log_id, edge.last);
        drop(edge);
        edge = again;
        for seq in (1..=edge.last)
            .rev()
            .step_by(7)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            edge.send_number(seq, &small(seq));
        }
        edge.send(events);
        eventually("the new ones are there", async || {
            cluster.fates().await >= edge.last
        })
        .await;
    }
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    for member in members {
        assert!(member.has_said("made anew"));
        assert!(member.stop().await);
    }
}
