//! `footfall export`: what is in the table comes out, in each format.

use crate::harness::{Up, text};
use serde_json::Value;
use std::collections::BTreeSet;

fn filled() -> (tempfile::TempDir, Up) {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start_with(&folder.path().join("data"), |command| {
        command.args(["--set", "enrich.fetch=false"]);
    });
    let output = up.cli(&["demo", "--days", "3", "--visits", "40"]);
    assert!(output.status.success(), "{}", text(&output));
    up.says("SELECT count() > 200 FROM events", "1");
    // A line break and quotes in a value.
    let odd = up.cli(&[
        "send",
        "--type",
        "custom",
        "--name",
        "odd",
        "--prop",
        "text=a \"b\"\nc",
    ]);
    assert!(odd.status.success(), "{}", text(&odd));
    (folder, up)
}

fn ids(up: &Up, wanted: &str) -> BTreeSet<String> {
    let sql = format!("SELECT toString(event_id) FROM events WHERE {wanted}");
    up.query(&sql).lines().map(str::to_owned).collect()
}

#[test]
fn all_rows_of_a_range_come_out_once_in_each_format() {
    let (folder, up) = filled();
    let from = up.query("SELECT toDate(now() - INTERVAL 4 DAY)");
    let all = ids(&up, "1");

    let output = up.cli(&["export", "--from", &from, "--format", "jsonl"]);
    assert!(output.status.success(), "{}", text(&output));
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), all.len());
    let got: BTreeSet<String> = lines
        .iter()
        .map(|row| row["event_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(got, all);
    assert!(lines.iter().any(|row| row["props"]["text"] == "a \"b\"\nc"));

    let path = folder.path().join("all.csv");
    let file = path.display().to_string();
    let output = up.cli(&["export", "--from", &from, "--output", &file]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains(&format!("{} events", all.len())),
        "{}",
        text(&output)
    );
    let csv = std::fs::read_to_string(&path).unwrap();
    assert!(csv.starts_with("\"site\",\"type\""), "{}", &csv[..80]);
    assert_eq!(csv.matches("\"event_id\"").count(), 1, "one header");
    assert!(all.iter().all(|id| csv.matches(id.as_str()).count() == 1));
    let again = up.cli(&["export", "--from", &from, "--output", &file]);
    assert!(text(&again).contains("is there already"), "{}", text(&again));

    let days = folder.path().join("days");
    let output = up.cli(&[
        "export",
        "--from",
        &from,
        "--format",
        "parquet",
        "--output",
        &days.display().to_string(),
    ]);
    assert!(output.status.success(), "{}", text(&output));
    let files: Vec<_> = std::fs::read_dir(&days)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    assert!((3..=5).contains(&files.len()), "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(
            bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"),
            "{}",
            file.display()
        );
    }
}

#[test]
fn a_range_and_a_site_are_held_to_the_millisecond() {
    let (_folder, up) = filled();
    let edge =
        up.query("SELECT formatDateTime(max(time), '%Y-%m-%dT%H:%i:%S.%fZ') FROM events WHERE name != 'odd'");
    let from = up.query("SELECT toDate(now() - INTERVAL 4 DAY)");
    let before = up.cli(&["export", "--from", &from, "--to", &edge, "--format", "jsonl"]);
    let after = up.cli(&["export", "--from", &edge, "--format", "jsonl"]);
    let count = |output: &std::process::Output| String::from_utf8_lossy(&output.stdout).lines().count();
    assert_eq!(
        count(&before) + count(&after),
        ids(&up, "1").len(),
        "{}",
        text(&before)
    );
    assert_eq!(
        count(&after),
        ids(&up, "time >= (SELECT max(time) FROM events WHERE name != 'odd')").len()
    );
    let other = up.cli(&["export", "--from", &from, "--site", "other", "--format", "jsonl"]);
    assert_eq!(
        (other.status.code(), count(&other)),
        (Some(0), 0),
        "{}",
        text(&other)
    );
}
