//! ClickHouse backs its tables up by itself while events come, and is lost with its disk. A new one restores them, and the
//! processors read again what Kafka has.

use crate::{send, settle};
use footfall_tests::books::{closed, number};
use footfall_tests::cluster::{Cluster, Wiring};
use footfall_tests::footfall::{eventually, free_port};
use footfall_tests::kafka::Kafka;
use footfall_tests::load::{Control, Plan};
use footfall_tests::seed::Seed;
use footfall_tests::server::Server;
use std::path::Path;
use std::time::Duration;

const PARTITIONS: u32 = 4;
const PLAN: Plan = Plan {
    clients: 4,
    events: 1_200,
    batch: 20,
    pause: Duration::from_millis(20),
};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn a_new_clickhouse_is_restored_from_the_old_ones_back_up_and_kafka_has_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::start(folder.path(), PARTITIONS).unwrap();
    let wiring = cluster.wiring.clone();
    let mut ingest = wiring.ingest("edge-1").unwrap();
    let home = wiring.home(&ingest);
    let mut seed = Seed::from_env();
    let mut first = ["p-1", "p-2"].map(|name| wiring.processor(name).unwrap());
    first.iter().for_each(|one| one.wait_ready().unwrap());
    let rows = |home| number(home, "SELECT count() AS n FROM footfall.events").unwrap();
    let (mut witness, before) = std::thread::scope(|scope| {
        let homes = std::slice::from_ref(&home);
        let mut own = seed.fork();
        let load = scope.spawn(move || send(homes, &PLAN, &mut own, &Control::default()));
        eventually("some are in the table", || {
            anyhow::ensure!(rows(&home) > 0, "none");
            Ok(())
        })
        .unwrap();
        let before = rows(&home);
        wiring.run(&["backup", "--cluster", "one"]).unwrap();
        (load.join().unwrap(), before)
    });
    settle("the old server", &home, &witness, &first.each_ref());
    let taken = wiring
        .run(&["backup", "--cluster", "one"])
        .unwrap_err()
        .to_string();
    assert!(taken.contains("has not backed the tables up"), "{taken}");
    first.iter_mut().for_each(|one| one.kill9().unwrap());
    cluster.clickhouse.kill9().unwrap();

    let (old, new) = (folder.path().join("clickhouse"), folder.path().join("other"));
    copy(&old.join("backups"), &new.join("backups"));
    let other = Server::start_at(&new, free_port().unwrap(), &cluster.clickhouse.password).unwrap();
    let moved = Wiring::new(folder.path(), &cluster.broker.bootstrap(), &other, PARTITIONS, 1);
    moved.run(&["restore", "--cluster", "one"]).unwrap();
    let home = moved.home(&ingest);
    let restored = rows(&home);
    assert!(
        (before..=witness.len() as u64).contains(&restored),
        "{before}, {restored}"
    );
    let again = moved
        .run(&["restore", "--cluster", "one"])
        .unwrap_err()
        .to_string();
    assert!(again.contains("has tables already"), "{again}");
    let kafka = Kafka::at(&cluster.broker.bootstrap());
    eventually("the killed ones are members no more", || {
        kafka.set_positions("footfall", 0)
    })
    .unwrap();
    let mut second = ["p-3", "p-4"].map(|name| moved.processor(name).unwrap());
    settle("the new server", &home, &witness, &second.each_ref());
    witness.extend(send(
        std::slice::from_ref(&home),
        &PLAN,
        &mut seed,
        &Control::default(),
    ));
    settle("and goes on", &home, &witness, &second.each_ref());
    ingest.stop().unwrap();
    closed(&home).unwrap();
    second.iter_mut().for_each(|one| one.stop().unwrap());
}
