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
    let gate = zombie(Gate::arm).await;
    assert_eq!(gate.exception(), Some(469), "{}", gate.answer());
}

/// Frozen in the middle of an insert that the server has begun: its deadline was checked already. The barrier waits
/// until it has ended: killed, or given up because no more of it comes.
#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_its_frozen_owner_has_begun_never_gets_in() {
    let gate = zombie(Gate::arm_after_its_beginning).await;
    assert!(gate.exception() != Some(469), "{}", gate.answer());
    assert!(!gate.answer().contains("200 OK"), "{}", gate.answer());
}

/// One processor is frozen with an insert in the gate, another takes over, then the insert is let go and the first wakes.
async fn zombie(arm: impl Fn(&Gate)) -> Gate {
    let cluster = Cluster::start(PARTITIONS).await;
    let gate = Gate::start(cluster.engine.address()).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let plan = Plan::of(&cluster);
    let zombie = plan.through(&gate).start();
    edge.send(2_000);
    eventually("it inserts", async || cluster.fates().await == 2_000).await;
    arm(&gate);
    edge.send(10_000);
    eventually("an insert is on its way", async || gate.is_holding()).await;
    zombie.freeze();
    let heir = plan.start();
    edge.send(1_000);
    eventually("the heir has inserted everything", async || {
        cluster.fates().await == 13_000
    })
    .await;
    gate.release();
    eventually("the insert is answered", async || gate.is_over()).await;
    assert_eq!(cluster.fates().await, 13_000);
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
    gate
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
