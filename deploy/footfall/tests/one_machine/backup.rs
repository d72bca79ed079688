//! A back-up that is made under load has everything that was acknowledged before it, once; what it is restored to goes on, and
//! takes in what came later. A clone does no harm. What is not whole, or damaged, is nothing.

mod client;
mod clones;
mod erased;
mod refused;

use crate::harness::{Up, eventually, footfall, in_time, text};
use client::{Ids, Load};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;
use uuid::Uuid;

/// Runs `footfall backup` with these arguments against a data folder.
fn backup(data: &Path, args: &[&Path]) -> Output {
    footfall(data).arg("backup").args(args).output().unwrap()
}

/// The same, and it has to work. Others go on meanwhile.
async fn back_up(data: &Path, target: &Path) {
    let (data, to) = (data.to_owned(), target.to_owned());
    let output = tokio::task::spawn_blocking(move || backup(&data, &[&to]))
        .await
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    assert!(target.join("manifest.json").exists(), "{}", text(&output));
}

fn restore(from: &Path, data: &Path, more: &[&str]) -> Output {
    footfall(data)
        .arg("restore")
        .arg(from)
        .args(more)
        .output()
        .unwrap()
}

/// The same, and it has to work; gives what it said.
fn restored(from: &Path, data: &Path, more: &[&str]) -> String {
    let output = restore(from, data, more);
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

/// Ids of all events in the table, each of which is there once.
fn rows(up: &Up) -> Ids {
    let all = up.query("SELECT event_id FROM events");
    let ids: Vec<_> = all.lines().map(|id| id.parse().unwrap()).collect();
    let distinct: Ids = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "an event is there twice");
    distinct
}

/// Waits until the table has all of these.
fn has(up: &Up, wanted: &Ids) -> Ids {
    let mut last = Ids::new();
    eventually("every acknowledged event is in the table", || {
        last = rows(up);
        wanted.is_subset(&last).then_some(())
    });
    last
}

/// Waits until the books speak of the log with this id, and are right: nothing missing, doubled, or lost.
fn balanced(up: &Up, log: &str) {
    eventually("the books are closed and right", || {
        let output = up.cli(&["audit", "--json"]);
        // Nothing while an engine is not there.
        let books: Value = serde_json::from_slice(&output.stdout).ok()?;
        let logs = books["logs"].as_array().unwrap();
        let speak_of_it = logs.iter().any(|one| one["log_id"] == log);
        let zero = |one: &Value| one["missing"] == 0 && one["doubled"] == 0 && one["late_duplicates"] == 0;
        (speak_of_it && logs.iter().all(zero)).then_some(())
    });
    assert_eq!(up.query("SELECT count() FROM ledger WHERE reason = 'lost'"), "0");
}

/// The log that the newest event of the table came by.
fn newest_log(up: &Up) -> String {
    up.query("SELECT log_id FROM events ORDER BY received_at DESC, log_seq DESC LIMIT 1")
}

/// Logs that have given numbers until now.
fn logs(up: &Up) -> BTreeSet<String> {
    up.query("SELECT DISTINCT log_id FROM events UNION DISTINCT SELECT log_id FROM ledger")
        .lines()
        .map(str::to_owned)
        .collect()
}

