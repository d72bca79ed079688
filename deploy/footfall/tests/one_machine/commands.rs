//! The commands that talk to a running Footfall, and what they promise to a person or a script.

use crate::harness::{Up, eventually, footfall, in_time, text};
use bytes::Bytes;
use footfall::http::Client;
use http_body_util::BodyExt as _;
use hyper::Method;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;
use url::Url;

#[test]
fn send_shows_the_answer_and_the_fate() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let output = up.cli(&[
        "send", "--type", "custom", "--name", "signup", "--prop", "plan=pro", "--user", "ada",
    ]);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("200 acknowledged") && said.contains("row number"),
        "{said}"
    );
    assert_eq!(
        up.query("SELECT type, name, user_id, props['plan'] FROM events"),
        "custom\tsignup\tada\tpro"
    );
    let refused = up.cli(&["send", "--type", "no_such_type"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("unknown_type"), "{}", text(&refused));
}

/// What `loadgen --record` says of each event, by id.
fn recorded(path: &std::path::Path) -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .map(|line| (line["event"]["id"].as_str().unwrap().to_owned(), line))
        .collect()
}

#[test]
fn what_loadgen_records_as_accepted_is_in_the_table_by_value() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let record = folder.path().join("record.ndjson");
    let file = record.display().to_string();
    let args = [
        "loadgen", "--rate", "0", "--events", "1500", "--batch", "1..40", "--gzip", "--record", &file,
        "--json",
    ];
    let output = up.cli(&args);
    assert!(output.status.success(), "{}", text(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&summary["accepted"], &summary["unanswered"]),
        (&1500.into(), &0.into()),
        "{summary}"
    );
    let recorded = recorded(&record);
    assert_eq!(recorded.len(), 1500);
    up.says("SELECT count(), uniqExact(event_id) FROM events", "1500\t1500");
    let sql = "SELECT toString(event_id) AS id, type, name, url, title, referrer, seq, toString(page_id) AS page_id, \
        user_id, toString(visitor_id) AS visitor, toString(session_id) AS session, user_agent, props, \
        toUnixTimestamp64Milli(client_time) AS ts FROM events";
    let output = up.cli(&["query", "--format", "JSONEachRow", sql]);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        same(&recorded[row["id"].as_str().unwrap()]["event"], &row);
    }
}

/// Every field of the row is what was sent.
fn same(sent: &Value, row: &Value) {
    for field in [
        "type",
        "name",
        "url",
        "title",
        "referrer",
        "page_id",
        "user_id",
        "visitor",
        "session",
        "user_agent",
    ] {
        let sent = sent.get(field).and_then(Value::as_str).unwrap_or("");
        assert_eq!(row[field].as_str().unwrap(), sent, "{field} of {row}");
    }
    let number = |value: &Value| {
        value
            .as_i64()
            .unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
    };
    assert_eq!(number(&row["ts"]), number(&sent["ts"]));
    assert_eq!(number(&row["seq"]), number(&sent["seq"]));
    let empty = serde_json::Map::new();
    let props = sent.get("props").and_then(Value::as_object).unwrap_or(&empty);
    let as_text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let props: BTreeMap<_, _> = props
        .iter()
        .map(|(key, value)| (key.clone(), as_text(value)))
        .collect();
    let kept: BTreeMap<String, String> = serde_json::from_value(row["props"].clone()).unwrap();
    assert_eq!(kept, props);
}

