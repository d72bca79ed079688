//! A person who is erased is gone: out of the tables, the ledger, the log of logins, and out of every byte of the data folder but
//! what the receipt names; and comes back by no way, while everybody else stays.

mod person;

use crate::harness::{Up, eventually, footfall, text};
use footfall_search::{Found, Needles};
use person::{Person, USER};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Stdio};
use uuid::Uuid;

fn start(data: &Path, keep: &str) -> Up {
    std::fs::create_dir_all(data).unwrap();
    std::fs::write(data.join("sites.toml"), person::sites()).unwrap();
    Up::start_with(data, |command| {
        command.args(["--set", "log.folder=logs", "--set", "local_log.segment=4MiB"]);
        command.arg("--set").arg(format!("local_log.keep={keep}"));
    })
}

/// Everybody else, who goes on coming until killed, or for longer than anything here takes.
fn crowd(up: &Up) -> Child {
    let mut load = footfall(&up.data);
    load.args([
        "loadgen",
        "--rate",
        "200",
        "--duration",
        "10m",
        "--key",
        person::KEY,
    ]);
    load.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn ok(up: &Up, args: &[&str]) -> String {
    let output = up.cli(args);
    assert!(output.status.success(), "{args:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn json(up: &Up, args: &[&str]) -> Value {
    serde_json::from_str(&ok(up, args)).unwrap()
}

/// The parts of the data folder in which something of the person is.
fn places(data: &Path, needles: &Needles) -> BTreeSet<String> {
    let searched = needles.in_folder(data).unwrap();
    println!("{searched}");
    assert!(searched.files > 50 && searched.unpacked > 1_000, "{searched}");
    let part = |found: &Found| found.place.split('/').next().unwrap().to_owned();
    searched.found.iter().map(part).collect()
}

fn removed(receipt: &Value, place: &str) -> u64 {
    let all = receipt["removed"].as_array().unwrap();
    let of = |one: &&Value| one["place"].as_str().unwrap().starts_with(place);
    all.iter().find(of).unwrap()["count"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_erased_under_load_is_in_no_byte_that_the_receipt_does_not_name_and_never_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = start(&data, "1h");
    let mut load = crowd(&up);
    let (ada, bob) = (Person::new(USER), Person::new("bob"));
    ada.comes(&up).await;
    bob.comes(&up).await;
    ada.leaves_bytes_that_nobody_can_read(&up);
    let of = |person: &Person| {
        format!(
            "SELECT count() FROM events WHERE visitor_id IN ({})",
            person.ids()
        )
    };
    up.says(&of(&ada), "15");
    up.says(&of(&bob), "15");
    up.says("SELECT count() FROM ledger WHERE reason = 'duplicate'", "2");
    // The control: it is all there, and the search finds it.
    let in_parts = |parts: &[&str]| {
        parts
            .iter()
            .map(|part| (*part).to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        places(&data, &ada.needles()),
        in_parts(&["auth-log", "engine", "log"])
    );

    // Who asks is told all of it.
    let known = ok(&up, &["subject", "--user", USER]);
    let lines: Vec<Value> = known
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let count = |table: &str| lines.iter().filter(|line| line["table"] == table).count();
    assert_eq!(
        [
            "events",
            "ledger",
            "user_links",
            "user_traits_history",
            "auth_log"
        ]
        .map(count),
        [15, 2, 2, 1, 3],
        "{known}"
    );
    let would = json(&up, &["erase", "--user", USER, "--dry-run", "--json"]);
    assert_eq!(
        (&would["events"], &would["ledger"], &would["logins"]),
        (&15.into(), &2.into(), &3.into())
    );
    assert_eq!(up.query(&of(&ada)), "15");

    // As a crash leaves it.
    std::fs::create_dir_all(data.join("log/corrupt")).unwrap();
    std::fs::write(data.join("log/corrupt/a-1-64.corrupt"), "torn").unwrap();

    let before = footfall::target::now_ms();
    let receipt = json(&up, &["erase", "--user", USER, "--json"]);
    assert_eq!(up.query(&of(&ada)), "0");
    assert_eq!(up.query(&of(&bob)), "15");
    assert_eq!(
        ["table events", "table ledger", "log of logins"].map(|place| removed(&receipt, place)),
        [15, 2, 3]
    );
    assert!(load.try_wait().unwrap().is_none(), "the crowd is still coming");
    assert_eq!(ok(&up, &["subject", "--user", USER]), "");
    let written = data.join(format!("erasures/{}.json", receipt["erasure"].as_str().unwrap()));
    ok(&up, &["erase", "--verify", written.to_str().unwrap()]);
    let remains = receipt["remains"].to_string();
    assert!(remains.contains("the local log"), "{remains}");
    assert!(remains.contains("30d after the crash"), "{remains}");
    assert_eq!(places(&data, &ada.needles()), in_parts(&["log"]));
    assert_eq!(
        places(&data, &bob.needles()),
        in_parts(&["auth-log", "engine", "log"])
    );

    // Late: from a page that had no network, and with the numbers of a page that goes on.
    ada.comes_late(&up, before).await;
    // Replayed: bytes that can be read now.
    ada.leaves_bytes_that_can_be_read(&up);
    assert_eq!(json(&up, &["replay", "--json"])["sent"], 1);
    up.says(
        "SELECT count() FROM ledger WHERE reason = 'erased' AND startsWith(detail, 'kept out')",
        "17",
    );
    assert_eq!(up.query(&of(&ada)), "0");
    load.kill().unwrap();
    load.wait().unwrap();
    up.says("SELECT sum(missing), sum(doubled) FROM books", "0\t0");

    // Again, with the same numbers: the position is lost, and the whole log is read anew.
    bob.says_hello(&up).await;
    up.says("SELECT count() FROM events WHERE name = 'hello'", "1");
    let before = up.query("SELECT count(), (SELECT count() FROM ledger WHERE reason != 'mark') FROM events");
    assert_eq!(up.stop(), Some(0));
    for cursor in std::fs::read_dir(data.join("log/cursors")).unwrap() {
        std::fs::remove_file(cursor.unwrap().path()).unwrap();
    }
    let up = start(&data, "1h");
    bob.says_hello(&up).await;
    up.says("SELECT count() FROM events WHERE name = 'hello'", "2");
    let now = up.query("SELECT count() - 1, (SELECT count() FROM ledger WHERE reason != 'mark') FROM events");
    assert_eq!(now, before);
    up.says("SELECT sum(missing), sum(doubled) FROM books", "0\t0");
    // The second time it takes what was left late.
    ok(&up, &["erase", "--user", USER]);
    ok(&up, &["audit"]);
    assert_eq!(up.stop(), Some(0));

    // What the receipt has said of the log is true: at the next start all of it goes.
    let up = start(&data, "0s");
    bob.says_hello(&up).await;
    up.says("SELECT count() FROM events WHERE name = 'hello'", "3");
    eventually("the log is trimmed", || {
        places(&data, &ada.needles()).is_empty().then_some(())
    });
    assert_eq!(up.query(&of(&bob)), "18");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_was_killed_is_finished_by_the_same_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = start(&data, "0s");
    let ada = Person::new(USER);
    ada.comes(&up).await;
    up.says("SELECT count() FROM events", "15");
    let mut erasures = BTreeSet::new();
    for step in [
        "SELECT count() > 0 FROM suppressed",
        "SELECT count() > 0 FROM ledger WHERE reason = 'erased'",
    ] {
        let mut erase = footfall(&data);
        let mut erase = erase
            .args(["erase", "--ip", &ada.ip])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        up.at_once(step).await;
        erase.kill().unwrap();
        erase.wait().unwrap();
        erasures
            .insert(up.query("SELECT arrayStringConcat(groupUniqArray(toString(erasure))) FROM suppressed"));
    }
    let receipt = json(&up, &["erase", "--ip", &ada.ip, "--json"]);
    erasures.insert(receipt["erasure"].as_str().unwrap().to_owned());
    assert_eq!(erasures.len(), 1, "all are one: {erasures:?}");
    assert_eq!(removed(&receipt, "table events"), 15);
    assert_eq!(up.query("SELECT count() FROM events"), "0");
    up.says("SELECT sum(missing), sum(doubled) FROM books", "0\t0");
    // The settings of the tables are as they were.
    assert_eq!(
        up.query("SELECT countIf(create_table_query LIKE '%old_parts_lifetime%') FROM system.tables"),
        "0"
    );
    let again = json(&up, &["erase", "--ip", &ada.ip, "--json"]);
    assert_ne!(again["erasure"], receipt["erasure"]);
    assert_eq!(removed(&again, "table events"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_asked_for_goes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = start(&data, "0s");
    // One device: ada, and after her logout nobody; then bob.
    let shared = Person::new(USER);
    shared.shares_a_device(&up).await;
    up.says("SELECT count() FROM events", "9");
    ok(&up, &["erase", "--user", USER, "--site", "other"]);
    assert_eq!(up.query("SELECT count() FROM events"), "9");
    ok(&up, &["erase", "--user", USER]);
    let left = "SELECT arrayStringConcat(arraySort(groupArray(name)), ' ') FROM events WHERE type = 'custom'";
    assert_eq!(up.query(left), "after bob nobody");
    assert_eq!(up.query("SELECT count() FROM events WHERE user_id = 'bob'"), "1");
    up.says("SELECT sum(missing), sum(doubled) FROM books", "0\t0");
}

#[test]
fn what_cannot_be_done_is_said_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let stopped = footfall(&data).args(["erase", "--user", "ada"]).output().unwrap();
    assert!(
        text(&stopped).contains("there is no key for erasures"),
        "{}",
        text(&stopped)
    );
    let up = start(&data, "0s");
    let visitor = Uuid::nil().to_string();
    for (code, args, said) in [
        (2, &["erase"][..], "required"),
        (2, &["subject"], "required"),
        (
            2,
            &["erase", "--user", "a", "--ip", "203.0.113.7"],
            "cannot be used with",
        ),
        (2, &["erase", "--user", ""], "value is required"),
        (2, &["erase", "--visitor", "ada"], "invalid value"),
        (2, &["erase", "--ip", "localhost"], "invalid value"),
        (1, &["erase", "--visitor", &visitor], "all zeros"),
        (1, &["erase", "--ip", "203.0.113.0"], "a whole network"),
        (1, &["subject", "--ip", "2001:db8:77::"], "a whole network"),
        (1, &["erase", "--verify", "/nowhere/at/all"], "cannot read"),
        (
            1,
            &["--set", "erasure.key=short", "erase", "--user", "a"],
            "not 64 hex digits",
        ),
    ] {
        let output = up.cli(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output));
        assert!(text(&output).contains(said), "{args:?}: {}", text(&output));
    }
    let receipt = folder.path().join("receipt.json");
    let path = receipt.to_str().unwrap();
    ok(&up, &["erase", "--user", "nobody", "--receipt", path]);
    let signed = std::fs::read_to_string(&receipt).unwrap();
    assert!(!signed.contains("nobody"), "{signed}");
    std::fs::write(&receipt, signed.replace("\"count\": 0", "\"count\": 9")).unwrap();
    let changed = up.cli(&["erase", "--verify", path]);
    assert!(text(&changed).contains("was changed"), "{}", text(&changed));
}
