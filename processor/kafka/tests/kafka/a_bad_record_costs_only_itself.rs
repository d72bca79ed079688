//! Records that are not what the contract says.

use crate::support::cluster::{Cluster, TOPIC};
use crate::support::edge::Edge;
use crate::support::event::small;
use crate::support::eventually;
use crate::support::member::Plan;
use crate::support::tables::{count, tally};
use rdkafka::message::{Header, OwnedHeaders};

const PARTITIONS: u32 = 3;

#[tokio::test(flavor = "multi_thread")]
async fn poison_goes_to_the_ledger_and_the_rest_goes_on() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let member = Plan::of(&cluster).start();
    for _ in 0..10 {
        edge.send(100);
        edge.last += 1;
        edge.send_number(edge.last, b"\xff\xfe not an event");
    }
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    let fates = tally(&cluster.engine.server.client(), edge.log_id).await;
    assert_eq!((fates["row"], fates["unreadable"], fates["mark"]), (1_000, 10, 1));
    assert!(member.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_record_has_one_fate_with_its_bytes_however_often_it_is_read() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    edge.send(100);
    // By hand, by a mirror that drops headers, an empty one, and one whose number is none.
    let event = small(7);
    let bad = OwnedHeaders::new()
        .insert(header("log", "not a log"))
        .insert(header("seq", "12"));
    edge.send_strange(Some(b"hello"), None);
    edge.send_strange(Some(&event), None);
    edge.send_strange(None, None);
    edge.send_strange(Some(b"x"), Some(bad));
    edge.send(100);
    let client = cluster.engine.server.client();
    for group in ["footfall", "again"] {
        let member = Plan {
            group: group.to_owned(),
            ..Plan::of(&cluster)
        }
        .start();
        edge.send(1);
        eventually("all are there", async || {
            count(&client, "events").await >= edge.last
        })
        .await;
        assert!(member.stop().await);
        assert_eq!(count(&client, "ledger").await, 4);
    }
    let kept = client
        .query("SELECT payload FROM ledger WHERE reason = 'unreadable' ORDER BY length(payload)")
        .fetch_all::<String>()
        .await
        .unwrap();
    assert_eq!(kept[..3], ["", "x", "hello"]);
    assert_eq!(kept[3].as_bytes(), event);
    cluster.assert_books(&[(edge.log_id, edge.last)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_format_is_waited_for_and_the_other_partitions_go_on() {
    let cluster = Cluster::start(PARTITIONS).await;
    let mut edge = Edge::new(&cluster.connection(), PARTITIONS);
    let plan = Plan::of(&cluster);
    edge.send(300);
    edge.last += 1;
    let newer = format!("2 {} {} and whatever it says", edge.log_id, edge.last);
    edge.send_line(&newer, b"of tomorrow");
    edge.send(600);
    let member = plan.start();
    eventually("a partition waits", async || {
        member.has_said("footfall ledger skip")
    })
    .await;
    let client = cluster.engine.server.client();
    eventually("the others go on", async || count(&client, "events").await > 600).await;
    assert_eq!(count(&client, "ledger").await, 0);
    assert!(member.stop().await);
    let member = Plan {
        skip_unknown_version: true,
        ..plan
    }
    .start();
    edge.mark();
    cluster.assert_all_once(std::slice::from_ref(&edge)).await;
    let fates = tally(&client, edge.log_id).await;
    assert_eq!((fates["row"], fates["unknown_version"]), (900, 1));
    assert!(member.stop().await);
}

fn header<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header {
        key,
        value: Some(value),
    }
}

/// The topic's name is what members read.
#[test]
fn the_tests_use_the_topic_of_the_product() {
    assert_eq!(TOPIC, footfall_topics::TOPIC);
}