#[tokio::test]
async fn tail_shows_each_event_with_its_fate() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let mut tail = footfall(&up.data);
    tail.args(["tail", "--json", "--type", "click", "-n", "2"])
        .stdout(Stdio::piped());
    let mut tail = tail.spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let id = uuid::Uuid::now_v7();
    let twice = format!(
        r#"{{"site":"demo","events":[{{"type":"page_view"}},{{"id":"{id}","type":"click"}},{{"id":"{id}","type":"click"}}]}}"#
    );
    // Sent again until somebody listens: the stream begins when the tail has connected.
    let mut sender = tokio::task::JoinSet::new();
    sender.spawn(async move {
        loop {
            up.post(&twice).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let read = tokio::task::spawn_blocking(move || {
        let fates: Vec<Value> = lines
            .by_ref()
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
            .collect();
        (fates, tail.wait().unwrap())
    });
    let (fates, status) = read.await.unwrap();
    sender.shutdown().await;
    assert!(status.success());
    assert_eq!(fates.len(), 2);
    for fate in &fates {
        assert_eq!(
            (&fate["type"], &fate["site"]),
            (&"click".into(), &"demo".into()),
            "{fate}"
        );
    }
    assert!(fates.iter().any(|fate| fate["fate"] == "duplicate"), "{fates:?}");
}

#[tokio::test]
async fn a_tail_outlives_the_idle_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start_with(&folder.path().join("data"), |command| {
        command.args(["--set", "ingest.idle_timeout=200ms"]);
    });
    let mut client = Client::new(&Url::parse(&up.run.admin).unwrap()).unwrap();
    let answer = client
        .send(Method::GET, "/live?site=demo", &[], Bytes::new())
        .await
        .unwrap();
    let mut body = answer.into_body();
    assert!(body.frame().await.unwrap().is_ok(), "the greeting");
    // Several times the time-out; nothing can be waited for, because nothing must happen.
    tokio::time::sleep(Duration::from_secs(1)).await;
    up.post(r#"{"site":"demo","type":"login","user_id":"ada"}"#).await;
    let line = loop {
        let frame = body.frame().await.unwrap().unwrap();
        let line = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
        // After a while of silence it says that it is still there.
        if !line.starts_with(':') {
            break line;
        }
    };
    assert!(line.contains(r#""type":"login""#), "{line}");
}

#[tokio::test]
async fn every_figure_of_a_running_footfall_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    up.post(r#"{"site":"demo","type":"page_view"}"#).await;
    up.says("SELECT count() FROM events", "1");
    let page = include_str!("../../../../docs/metrics.md");
    let mut client = Client::new(&Url::parse(&up.run.admin).unwrap()).unwrap();
    let expected = [
        "footfall_processor_partitions{state=\"ready\"} 1",
        "footfall_processor_in_doubt 0",
        "footfall_processor_lag_records 0",
        "footfall_processor_edge_to_row_seconds_count 1",
    ];
    // The row is there a moment before it is counted.
    let figures = in_time("the figures of one row", async || {
        let figures = client.get("/metrics").await.unwrap().text();
        (expected.iter().all(|one| figures.contains(one))).then_some(figures)
    })
    .await;
    let names = figures
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let unknown: Vec<_> = names
        .clone()
        .filter(|name| !page.contains(&format!("| `{name}` |")))
        .collect();
    assert!(unknown.is_empty() && names.count() > 40, "{unknown:?}\n{figures}");
}

#[test]
fn query_reads_sql_from_stdin_takes_parameters_and_is_held_to_reading() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let sql = folder.path().join("report.sql");
    std::fs::write(&sql, "SELECT {x:UInt8} + 1 AS sum").unwrap();
    let mut command = footfall(&up.data);
    command.args(["query", "--param", "x=41", "--format", "CSVWithNames"]);
    let output = command
        .stdin(std::fs::File::open(&sql).unwrap())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "\"sum\"\n42\n",
        "{}",
        text(&output)
    );
    let refused = up.cli(&["query", "DROP TABLE events"]);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
    let wrong = up.cli(&["query", "SELECT nonsense"]);
    assert!(text(&wrong).contains("UNKNOWN_IDENTIFIER"), "{}", text(&wrong));
    let writer = up.cli(&[
        "query",
        "--writer",
        "CREATE TABLE own (x UInt8) ENGINE = MergeTree ORDER BY x",
    ]);
    assert!(writer.status.success(), "{}", text(&writer));
}

#[test]
fn audit_sees_a_doubled_row_and_repairs_it() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start_with(&folder.path().join("data"), |command| {
        command.args(["--set", "processor.audit_every=0s"]);
    });
    assert!(
        up.cli(&["loadgen", "--rate", "0", "--events", "200"])
            .status
            .success()
    );
    up.says("SELECT count() FROM events", "200");
    let again = "INSERT INTO events SELECT * REPLACE (now64(3) + 60 AS insert_deadline) FROM events ORDER BY log_seq LIMIT 1";
    let planted = up.cli(&["query", "--writer", again]);
    assert!(planted.status.success(), "{}", text(&planted));
    // A log is audited up to its newest mark, which comes within 10 s.
    let seen = eventually("the audit sees it", || {
        let output = up.cli(&["audit", "--json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (report["balanced"] == false).then_some((output.status.code(), report))
    });
    assert_eq!(seen.0, Some(1));
    assert_eq!(seen.1["logs"][0]["doubled"], 1, "{}", seen.1);
    assert!(text(&up.cli(&["audit"])).contains("NOT balanced"));
    let repaired = up.cli(&["audit", "--repair"]);
    assert!(repaired.status.success(), "{}", text(&repaired));
    assert_eq!(up.query("SELECT count() FROM events"), "200");
}

#[test]
fn a_site_that_is_added_may_send_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let added = up.cli(&["site", "add", "shop", "--origin", "https://shop.example"]);
    let said = text(&added);
    assert!(added.status.success(), "{said}");
    let key = said
        .split("shown only now: ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    eventually("the site is known", || {
        let sent = up.cli(&["send", "--site", "shop", "--key", &key]);
        sent.status.success().then_some(())
    });
    let listed = text(&up.cli(&["site", "list"]));
    assert!(
        listed.contains("shop") && listed.contains("https://shop.example") && listed.contains("demo"),
        "{listed}"
    );
    for wrong in [["site", "add", "shop"], ["site", "add", "Shop!"]] {
        let output = up.cli(&[&wrong[..], &["--origin", "https://shop.example"]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    }
}

#[test]
fn every_command_teaches_with_help_and_says_where_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let help = text(&footfall(folder.path()).arg("--help").output().unwrap());
    for part in ["Examples:", "Exit codes:", "footfall query", "footfall audit"] {
        assert!(help.contains(part), "{part}\nnot in\n{help}");
    }
    assert!(
        !help.contains(" engine  "),
        "the engine's own command is hidden:\n{help}"
    );
    for command in ["send", "tail", "query", "audit"] {
        let args: &[&str] = if command == "query" {
            &["query", "SELECT 1"]
        } else {
            &[command]
        };
        let output = footfall(folder.path()).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            text(&output).contains("start it with `footfall up`"),
            "{}",
            text(&output)
        );
    }
}

#[test]
fn wrong_configuration_starts_nothing_and_says_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut command: Command = footfall(&folder.path().join("data"));
    let output = command
        .args(["up", "--listen", "8000", "--set", "local_log.quota=much"])
        .output()
        .unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("`8000` is not an IP address") && said.contains("`much`"),
        "{said}"
    );
    assert!(!folder.path().join("data").exists());
}