/// One more event is taken, by none of the logs that have given numbers before.
async fn goes_on(up: &Up, given: &BTreeSet<String>) {
    let id = Uuid::now_v7();
    let event = format!(r#"{{"site":"demo","id":"{id}","type":"page_view"}}"#);
    assert_eq!(up.post(&event).await.text(), r#"{"accepted":1,"rejected":[]}"#);
    let log = eventually("one more event is in the table", || {
        let log = up.query(&format!("SELECT log_id FROM events WHERE event_id = '{id}'"));
        (!log.is_empty()).then_some(log)
    });
    assert!(!given.contains(&log), "numbers of {log} are given a second time");
}

fn small_segments(data: &Path, keep: &str) -> Up {
    Up::start_with(data, |command| {
        command.args(["--set", "local_log.segment=1MiB"]);
        command.arg("--set").arg(format!("local_log.keep={keep}"));
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn restored_from_the_middle_of_load_nothing_is_lost_or_doubled_and_the_log_that_was_left_brings_the_rest()
 {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    let (data, copy) = (in_folder("data"), in_folder("backup"));
    let up = small_segments(&data, "1h");
    let load = Load::start(&up.run.public, 2_000);
    load.goes_on(600).await;
    let before = load.acknowledged();
    back_up(&data, &copy).await;
    load.goes_on(600).await;
    let (origin, given) = (newest_log(&up), logs(&up));
    up.kill();
    let (acknowledged, sent) = load.end().await;
    assert!(before.len() < acknowledged.len());

    let alone = in_folder("alone");
    restored(&copy, &alone, &[]);
    let up = Up::start(&alone);
    let found = has(&up, &before);
    assert!(found.is_subset(&sent));
    assert!(
        !acknowledged.is_subset(&found),
        "the back-up is older than the end of the load"
    );
    balanced(&up, &origin);
    goes_on(&up, &given).await;
    assert_eq!(up.stop(), Some(0));

    let whole = in_folder("whole");
    let log = data.join("log");
    let said = restored(&copy, &whole, &["--log", log.to_str().unwrap()]);
    assert!(!said.contains("in neither log"), "{said}");
    let up = Up::start(&whole);
    assert!(has(&up, &acknowledged).is_subset(&sent));
    balanced(&up, &origin);
    goes_on(&up, &given).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_lost_tables_had_is_named_by_restore_and_counted_as_lost() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    let (data, copy, fresh) = (in_folder("data"), in_folder("backup"), in_folder("fresh"));
    let up = small_segments(&data, "0s");
    let load = Load::start(&up.run.public, 8_000);
    load.goes_on(100).await;
    let before = load.acknowledged();
    back_up(&data, &copy).await;
    let held = walk(&data.join("log/logs"));
    in_time("what came behind the back-up is trimmed", async || {
        load.goes_on(100).await;
        let now = walk(&data.join("log/logs"));
        let gone = held.iter().all(|segment| !now.contains(segment));
        (gone
            && !now
                .iter()
                .any(|name| name.ends_with("/00000000000000000001.000.segment")))
        .then_some(())
    })
    .await;
    up.kill();
    let (_, sent) = load.end().await;
    let log = data.join("log");
    let said = restored(&copy, &fresh, &["--log", log.to_str().unwrap()]);
    assert!(said.contains("are in neither log"), "{said}");
    let up = Up::start(&fresh);
    assert!(has(&up, &before).is_subset(&sent));
    up.says("SELECT count() FROM ledger WHERE reason = 'lost'", "1");
    up.says("SELECT sum(missing), sum(doubled) FROM books", "0\t0");
    let audit = up.cli(&["audit"]);
    assert!(audit.status.success(), "{}", text(&audit));
}

/// Segments come and go within a second, and the tables are merged, while back-ups are made.
#[tokio::test(flavor = "multi_thread")]
async fn every_back_up_is_whole_although_the_log_is_trimmed_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = small_segments(&data, "0s");
    let load = Load::start(&up.run.public, 8_000);
    let mut made: Vec<(PathBuf, Ids)> = Vec::new();
    for number in 0..4 {
        load.goes_on(300).await;
        let (copy, before) = (
            folder.path().join(format!("backup-{number}")),
            load.acknowledged(),
        );
        back_up(&data, &copy).await;
        made.push((copy, before));
    }
    eventually("the first segment of the log is gone", || {
        let segments = walk(&data.join("log/logs"));
        let is_there = segments
            .iter()
            .any(|name| name.contains("/00000000000000000001."));
        (!is_there).then_some(())
    });
    let origin = newest_log(&up);
    let (_, sent) = load.end().await;
    for (copy, before) in made {
        let fresh = copy.with_extension("restored");
        restored(&copy, &fresh, &[]);
        let up = Up::start(&fresh);
        assert!(has(&up, &before).is_subset(&sent));
        balanced(&up, &origin);
    }
    assert_eq!(left_over(&data), Vec::<String>::new());
}

#[tokio::test]
async fn a_stopped_footfall_is_backed_up_as_well_and_its_keys_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy, fresh) = (
        folder.path().join("data"),
        folder.path().join("backup"),
        folder.path().join("fresh"),
    );
    let up = Up::start(&data);
    for _ in 0..30 {
        up.post(r#"{"site":"demo","type":"page_view"}"#).await;
    }
    let given = logs(&up);
    // Not drained: the rest is in the log alone.
    up.kill();
    std::fs::write(data.join("mine.txt"), "a file of the operator's").unwrap();
    back_up(&data, &copy).await;
    restored(&copy, &fresh, &[]);
    for file in [
        "keys/identity.key",
        "keys/erasure.key",
        "sites.toml",
        "dashboard.toml",
        "credentials.toml",
        "mine.txt",
    ] {
        let read = |folder: &Path| std::fs::read(folder.join(file)).unwrap();
        assert_eq!(read(&data), read(&fresh), "{file}");
        assert_eq!(mode(&data.join(file)), mode(&fresh.join(file)), "{file}");
    }
    // Copies of the salts would outlive them.
    assert!(data.join("keys/ip-salt").exists());
    assert!(walk(&copy).iter().all(|name| !name.contains("salt")));
    assert_eq!(mode(&copy), 0o700);
    assert_eq!(mode(&copy.join("data/credentials.toml")), 0o600);
    let up = Up::start(&fresh);
    up.says("SELECT count(), uniqExact(event_id) FROM events", "30\t30");
    goes_on(&up, &given).await;
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Paths of all files below a folder.
fn walk(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            all.extend(walk(&entry.path()));
        } else {
            all.push(entry.path().display().to_string());
        }
    }
    all
}

/// Links that a back-up has left in the engine's folder.
fn left_over(data: &Path) -> Vec<String> {
    let shadow = data.join("engine/clickhouse/shadow");
    let entries = std::fs::read_dir(shadow).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("footfall")).collect()
}
