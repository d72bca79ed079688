//! What the ledger has and this release can read becomes rows: once, as it was then, whatever is replayed how often.

use crate::harness::{Up, eventually, text};
use crate::ledger::event;
use bytes::Bytes;
use footfall::http::Client;
use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use url::Url;
use uuid::Uuid;

/// Entries of a log that an older release has left: numbers count from 1.
fn leave(up: &Up, log: Uuid, entries: &[(&str, &[u8], Uuid)]) {
    for (seq, (reason, payload, event_id)) in (1..).zip(entries) {
        let hex = payload.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        });
        let sql = format!(
            "INSERT INTO ledger (log_id, first_seq, last_seq, reason, detail, payload, event_id, at, insert_deadline) \
             SELECT toUUID('{log}'), {seq}, {seq}, '{reason}', 'of an older release', unhex('{hex}'), \
             toUUID('{event_id}'), now64(3), now64(3) + 60"
        );
        let output = up.cli(&["query", "--writer", &sql]);
        assert!(output.status.success(), "{}", text(&output));
    }
}

/// What a replay says, by reason and outcome.
fn replay(up: &Up, args: &[&str]) -> (Option<i32>, BTreeMap<(String, String), u64>) {
    let output = up.cli(&[&["replay", "--json"], args].concat());
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    let outcome = |one: &Value| {
        let text = |field: &str| one[field].as_str().unwrap().to_owned();
        (
            (text("reason"), text("outcome")),
            one["entries"].as_u64().unwrap(),
        )
    };
    let outcomes = said["outcomes"].as_array().unwrap().iter().map(outcome).collect();
    (output.status.code(), outcomes)
}

fn expected(list: &[(&str, &str, u64)]) -> BTreeMap<(String, String), u64> {
    let one = |(reason, outcome, entries): &(&str, &str, u64)| {
        (((*reason).to_owned(), (*outcome).to_owned()), *entries)
    };
    list.iter().map(one).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_read_now_becomes_a_row_and_the_rest_is_refused_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let id = |number: u128| Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_0000 + number);
    let nil = Uuid::nil();
    let known = format!(
        r#"{{"site":"demo","type":"click","id":"{}","url":"https://shop.example/"}}"#,
        id(1)
    );
    assert_eq!(up.post(&known).await.status, 200);
    up.says("SELECT count() FROM events", "1");
    let entries: [(&str, &[u8], Uuid); 11] = [
        ("unreadable", &event(id(2), "/a"), nil),
        ("unreadable", &event(id(2), "/a"), nil),
        ("unreadable", &event(id(1), "/known"), nil),
        ("unreadable", b"\xff\xfe poison", nil),
        ("unreadable", b"", nil),
        ("unknown_version", &event(id(3), "/b"), nil),
        ("unknown_version", br#"{"v":2,"all":"new"}"#, nil),
        ("erased", b"", id(4)),
        ("unreadable", &event(id(4), "/erased"), nil),
        ("lost", b"", nil),
        ("duplicate", b"", id(1)),
    ];
    let log = Uuid::new_v4();
    leave(&up, log, &entries);

    let wanted = [
        ("unreadable", "sent", 1),
        ("unreadable", "twice", 1),
        ("unreadable", "is_a_row", 1),
        ("unreadable", "still_unreadable", 1),
        ("unreadable", "no_payload", 1),
        ("unreadable", "erased", 1),
        ("unknown_version", "sent", 1),
        ("unknown_version", "still_unknown", 1),
        ("erased", "refused", 1),
        ("lost", "refused", 1),
        ("duplicate", "refused", 1),
    ];
    assert_eq!(replay(&up, &["--dry-run"]), (Some(0), expected(&wanted)));
    assert_eq!(
        up.query("SELECT count() FROM events"),
        "1",
        "a dry run sends nothing"
    );
    assert_eq!(replay(&up, &["--reason", "lost,duplicate"]).0, Some(1));
    assert_eq!(
        replay(&up, &["--reason", "unreadable", "--until", "2026-01-01"]),
        (Some(0), expected(&[]))
    );

    assert_eq!(replay(&up, &[]), (Some(0), expected(&wanted)));
    up.says("SELECT count() FROM events", "3");
    let row = format!(
        "SELECT path, toUnixTimestamp64Milli(time), toUnixTimestamp64Milli(received_at), attempt, props['plan'], \
         log_id = toUUID('{log}') FROM events WHERE event_id = '{}'",
        id(2)
    );
    assert_eq!(up.query(&row), "/a\t1795273445123\t1795273445456\t2\tpro\t0");

    // Everything that went is a row now, and nothing goes again.
    let left = [
        ("unreadable", "is_a_row", 3),
        ("unreadable", "still_unreadable", 1),
        ("unreadable", "no_payload", 1),
        ("unreadable", "erased", 1),
        ("unknown_version", "is_a_row", 1),
        ("unknown_version", "still_unknown", 1),
        ("erased", "refused", 1),
        ("lost", "refused", 1),
        ("duplicate", "refused", 1),
    ];
    assert_eq!(replay(&up, &[]), (Some(1), expected(&left)));
    assert_eq!(up.query("SELECT count() FROM events"), "3");
    up.says("SELECT sum(missing), sum(doubled) FROM books", "0\t0");
}

#[test]
fn replays_at_the_same_time_give_one_row_of_each_event() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let events: Vec<Vec<u8>> = (0..40).map(|_| event(Uuid::new_v4(), "/many")).collect();
    let entries: Vec<_> = events
        .iter()
        .map(|event| ("unreadable", event.as_slice(), Uuid::nil()))
        .collect();
    leave(&up, Uuid::new_v4(), &entries);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert!(up.cli(&["replay", "--reason", "unreadable"]).status.success()));
        }
    });
    up.says("SELECT count(), uniqExact(event_id) FROM events", "40\t40");
    eventually("the books are balanced", || {
        (up.query("SELECT sum(missing), sum(doubled) FROM books") == "0\t0").then_some(())
    });
    up.says("SELECT count(), uniqExact(event_id) FROM events", "40\t40");
}

/// It takes whole events: nobody but the owner of the data folder may use it.
#[tokio::test(flavor = "multi_thread")]
async fn the_door_opens_only_to_who_can_read_the_data_folder_and_takes_only_events() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let mut client = Client::new(&Url::parse(&up.run.admin).unwrap()).unwrap();
    let credentials = footfall::credentials::read(&up.data).unwrap();
    let good = event(Uuid::new_v4(), "/a");
    let right = format!("Bearer {}", credentials.writer_password);
    for (bearer, body, status) in [
        (None, good.clone(), 401),
        (Some("Bearer wrong"), good.clone(), 401),
        (Some(right.as_str()), b"not an event".to_vec(), 400),
        (Some(right.as_str()), br#"{"v":2}"#.to_vec(), 400),
        (
            Some(right.as_str()),
            good.split(|byte| *byte == b'\n').collect::<Vec<_>>().concat(),
            200,
        ),
    ] {
        let headers: Vec<_> = bearer
            .map(|text| (AUTHORIZATION, HeaderValue::from_str(text).unwrap()))
            .into_iter()
            .collect();
        let answer = client
            .call(Method::POST, "/replay", &headers, Bytes::from(body), 1 << 20)
            .await
            .unwrap();
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    up.says("SELECT count() FROM events", "1");
}
