//! A data folder that an earlier release has left opens, with everything in it and what it had not yet written.
//!
//! `tests/data/one_machine_2026_11.tar.gz` was made by the release before Kafka (commit 806d92f): 400 events in the
//! tables, 100 more acknowledged while its engine was stopped, then `kill -9` of both. `one_machine_2026_11_22.tar.gz` was
//! made by the release before retention and back-up (commit d42f0a6): 300 events in the tables, 20 more of a user who was erased,
//! 100 acknowledged while its engine was stopped, `kill -9` of both. `sent.tsv` in each names all that are kept.
//!
//! Between the two, and since, the tables have grown by numbered migrations: a folder with each earlier schema is made here, with
//! rows in it.

use crate::harness::{PASSWORD, Server, Up, footfall, text};
use footfall_tables::catalogue::MIGRATIONS;
use std::path::{Path, PathBuf};
use std::process::Command;

fn unpack(name: &str, to: &Path) -> PathBuf {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    let mut tar = Command::new("tar");
    let status = tar.arg("-xzf").arg(archive).arg("-C").arg(to).status().unwrap();
    assert!(status.success());
    to.join("footfall")
}

/// Everything that was acknowledged is there once, what is sent now comes too, and the keys are the old ones.
async fn opens_and_goes_on(data: &Path, events: u32) -> Up {
    let sent = std::fs::read_to_string(data.join("sent.tsv")).unwrap();
    let key = std::fs::read(data.join("keys/identity.key")).unwrap();
    let up = Up::start(data);
    up.says("SELECT count() FROM events", &events.to_string());
    assert_eq!(
        up.query("SELECT event_id, url FROM events ORDER BY toString(event_id)"),
        sent.trim()
    );
    up.post(r#"{"site":"demo","type":"page_view"}"#).await;
    up.says("SELECT count() FROM events", &(events + 1).to_string());
    assert_eq!(std::fs::read(data.join("keys/identity.key")).unwrap(), key);
    is_well(&up);
    up
}

fn is_well(up: &Up) {
    for command in ["audit", "self-check"] {
        let output = up.cli(&[command]);
        assert!(output.status.success(), "{command}: {}", text(&output));
    }
    up.says("SELECT sum(missing), sum(doubled) FROM books", "0\t0");
}

#[tokio::test]
async fn a_folder_from_before_kafka_opens_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = unpack("one_machine_2026_11.tar.gz", folder.path());
    opens_and_goes_on(&data, 500).await;
}

#[tokio::test]
async fn a_folder_from_before_retention_opens_and_who_was_erased_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = unpack("one_machine_2026_11_22.tar.gz", folder.path());
    let up = opens_and_goes_on(&data, 400).await;
    assert_eq!(
        up.query("SELECT sum(last_seq - first_seq + 1) FROM ledger WHERE reason = 'erased'"),
        "20"
    );
    let receipt = std::fs::read_dir(data.join("erasures")).unwrap();
    let mut receipt = receipt.map(|entry| entry.unwrap().path());
    let receipt = receipt
        .find(|path| path.extension().is_some_and(|ending| ending == "json"))
        .unwrap();
    let verified = up.cli(&["erase", "--verify", receipt.to_str().unwrap()]);
    assert!(verified.status.success(), "{}", text(&verified));
}

/// Rows and their number in the books, as a release with these tables wrote them.
const ROWS: &str = "INSERT INTO events (site, type, event_id, visitor_id, session_id, time, received_at, url, path, props, log_id, log_seq, \
    insert_deadline, schema_version) SELECT 'demo', 'page_view', generateUUIDv4(), generateUUIDv4(), generateUUIDv4(), now64(3), now64(3), \
    concat('https://shop.example/', toString(number)), concat('/', toString(number)), map('n', toString(number)), toUUID(?), number + 1, \
    now64(3) + 3600, 1 FROM numbers(100)";
const MARK: &str = "INSERT INTO ledger (log_id, first_seq, last_seq, reason, at, insert_deadline) \
    SELECT toUUID(?), 101, 101, 'mark', now64(3), now64(3) + 3600";

#[tokio::test]
async fn a_folder_with_the_schema_of_each_earlier_release_is_brought_to_this_one_with_its_rows() {
    // Without a ledger there was no release.
    for known in 2..MIGRATIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let credentials = format!(
            "writer_password = \"{PASSWORD}\"\n[server_keys]\ndemo = \"{}\"\n",
            "d".repeat(32)
        );
        std::fs::write(data.join("credentials.toml"), credentials).unwrap();
        let log = uuid::Uuid::new_v4().to_string();
        {
            let server = Server::start(&data.join("engine"));
            let client = clickhouse::Client::default()
                .with_url(&server.url)
                .with_user("default")
                .with_password(PASSWORD);
            let report =
                footfall_tables::migrate_to(&client, "footfall", &MIGRATIONS[..known], &mut |_| {}).await;
            assert_eq!(report.unwrap().applied.len(), known);
            let client = client.with_database("footfall");
            for sql in [ROWS, MARK] {
                client.query(sql).bind(&log).execute().await.unwrap();
            }
        }
        let up = Up::start(&data);
        assert_eq!(
            up.query("SELECT count(), uniqExact(url, props['n']), sum(log_seq), countIf(path_template = '') FROM events"),
            "100\t100\t5050\t100",
            "schema {known}"
        );
        up.post(r#"{"site":"demo","type":"page_view"}"#).await;
        up.says("SELECT count() FROM events", "101");
        is_well(&up);
        up.says(
            &format!("SELECT rows, ledger, missing, doubled FROM books WHERE log_id = '{log}'"),
            "100\t1\t0\t0",
        );
    }
}

/// What a later release has made of the tables nobody here understands. The processor of a cluster: `tests/tests/cluster/upgrade.rs`.
#[tokio::test]
async fn tables_of_a_later_release_are_refused_by_every_command_that_would_use_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&folder.path().join("engine"));
    let run = |args: &[&str]| {
        let mut command = footfall(&data);
        command.envs(server.env(PASSWORD)).args(args).output().unwrap()
    };
    let migrated = run(&["migrate"]);
    assert!(migrated.status.success(), "{}", text(&migrated));
    let later = "INSERT INTO migrations (number, name, checksum, finished, applied_at) SELECT 999, 'later', 'x', true, now64(3)";
    let noted = run(&["query", "--writer", later]);
    assert!(noted.status.success(), "{}", text(&noted));
    for args in [
        &["migrate"][..],
        &[
            "up",
            "--listen",
            "127.0.0.1:0",
            "--set",
            "ingest.admin_listen=127.0.0.1:0",
        ],
        &["dashboard"],
        &["check", "up"],
    ] {
        let refused = run(args);
        let said = text(&refused);
        assert_eq!(refused.status.code(), Some(1), "{args:?}: {said}");
        for part in ["the database is at 0999 later", "run the newer release"] {
            assert!(said.contains(part), "{args:?}: {said}");
        }
    }
}
