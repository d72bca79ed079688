//! Who was erased after the back-up is in what it is restored to, until `footfall erase --again`: by the receipt, which names nobody.

use super::{back_up, restored};
use crate::harness::{Up, text};
use serde_json::json;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const KEY: &str = "a key of the test";

fn start(data: &Path) -> Up {
    let digest = footfall::credentials::hex(&footfall::credentials::digest(KEY));
    std::fs::create_dir_all(data).unwrap();
    let sites = format!("[[site]]\nkey = \"demo\"\nserver_keys = [\"{digest}\"]\n");
    std::fs::write(data.join("sites.toml"), sites).unwrap();
    Up::start_with(data, |command| {
        command.args(["--set", "local_log.keep=1h"]);
    })
}

/// Somebody logs in.
fn comes(up: &Up, user: &str) {
    let sent = up.cli(&["send", "--type", "login", "--user", user, "--key", KEY]);
    assert!(sent.status.success(), "{}", text(&sent));
}

fn ok(up: &Up, args: &[&str]) -> String {
    let output = up.cli(args);
    assert!(output.status.success(), "{args:?}: {}", text(&output));
    text(&output)
}

/// Receipts give seconds: what is to be told apart is a second away from the other.
fn next_second() {
    let second = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let start = second();
    crate::harness::eventually("the clock goes on", || (second() > start).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_erased_after_the_back_up_is_erased_again_by_the_receipt() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    let (data, copy, fresh) = (in_folder("data"), in_folder("backup"), in_folder("fresh"));
    let up = start(&data);
    for user in ["early", "ada", "bob"] {
        comes(&up, user);
    }
    ok(&up, &["erase", "--user", "early"]);
    next_second();
    back_up(&data, &copy).await;
    next_second();
    let before = footfall::target::now_ms();
    ok(&up, &["erase", "--user", "ada"]);
    ok(&up, &["erase", "--user", "nobody who ever came"]);
    assert_eq!(up.query("SELECT DISTINCT user_id FROM events ORDER BY 1"), "bob");
    assert_eq!(up.stop(), Some(0));

    let receipts = data.join("erasures");
    let log = data.join("log");
    let said = restored(
        &copy,
        &fresh,
        &[
            "--erasures",
            receipts.to_str().unwrap(),
            "--log",
            log.to_str().unwrap(),
        ],
    );
    assert!(said.contains("2 erasures are newer than the back-up"), "{said}");
    let up = start(&fresh);
    let users = "SELECT arrayStringConcat(arraySort(groupUniqArray(user_id)), ' ') FROM events";
    up.says(users, "ada bob");
    let said = ok(&up, &["erase", "--again"]);
    assert!(
        said.contains("2 erasures done again") && said.contains("nobody in the tables has this hash"),
        "{said}"
    );
    up.says(users, "bob");
    assert_eq!(ok(&up, &["subject", "--user", "ada"]), "");
    assert!(ok(&up, &["erase", "--again"]).contains("the tables know all erasures"));
    // Late arrivals stay out: what was sent before the erasure and comes now.
    for user in ["ada", "nobody who ever came", "cleo"] {
        late(&up, user, before).await;
    }
    up.says(users, "bob cleo");
    let audit = up.cli(&["audit"]);
    assert!(audit.status.success(), "{}", text(&audit));
}

/// An event of that time, which comes only now.
async fn late(up: &Up, user: &str, at: i64) {
    let event = json!({
        "type": "login", "user_id": user, "ts": at,
        "visitor": uuid::Uuid::new_v4(), "url": "https://shop.example/",
    });
    let body = json!({"site": "demo", "events": [event]}).to_string();
    let mut client = footfall::http::Client::new(&url::Url::parse(&up.run.public).unwrap()).unwrap();
    let headers = [(
        hyper::header::HeaderName::from_static("x-footfall-key"),
        hyper::header::HeaderValue::from_static(KEY),
    )];
    let answer = client
        .call(hyper::Method::POST, "/v1/events", &headers, body.into(), 1 << 20)
        .await
        .unwrap();
    assert_eq!(answer.text(), r#"{"accepted":1,"rejected":[]}"#);
}
