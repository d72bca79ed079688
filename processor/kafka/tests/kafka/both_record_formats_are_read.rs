//! Ingests of the release before beside current ones, and a log that the one began to forward and the other went on
//! with: what a rolling upgrade leaves in the topic.

use crate::support::cluster::Cluster;
use crate::support::edge::{Edge, Format};
use crate::support::event::small;
use crate::support::eventually;
use crate::support::member::Plan;
use crate::support::tables::{assert_books, count, fates, tally};
use footfall_topics::Body;

const PARTITIONS: u32 = 3;

/// Numbers of both formats in turn, some again in the other one, a lost range of each, and a mark of the wanted format.
fn mixed(cluster: &Cluster, last: Format) -> Edge {
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    for _ in 0..10 {
        for format in [Format::Before, Format::Current] {
            edge.format = format;
            edge.send(50);
            let (from, to) = (edge.last + 1, edge.last + 5);
            let lost = Body::Lost {
                last: to,
                reason: "torn by a crash",
                bytes: b"\xff",
            };
            edge.put(from, lost);
            edge.last = to;
            edge.format = format.other();
            for seq in to - 30..to - 5 {
                edge.send_number(seq, &small(seq));
            }
            edge.put(from, lost);
        }
    }
    edge.format = last;
    edge.mark();
    edge
}

/// Waits until every number has a fate, and checks that it has one. A lost range is one row of the ledger.
async fn assert_all_once(cluster: &Cluster, edge: &Edge) {
    let client = cluster.engine.server.client();
    eventually("all have a fate", async || {
        fates(&client, edge.log_id).await.len() as u64 >= edge.last
    })
    .await;
    assert_books(&client, edge.log_id, edge.last).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_comes_in_both_formats_is_in_the_tables_once() {
    let cluster = Cluster::start(PARTITIONS).await;
    let edges = [mixed(&cluster, Format::Before), mixed(&cluster, Format::Current)];
    let client = cluster.engine.server.client();
    for group in ["footfall", "again"] {
        let member = Plan {
            group: group.to_owned(),
            ..Plan::of(&cluster)
        }
        .start();
        let mut sentinel = Edge::new(&cluster.connection(), PARTITIONS);
        sentinel.send(300);
        eventually("all have been read", async || {
            let read = tally(&client, sentinel.log_id).await;
            count(&client, "events").await >= 2_000 && read.get("row") == Some(&300)
        })
        .await;
        assert_books(&client, sentinel.log_id, 300).await;
        assert!(member.stop().await);
        for edge in &edges {
            assert_books(&client, edge.log_id, edge.last).await;
            let fates = tally(&client, edge.log_id).await;
            assert_eq!((fates["row"], fates["lost"], fates["mark"]), (1_000, 100, 1));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_auditor_sends_a_missing_number_again_in_the_format_that_it_has() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = mixed(&cluster, Format::Before);
    let member = Plan {
        audit_ms: 500,
        ..Plan::of(&cluster)
    }
    .start();
    assert_all_once(&cluster, &edge).await;
    // Two rows of each format are taken away, as a power cut of the server might.
    let gone = format!(
        "ALTER TABLE events DELETE WHERE log_id = '{}' AND log_seq IN (7, 8, 60, 61) SETTINGS mutations_sync = 1",
        edge.log_id
    );
    cluster.execute(&gone).await;
    assert!(member.stop().await);
    let member = Plan {
        audit_ms: 500,
        ..Plan::of(&cluster)
    }
    .start();
    edge.format = Format::Current;
    edge.send(10);
    edge.mark();
    assert_all_once(&cluster, &edge).await;
    assert!(member.stop().await);
}

/// What no release has done yet: even the words that were to stay are others.
#[tokio::test(flavor = "multi_thread")]
async fn a_newer_record_whose_number_cannot_be_found_is_waited_for_too() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    edge.send(300);
    edge.send_line("9 of another world", b"of tomorrow");
    edge.send(600);
    let member = Plan::of(&cluster).start();
    eventually("a partition waits", async || {
        member.has_said("footfall ledger skip")
    })
    .await;
    let client = cluster.engine.server.client();
    eventually("the others go on", async || count(&client, "events").await > 600).await;
    assert_eq!(count(&client, "ledger").await, 0);
    assert!(member.stop().await);
}
