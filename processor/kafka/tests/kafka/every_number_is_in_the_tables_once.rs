//! The ordinary life of a group: records of several logs over many partitions, members that come and go in good order.

use crate::support::cluster::Cluster;
use crate::support::edge::Edge;
use crate::support::eventually;
use crate::support::member::Plan;
use crate::support::traffic::Traffic;
use std::time::Duration;

const PARTITIONS: u32 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_numbers_of_three_logs_over_twelve_partitions() {
    let cluster = Cluster::start(PARTITIONS).await;
    let member = Plan::of(&cluster).start();
    let mut edges: Vec<Edge> = (0..3)
        .map(|_| Edge::new(&cluster.connection(), PARTITIONS))
        .collect();
    for _ in 0..10 {
        for edge in &mut edges {
            edge.send(3_333);
        }
    }
    for edge in &mut edges {
        edge.mark();
    }
    cluster.assert_all_once(&edges).await;
    assert!(member.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_while_others_insert() {
    let cluster = Cluster::start(PARTITIONS).await;
    let traffic = Traffic::start(&cluster.connection(), PARTITIONS, 3_000);
    let plan = Plan::of(&cluster);
    let mut members = vec![plan.start()];
    for change in 0..8_u64 {
        let before = (cluster.fates().await, traffic.sent());
        if members.len() < 3 && change % 4 != 3 {
            members.push(plan.start());
        } else {
            assert!(members.remove(0).stop().await);
        }
        // Somewhere in the middle of a rebalance, or of the inserts after it.
        tokio::time::sleep(Duration::from_millis(300 + change * 450)).await;
        eventually("the group goes on", async || {
            traffic.sent() > before.1 && cluster.fates().await > before.0
        })
        .await;
    }
    let edges = traffic.end().await;
    cluster.assert_all_once(&edges).await;
    for member in members {
        assert!(member.stop().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_change_hands_in_good_order_are_not_fenced_again() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    edge.send(1_000);
    // A fence would take longer than the rows are waited for.
    let plan = Plan {
        lease_ms: 600_000,
        ..Plan::of(&cluster)
    };
    let first = Plan {
        lease_ms: 3_000,
        ..plan.clone()
    }
    .start();
    eventually("the first inserts", async || cluster.fates().await >= 1_000).await;
    assert!(first.stop().await);
    let second = plan.start();
    edge.send(1_000);
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    assert!(second.stop().await);
}
