//! A topic that is far ahead of a ClickHouse that does not answer.

use crate::support::cluster::Cluster;
use crate::support::edge::Edge;
use crate::support::eventually;
use crate::support::gate::Gate;
use crate::support::member::Plan;
use std::time::Duration;

const PARTITIONS: u32 = 12;
const BUFFER: usize = 16 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_large_lag_costs_no_memory_and_holds_up_no_rebalance() {
    let cluster = Cluster::start(PARTITIONS).await;
    let gate = Gate::start(cluster.engine.address()).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let direct = Plan {
        buffer_bytes: BUFFER,
        ..Plan::of(&cluster)
    };
    let member = direct.through(&gate).start();
    edge.send(1_000);
    eventually("it inserts", async || cluster.fates().await == 1_000).await;
    let before = member.memory();
    gate.shut();
    // A quarter of a gigabyte.
    edge.send(250_000);
    let mut most = 0;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        most = most.max(member.memory());
    }
    let grown = most.saturating_sub(before);
    tracing::info!(before, most, grown, "memory");
    assert!(grown < 3 * BUFFER as u64, "{before} grew to {most}");
    // The group is served all the while: another takes half of the partitions over.
    let other = direct.start();
    eventually("it gives partitions back", async || member.has_said("revoked")).await;
    eventually("the other inserts", async || cluster.fates().await > 10_000).await;
    gate.open();
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    assert!(member.stop().await);
    assert!(other.stop().await);
}
