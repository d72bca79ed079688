//! What an operator's commands do in a cluster: records of tomorrow, records that can be read after all, numbers that a node
//! has lost. Each ends with balanced books. What no copy has any more: `lost`.

use crate::{send, settle};
use footfall_tests::books::number;
use footfall_tests::cluster::Cluster;
use footfall_tests::footfall::eventually;
use footfall_tests::kafka::Kafka;
use footfall_tests::load::{Control, Plan};
use footfall_tests::seed::Seed;
use std::path::{Path, PathBuf};
use std::time::Duration;
use uuid::Uuid;

const PARTITIONS: u32 = 3;

fn plan(events: u64) -> Plan {
    Plan {
        clients: 4,
        events,
        batch: 20,
        pause: Duration::ZERO,
    }
}

#[test]
fn a_record_of_tomorrow_waits_until_the_operator_says_that_it_need_not() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), PARTITIONS).unwrap();
    let (wiring, kafka) = (&cluster.wiring, Kafka::at(&cluster.broker.bootstrap()));
    let mut ingest = wiring.ingest("edge-1").unwrap();
    let home = wiring.home(&ingest);
    let mut processors = ["p-1", "p-2"].map(|name| wiring.processor(name).unwrap());
    processors.iter().for_each(|one| one.wait_ready().unwrap());
    let logs = [kafka.of_tomorrow(1).unwrap(), kafka.of_tomorrow(1).unwrap()];
    let command = |log: &Uuid| format!("footfall ledger skip {log} 1");
    let alarm = |log: &Uuid| {
        eventually("the alarm", || {
            let told = processors.iter().any(|one| one.printed().contains(&command(log)));
            anyhow::ensure!(told, "not yet");
            Ok(())
        })
        .unwrap();
    };
    alarm(&logs[0]);
    let witness = send(
        std::slice::from_ref(&home),
        &plan(600),
        &mut Seed::from_env(),
        &Control::default(),
    );
    for log in &logs {
        alarm(log);
        let said = wiring.run(&["ledger", "skip", &log.to_string(), "1"]).unwrap();
        assert!(said.contains("unknown_version; its partition goes on"), "{said}");
    }
    settle("skipped", &home, &witness, &processors.each_ref());
    let shown = wiring
        .run(&["ledger", "show", &logs[0].to_string(), "1"])
        .unwrap();
    assert!(
        shown.contains("unknown_version") && shown.contains("|of tomorrow|"),
        "{shown}"
    );
    ingest.stop().unwrap();
    processors.iter_mut().for_each(|one| one.stop().unwrap());
}

/// An event as an edge writes it.
fn event(id: Uuid) -> String {
    format!(
        r#"{{"v":1,"id":"{id}","site":"demo","type":"page_view","visitor":"{id}","session":"{id}","session_start":1795273445000,"time":1795273445123,"received_at":1795273445456,"url":"https://shop.example/a"}}"#
    )
}

#[test]
fn what_can_be_read_after_all_is_replayed_once() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), PARTITIONS).unwrap();
    let (wiring, kafka) = (&cluster.wiring, Kafka::at(&cluster.broker.bootstrap()));
    let mut processor = wiring.processor("p-1").unwrap();
    processor.wait_ready().unwrap();
    // A mirror has dropped the headers of these: they have a place, and no number of ours.
    let ids: Vec<Uuid> = (0..20).map(|_| Uuid::new_v4()).collect();
    for id in &ids {
        kafka.stripped(event(*id).as_bytes()).unwrap();
    }
    kafka.poison(5).unwrap();
    let home = wiring.home(&processor);
    let unreadable = "SELECT count() AS n FROM footfall.ledger WHERE reason = 'unreadable'";
    eventually("all are in the ledger", || {
        anyhow::ensure!(number(&home, unreadable)? == 25);
        Ok(())
    })
    .unwrap();

    let replay = |more: &[&str]| {
        let arguments = [&["replay", "--json", "--reason", "unreadable"], more].concat();
        let text = wiring.run(&arguments).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["sent"].as_u64()
    };
    let rows = || number(&home, "SELECT count() AS n FROM footfall.events").unwrap();
    assert_eq!((replay(&["--dry-run"]), rows()), (Some(20), 0));
    assert_eq!(replay(&[]), Some(20));
    // At once again: they may be on their way, or rows already.
    let second = wiring.run(&["replay", "--reason", "unreadable"]);
    println!("second replay: {second:?}");
    eventually("all are rows", || {
        anyhow::ensure!(rows() == 20, "{}", rows());
        Ok(())
    })
    .unwrap();
    eventually("the books are balanced", || wiring.run(&["audit"])).unwrap();
    let unique = "SELECT uniqExact(event_id) AS n FROM footfall.events WHERE toUnixTimestamp64Milli(received_at) = 1795273445456";
    assert_eq!((rows(), number(&home, unique).unwrap()), (20, 20));
    let third = wiring
        .run(&["replay", "--reason", "unreadable"])
        .unwrap_err()
        .to_string();
    assert!(third.contains("the event is in the table already"), "{third}");
    assert_eq!(rows(), 20);
    processor.stop().unwrap();
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Flips a bit of the first place in the node's log that holds `text`.
fn damage(data: &Path, text: &str) {
    let mut all = Vec::new();
    files(&data.join("log"), &mut all);
    for path in all {
        let mut bytes = std::fs::read(&path).unwrap();
        let found = bytes
            .windows(text.len())
            .position(|window| window == text.as_bytes());
        if let Some(at) = found {
            bytes[at] ^= 1;
            return std::fs::write(&path, bytes).unwrap();
        }
    }
    panic!("{text} is in no file of {}", data.display());
}

#[test]
fn what_a_nodes_log_cannot_read_any_more_is_lost_by_way_of_the_topic_and_only_that() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), PARTITIONS).unwrap();
    let wiring = &cluster.wiring;
    // No broker: everything stays in the log.
    let away = wiring.with(&[("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")]);
    let mut ingest = away.ingest("edge-1").unwrap();
    let home = wiring.home(&ingest);
    let mut witness = send(
        std::slice::from_ref(&home),
        &plan(400),
        &mut Seed::from_env(),
        &Control::default(),
    );
    ingest.kill9().unwrap();
    let victim = *witness.keys().nth(200).unwrap();
    damage(&ingest.data, &victim.to_string());
    witness.remove(&victim);
    let mut processor = wiring.processor("p-1").unwrap();
    wiring.run_in(&ingest.data, &["drain"]).unwrap();
    let counted =
        "SELECT toUInt64(sum(last_seq - first_seq + 1)) AS n FROM footfall.ledger WHERE reason = 'lost'";
    eventually("it is lost", || {
        anyhow::ensure!(number(&home, counted)? == 1);
        Ok(())
    })
    .unwrap();
    settle("a flipped bit", &home, &witness, &[&processor]);
    wiring.run(&["audit"]).unwrap();
    processor.stop().unwrap();
}
