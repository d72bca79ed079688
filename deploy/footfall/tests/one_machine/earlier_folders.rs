//! A data folder that an earlier release has left opens, with everything in it and what it had not yet written.
//!
//! `tests/data/one_machine_2026_11.tar.gz` was made by the release before Kafka (commit 806d92f): 400 events in the
//! tables, 100 more acknowledged while its engine was stopped, then `kill -9` of both. `sent.tsv` in it names all 500.

use crate::harness::{Up, text};
use std::path::Path;
use std::process::Command;

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/data/one_machine_2026_11.tar.gz"
);

fn unpack(to: &Path) {
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(FOLDER)
        .arg("-C")
        .arg(to)
        .status()
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn a_folder_from_before_kafka_opens_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    unpack(folder.path());
    let data = folder.path().join("footfall");
    let sent = std::fs::read_to_string(data.join("sent.tsv")).unwrap();
    let key = std::fs::read(data.join("keys/identity.key")).unwrap();
    let up = Up::start(&data);
    up.says("SELECT count() FROM events", "500");
    assert_eq!(
        up.query("SELECT event_id, url FROM events ORDER BY toString(event_id)"),
        sent.trim()
    );
    up.post(r#"{"site":"demo","type":"page_view"}"#).await;
    up.says("SELECT count() FROM events", "501");
    let audit = up.cli(&["audit"]);
    assert!(audit.status.success(), "{}", text(&audit));
    assert_eq!(std::fs::read(data.join("keys/identity.key")).unwrap(), key);
}
