//! Upgrades of a cluster: what a release does with tables of a later one, and how `footfall self-check` says whether everything
//! works afterwards. Edges of the release before beside processors of this one:
//! `processor/kafka/tests/kafka/both_record_formats_are_read.rs`. Records of tomorrow: `operator`.

use footfall_tests::cluster::Cluster;
use footfall_tests::footfall::eventually;

/// What the command prints though it fails.
fn fails(result: anyhow::Result<String>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_self_check_goes_the_way_of_all_events_and_says_where_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(folder.path(), 3).unwrap();
    let wiring = &cluster.wiring;
    let mut ingest = wiring.ingest("edge-1").unwrap();
    let url = format!("http://{}", ingest.http);
    let check = |wait: &str| wiring.run(&["self-check", "--url", &url, "--wait", wait]);

    // Nobody reads the topic.
    let said = fails(check("10s"));
    for part in [
        "edge: acknowledged",
        "cannot be seen in the table",
        "safe in the log of the edge",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let mut processor = wiring.processor("p-1").unwrap();
    processor.wait_ready().unwrap();
    let said = eventually("all is well", || check("60s")).unwrap();
    for part in [
        "clock of ClickHouse: within",
        "migrations",
        "table: the event can be asked for",
        "clock of the edge: within",
        "books: balanced",
        "dashboard: not looked at",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let other = wiring.with(&[("FOOTFALL_INGEST_IDENTITY_KEY", &"ab".repeat(32))]);
    let said = fails(other.run(&["self-check", "--url", &url]));
    assert!(
        said.contains("refuses the event, server_key")
            && said.contains("all edges of a cluster need the same one"),
        "{said}"
    );
    let none = wiring.without("FOOTFALL_INGEST_IDENTITY_KEY");
    let said = fails(none.run(&["self-check", "--url", &url]));
    assert!(said.contains("`ingest.identity_key` is not set here"), "{said}");

    // What a later release has made of the tables.
    let later = "INSERT INTO migrations (number, name, checksum, finished, applied_at) SELECT 999, 'later', 'x', true, now64(3)";
    wiring.run(&["query", "--writer", later]).unwrap();
    let said = fails(check("60s"));
    // One that runs goes on: tables are upgraded first.
    assert!(
        said.contains("is newer than this release") && said.contains("table: the event can be asked for"),
        "{said}"
    );
    processor.stop().unwrap();
    let mut refused = wiring.processor("p-2").unwrap();
    assert_eq!(refused.ended().unwrap().code(), Some(1));
    let said = refused.printed();
    assert!(
        said.contains("the database is at 0999 later") && said.contains("run the newer release"),
        "{said}"
    );
    ingest.stop().unwrap();
}
