//! Processors are pointed at another ClickHouse server while the last inserts of killed ones may still run on the old one:
//! they wait for the operator, whose command looks at Kafka's metadata and at the old server before it believes him.

use crate::{send, settle};
use footfall_tests::books::number;
use footfall_tests::cluster::{Cluster, Wiring};
use footfall_tests::footfall::{eventually, free_port};
use footfall_tests::load::{Control, Plan};
use footfall_tests::seed::Seed;
use footfall_tests::server::Server;
use std::time::Duration;

const PARTITIONS: u32 = 4;
const PLAN: Plan = Plan {
    clients: 4,
    events: 800,
    batch: 20,
    pause: Duration::ZERO,
};

/// What the command says, said or not.
fn confirm(wiring: &Wiring, arguments: &[&str]) -> String {
    let said = wiring.run(&[&["confirm-server-gone"], arguments].concat());
    said.unwrap_or_else(|refusal| refusal.to_string())
}

#[test]
fn another_server_is_written_to_only_when_the_old_one_is_gone_and_somebody_has_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = Cluster::start(folder.path(), PARTITIONS).unwrap();
    let wiring = cluster.wiring.clone();
    let ingest = wiring.ingest("edge-1").unwrap();
    let mut seed = Seed::from_env();
    let mut more = || send(&[wiring.home(&ingest)], &PLAN, &mut seed, &Control::default());
    let mut first = ["p-1", "p-2"].map(|name| wiring.processor(name).unwrap());
    first.iter().for_each(|one| one.wait_ready().unwrap());
    let mut witness = more();
    settle(
        "the old server",
        &wiring.home(&ingest),
        &witness,
        &first.each_ref(),
    );
    assert!(confirm(&wiring, &[]).contains("nothing waits"));
    first.iter_mut().for_each(|one| one.kill9().unwrap());

    let password = &cluster.clickhouse.password;
    let other = Server::start_at(&folder.path().join("other"), free_port().unwrap(), password).unwrap();
    let moved = Wiring::new(folder.path(), &cluster.broker.bootstrap(), &other, PARTITIONS, 1);
    let mut second = ["p-3", "p-4"].map(|name| moved.processor(name).unwrap());
    for processor in &second {
        eventually("it waits, and names the command", || {
            let printed = processor.printed();
            anyhow::ensure!(printed.contains("footfall confirm-server-gone"), "{printed}");
            Ok(())
        })
        .unwrap();
    }
    witness.extend(more());
    let insist = ["--gone-for-good"];
    let running = confirm(&moved, &insist);
    assert!(running.contains("that server still answers at"), "{running}");
    cluster.clickhouse.signal(libc::SIGSTOP);
    let frozen = confirm(&moved, &insist);
    assert!(frozen.contains("does not say which server it is"), "{frozen}");
    cluster.clickhouse.kill9().unwrap();
    let explained = confirm(&moved, &[]);
    assert!(
        explained.contains("Nothing was said") && explained.contains("nobody answers at"),
        "{explained}"
    );
    // Of every partition, by the two that were killed.
    for partition in 0..PARTITIONS {
        assert!(
            explained.contains(&format!("partition {partition}")),
            "{explained}"
        );
    }
    assert_eq!(
        explained.matches("wrote last to the server").count(),
        2,
        "{explained}"
    );
    let home = moved.home(&ingest);
    let rows = || number(&home, "SELECT count() AS n FROM footfall.events").unwrap();
    assert_eq!(rows(), 0);
    let said = confirm(&moved, &insist);
    assert!(said.contains("said. Processors hear it"), "{said}");
    // What only the old server's tables had is in the topic still.
    eventually("the books are balanced", || moved.run(&["audit", "--repair"])).unwrap();
    settle("the new server", &home, &witness, &second.each_ref());
    eventually("their own names stand there now", || {
        let said = confirm(&moved, &[]);
        anyhow::ensure!(said.contains("nothing waits"), "{said}");
        Ok(())
    })
    .unwrap();
    second.iter_mut().for_each(|one| one.stop().unwrap());
}
