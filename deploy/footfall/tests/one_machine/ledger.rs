//! What did not become a row: it can be listed, shown, skipped, and the operator's word does what it says and no more.

use crate::harness::{PASSWORD, Server, Up, eventually, footfall, text};
use footfall_log::{Config, Entry, Log};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use uuid::Uuid;

/// An event as an edge writes it.
pub(crate) fn event(id: Uuid, path: &str) -> Vec<u8> {
    format!(
        r#"{{"v":1,"id":"{id}","site":"shop","type":"page_view","visitor":"11111111-1111-4111-8111-111111111111",
        "session":"22222222-2222-4222-8222-222222222222","session_start":1795273445000,"time":1795273445123,
        "received_at":1795273445456,"url":"https://shop.example{path}","props":{{"plan":"pro"}}}}"#
    )
    .into_bytes()
}

/// Appends records to the log of a Footfall that is not running, as an edge of another release might have.
pub(crate) async fn append(data: &Path, payloads: Vec<Vec<u8>>) -> (Uuid, std::ops::Range<u64>) {
    let folder = data.join("log");
    let settings = Config {
        folder,
        ..Config::default()
    };
    let (log, _) = tokio::task::spawn_blocking(move || Log::open(settings).unwrap())
        .await
        .unwrap();
    let entry = |payload| Entry {
        kind: 1,
        time_ms: 1_795_273_445_456,
        key: [1; 16],
        payload,
    };
    let entries: Vec<_> = payloads.into_iter().map(entry).collect();
    let numbers = log.append(entries).await.unwrap();
    let id = log.id();
    log.close().await;
    (id, numbers)
}

fn json_lines(up: &Up, args: &[&str]) -> Vec<Value> {
    let output = up.cli(args);
    assert!(output.status.success(), "{}", text(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The command that the alarm names, as its arguments.
fn named_in(said: &str, command: &str) -> Vec<String> {
    let (_, rest) = said.rsplit_once(command).unwrap();
    let line = rest.lines().next().unwrap();
    // In a JSON log line the command ends with the text.
    let line = line.split('"').next().unwrap();
    let words = line.split_whitespace().map(str::to_owned);
    command
        .split(' ')
        .skip(1)
        .map(str::to_owned)
        .chain(words.take(2))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_record_is_listed_shown_and_skipped_by_the_command_that_the_alarm_names() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    Up::start(&data).stop();
    let good = [Uuid::new_v4(), Uuid::new_v4()];
    let records = vec![
        b"\xff\xfe not an event".to_vec(),
        event(good[0], "/a"),
        br#"{"v":2,"site":"shop","all":"new"}"#.to_vec(),
        event(good[1], "/b"),
    ];
    let (log, numbers) = append(&data, records).await;
    let (log, first) = (log.to_string(), numbers.start);
    let up = Up::start(&data);
    eventually("the alarm is raised", || {
        up.said().contains("footfall ledger skip").then_some(())
    });
    up.says("SELECT count() FROM events", "1");

    let entries = json_lines(&up, &["ledger", "--json", "--log", &log]);
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(
        (&entries[0]["reason"], &entries[0]["payload_bytes"]),
        (&"unreadable".into(), &15.into())
    );
    let poison = first.to_string();
    let shown = text(&up.cli(&["ledger", "show", &log, &poison]));
    assert!(
        shown.contains("ff fe 20 6e 6f 74") && shown.contains("not UTF-8 after byte 0"),
        "{shown}"
    );

    let command = named_in(&up.said(), "footfall ledger skip");
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    assert_eq!(command, ["ledger", "skip", &log, &(first + 2).to_string()]);
    let output = up.cli(&command);
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("its partition goes on"),
        "{}",
        text(&output)
    );
    up.says("SELECT count() FROM events", "2");
    let again = text(&up.cli(&command));
    assert!(again.contains("has its fate already: unknown_version"), "{again}");
    assert_eq!(up.query("SELECT count() FROM skips"), "1");

    let shown = text(&up.cli(&["ledger", "show", &log, command[3]]));
    assert!(
        shown.contains("\"all\": \"new\"") && shown.contains("unknown_version"),
        "{shown}"
    );
    let of_site = json_lines(&up, &["ledger", "--json", "--site", "shop"]);
    assert_eq!(of_site.len(), 1, "{of_site:?}");
    assert_eq!(of_site[0]["reason"], "unknown_version");
    let listed = text(&up.cli(&["ledger", "--site", "shop", "--since", "1h"]));
    assert!(
        listed.contains("1 entries of these reasons and times have no site"),
        "{listed}"
    );
    assert_eq!(
        json_lines(&up, &["ledger", "--json", "--until", "2026-01-01"]).len(),
        0
    );
    let row = up.cli(&["ledger", "show", &log, &(first + 1).to_string()]);
    assert!(
        !row.status.success() && text(&row).contains("it is a row"),
        "{}",
        text(&row)
    );
    let balance = format!("SELECT missing, doubled FROM books WHERE log_id = '{log}'");
    assert_eq!(up.query(&balance), "0\t0");
}

#[test]
fn a_reason_or_a_time_that_is_none_is_refused_with_what_can_be_given() {
    let folder = tempfile::tempdir().unwrap();
    for (args, hint) in [
        (["ledger", "--reason", "broken"], "unknown_version"),
        (["ledger", "--since", "yesterday"], "2h (ago)"),
        (["replay", "--log", "7"], "--log"),
    ] {
        let output = footfall(folder.path()).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output).contains(hint), "{}", text(&output));
    }
}

fn on(command: &mut Command, server: &Server) {
    command.envs(server.env(PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_is_waited_for_until_the_old_one_is_gone_and_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let old = Server::start(&folder.path().join("old"));
    let up = Up::start_with(&data, |command| on(command, &old));
    up.post(r#"{"site":"demo","type":"page_view","url":"https://shop.example/1"}"#)
        .await;
    // Of what was sent first a copy may come too: its position was not saved when the process was killed.
    let count = |server: &Server, path: &str, wanted: &str| {
        eventually("the row is there", || {
            let mut command = footfall(&data);
            on(&mut command, server);
            let sql = format!("SELECT countIf(path = '{path}') FROM events");
            let output = command
                .args(["query", "--format", "TabSeparated", &sql])
                .output()
                .unwrap();
            (String::from_utf8_lossy(&output.stdout).trim() == wanted).then_some(())
        });
    };
    count(&old, "/1", "1");
    up.kill();

    let new = Server::start(&folder.path().join("new"));
    let up = Up::start_with(&data, |command| on(command, &new));
    up.post(r#"{"site":"demo","type":"page_view","url":"https://shop.example/2"}"#)
        .await;
    eventually("it holds, and names the command", || {
        up.said().contains("footfall confirm-server-gone").then_some(())
    });
    let confirm = |args: &[&str]| {
        let mut command = footfall(&data);
        on(&mut command, &new);
        command.arg("confirm-server-gone").args(args).output().unwrap()
    };
    let refused = confirm(&["--gone-for-good"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("still answers"), "{}", text(&refused));
    drop(old);
    let explained = confirm(&[]);
    assert_eq!(explained.status.code(), Some(1));
    assert!(
        text(&explained).contains("Nothing was said"),
        "{}",
        text(&explained)
    );
    count(&new, "/2", "0");
    let said = confirm(&["--gone-for-good"]);
    assert!(said.status.success(), "{}", text(&said));
    count(&new, "/2", "1");
    eventually("its own name stands there now", || {
        text(&confirm(&[])).contains("nothing waits").then_some(())
    });
    assert_eq!(up.stop(), Some(0));
}
