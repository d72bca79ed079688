//! The cluster that deploy/compose.yaml describes, as far as it goes without Docker: the same processes with the same
//! commands, environment, secrets and folders, Kafka from its jars, the engine in ClickHouse's place. What a container is
//! around them (networks, read-only roots, limits) is not tested here.
//!
//! `file`: what the file says; `containers`: what is made of it.

mod containers;
mod file;

use anyhow::ensure;
use containers::Containers;
use footfall_tests::books;
use footfall_tests::footfall::eventually;
use footfall_tests::load::{self, Control, Plan};
use footfall_tests::seed::Seed;
use std::time::Duration;

#[test]
fn the_compose_file_describes_a_cluster_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let mut containers = Containers::up(folder.path(), 3).unwrap();
    let home = containers.home().unwrap();
    let plan = Plan {
        clients: 4,
        events: 20_000,
        batch: 30,
        pause: Duration::from_millis(2),
    };
    let mut seed = Seed::from_env();
    let (witness, _) = load::run(&home, &plan, &mut seed, &Control::default());
    containers.crash("processor#2").unwrap();
    let checked = books::check(&home, &witness).unwrap();
    println!("compose: {} events, {checked:?}", witness.len());
    // Of the profile `load`, but not for a minute.
    let url = format!("http://{}", home.http);
    let loadgen = [
        "loadgen",
        "--url",
        &url,
        "--site",
        "demo",
        "--rate",
        "200",
        "--duration",
        "3s",
    ];
    // From here on the ingest has another log.
    containers.crash("ingest").unwrap();
    containers.run("loadgen", &loadgen).unwrap();
    containers.services.get_mut("ingest").unwrap().stop().unwrap();
    eventually("the closing mark of the second log", || {
        let closed = "SELECT argMax(rows > 0 AND through = acknowledged, first_at) AS n FROM footfall.books";
        ensure!(books::number(&home, closed)? == 1, "{}", containers.printed());
        Ok(())
    })
    .unwrap();
    let balanced = books::balanced(&home).unwrap();
    println!("compose: {balanced:?}");
    assert!(
        balanced.rows > witness.len() as u64,
        "loadgen's events are missing"
    );
    // As deploy/README.md has them.
    let audit = containers.run("processor", &["audit"]).unwrap();
    assert!(audit.contains("balanced"), "{audit}");
    let newest = containers
        .run("processor", &["query", "SELECT count() FROM events"])
        .unwrap();
    assert!(newest.contains(&balanced.rows.to_string()), "{newest}");
    for service in containers
        .services
        .values_mut()
        .filter(|service| service.http != home.http)
    {
        service.stop().unwrap();
    }
}
