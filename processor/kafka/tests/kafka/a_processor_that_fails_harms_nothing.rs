//! Processors that are killed, and processors that come back from the dead.

use crate::support::cluster::Cluster;
use crate::support::edge::Edge;
use crate::support::eventually;
use crate::support::gate::Gate;
use crate::support::member::Plan;
use crate::support::traffic::Traffic;
use std::time::Duration;

const PARTITIONS: u32 = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_that_is_killed_is_followed_by_one_that_goes_on() {
    let cluster = Cluster::start(PARTITIONS).await;
    let traffic = Traffic::start(&cluster.connection(), PARTITIONS, 3_000);
    let plan = Plan::of(&cluster);
    let mut members = vec![plan.start(), plan.start()];
    for kill in 0..5_u64 {
        let before = cluster.fates().await;
        eventually("they insert", async || cluster.fates().await > before + 1_000).await;
        tokio::time::sleep(Duration::from_millis(kill * 37 % 100)).await;
        members.remove(0).kill9();
        members.push(plan.start());
    }
    let edges = traffic.end().await;
    cluster.assert_all_once(&edges).await;
}

/// Frozen with an insert on its way; the insert arrives when somebody else has done the work.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_insert_of_a_processor_from_the_dead_is_refused() {
    let cluster = Cluster::start(PARTITIONS).await;
    let gate = Gate::start(cluster.engine.engine.address()).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let plan = Plan::of(&cluster);
    let zombie = Plan {
        clickhouse: plan.clickhouse.replace(
            &cluster.engine.engine.address().to_string(),
            &gate.address.to_string(),
        ),
        ..plan.clone()
    }
    .start();
    edge.send(2_000);
    eventually("it inserts", async || cluster.fates().await == 2_000).await;
    gate.arm();
    edge.send(2_000);
    eventually("an insert is on its way", async || gate.is_holding()).await;
    zombie.freeze();
    let heir = plan.start();
    edge.send(1_000);
    eventually("the heir has inserted everything", async || {
        cluster.fates().await == 5_000
    })
    .await;
    gate.release();
    eventually("the late insert is refused", async || {
        gate.answer()
            .to_ascii_lowercase()
            .contains("x-clickhouse-exception-code: 469")
    })
    .await;
    zombie.thaw();
    eventually("the zombie knows", async || {
        zombie.has_said("the assignment is lost")
    })
    .await;
    edge.send(1_000);
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    // It is a member again like any other.
    assert!(heir.stop().await);
    edge.send(1_000);
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    assert!(zombie.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn processors_that_are_frozen_again_and_again_come_back_to_work() {
    let cluster = Cluster::start(PARTITIONS).await;
    let traffic = Traffic::start(&cluster.connection(), PARTITIONS, 3_000);
    let plan = Plan::of(&cluster);
    let members = [plan.start(), plan.start()];
    for turn in 0..4 {
        let before = cluster.fates().await;
        eventually("they insert", async || cluster.fates().await > before + 1_000).await;
        let frozen = &members[turn % 2];
        frozen.freeze();
        // Beyond its session, and beyond its lease.
        tokio::time::sleep(Duration::from_secs(7)).await;
        frozen.thaw();
    }
    let edges = traffic.end().await;
    cluster.assert_all_once(&edges).await;
    for member in members {
        assert!(member.has_said("the assignment is lost"));
        assert!(member.stop().await);
    }
}
