//! The auditor over many partitions: it never cries wolf, and what is missing comes back.

use crate::support::cluster::{Cluster, TOPIC};
use crate::support::edge::Edge;
use crate::support::event::small;
use crate::support::eventually;
use crate::support::gate::Gate;
use crate::support::member::Plan;
use crate::support::tables::count;
use crate::support::traffic::{Traffic, logs};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

const PARTITIONS: u32 = 12;
const ALARM: &str = "the books are not right";

/// A mark is read long before the other partitions have come so far.
#[tokio::test(flavor = "multi_thread")]
async fn an_audit_waits_for_all_partitions_and_only_one_member_does_it() {
    let cluster = Cluster::start(PARTITIONS).await;
    let traffic = Traffic::start(&cluster.connection(), PARTITIONS, 6_000);
    let plan = Plan {
        audit_ms: 500,
        ..Plan::of(&cluster)
    };
    let members = [plan.start(), plan.start(), plan.start()];
    eventually("they insert", async || cluster.fates().await > 60_000).await;
    let edges = traffic.end().await;
    cluster.assert_all_once(&edges).await;
    for (log_id, last) in logs(&edges) {
        eventually("the log is audited to its end", async || {
            cluster.audited(log_id).await == Some((last, 0, 0))
        })
        .await;
    }
    for member in members {
        assert!(!member.has_said(ALARM), "{}", member.said());
        assert!(member.stop().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_tables_have_lost_comes_back_from_the_topic() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let plan = Plan::of(&cluster);
    let member = plan.start();
    edge.send(5_000);
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    assert!(member.stop().await);
    cluster
        .execute("ALTER TABLE events DELETE WHERE log_seq IN (1, 77, 78, 4000) SETTINGS mutations_sync = 1")
        .await;
    let audited = Plan {
        audit_ms: 500,
        ..plan
    };
    let members = [audited.start(), audited.start()];
    eventually("they are back", async || cluster.fates().await == edge.last).await;
    cluster.assert_books(&[(edge.log_id, edge.last)]).await;
    // A row may be there before the sender has heard that all of its records have arrived.
    eventually("it is told", async || {
        members.iter().any(|member| member.has_said("sent to it again"))
    })
    .await;
    for member in members {
        assert!(member.stop().await);
    }
}

/// Retention, or an operator, removes what nobody has read yet. It is told at once, and again by the auditor; the edge
/// still has it.
#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_removed_unread_are_told_and_can_be_sent_again() {
    let cluster = Cluster::start(PARTITIONS).await;
    let gate = Gate::start(cluster.engine.address()).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let plan = Plan {
        buffer_bytes: 4 << 20,
        audit_ms: 1_000,
        ..Plan::of(&cluster)
    };
    let member = plan.through(&gate).start();
    edge.send(1_000);
    eventually("it inserts", async || cluster.fates().await == 1_000).await;
    gate.shut();
    edge.send(100_000);
    let low = tokio::task::block_in_place(|| cluster.ends(PARTITIONS));
    remove_before(&cluster, &low).await;
    edge.mark();
    gate.open();
    eventually("it is told", async || {
        member.has_said("removed from the topic before they were read")
    })
    .await;
    eventually("the auditor sees it", async || {
        member.has_said("not in the topic any more")
    })
    .await;
    let there = count(&cluster.engine.server.client(), "events").await;
    assert!(there < edge.last);
    for seq in 1..edge.last {
        edge.send_number(seq, &small(seq));
    }
    edge.flush();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    assert!(member.stop().await);
}

async fn remove_before(cluster: &Cluster, ends: &[i64]) {
    let admin: AdminClient<DefaultClientContext> = cluster.connection().client().create().unwrap();
    let mut list = TopicPartitionList::new();
    for (partition, end) in (0..).zip(ends) {
        list.add_partition_offset(TOPIC, partition, Offset::Offset(*end))
            .unwrap();
    }
    admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
}
