//! The ordinary life of a group: records of several logs over many partitions, members that come and go in good order.

use crate::support::cluster::Cluster;
use crate::support::edge::Edge;
use crate::support::eventually;
use crate::support::member::Plan;

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
    let sent: u64 = edges.iter().map(|edge| edge.last).sum();
    eventually("all have a fate", async || cluster.fates().await >= sent).await;
    let logs: Vec<_> = edges.iter().map(|edge| (edge.log_id, edge.last)).collect();
    cluster.assert_books(&logs).await;
    assert!(member.stop().await);
}
