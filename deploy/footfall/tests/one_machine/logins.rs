//! The log of logins is a stream of its own, with a retention of its own; and what was said about users can be taken back.

use crate::harness::{Up, eventually, text};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

const LOGIN: &str =
    r#"{"site":"demo","type":"login","user_id":"ada@shop.example","props":{"card":"4111 1111"}}"#;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn json(line: &str) -> Option<Value> {
    serde_json::from_str(line).ok()
}

#[tokio::test]
async fn logins_go_to_stdout_and_to_files_of_their_own_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let logs = data.join("auth-log");
    std::fs::create_dir_all(&logs).unwrap();
    // Older than 90 days, and not; no file of ours.
    for name in ["auth.2020-01-01.log", "auth.2999-01-01.log", "notes.txt"] {
        std::fs::write(logs.join(name), "x\n").unwrap();
    }
    let up = Up::start_with(&data, |command| {
        command.args(["--set", "log.folder=logs", "--set", "log.level=trace"]);
    });
    assert_eq!(up.post(LOGIN).await.status, 200);
    up.says("SELECT count() FROM events", "1");
    let ids = up.query("SELECT visitor_id, session_id, event_id FROM events");
    let said = up.said();
    assert_eq!(up.stop(), Some(0));

    let left: Vec<_> = files(&logs)
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(left.len(), 3, "{left:?}");
    assert!(!left.contains(&"auth.2020-01-01.log".to_owned()), "{left:?}");
    assert_eq!(
        std::fs::metadata(&logs).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let today = files(&logs)
        .into_iter()
        .find(|path| !path.ends_with("auth.2999-01-01.log"))
        .unwrap();
    let line = json(std::fs::read_to_string(today).unwrap().trim()).unwrap();
    assert_eq!(line["message"], "login");
    assert_eq!(line["user"], "ada@shop.example");
    assert_eq!(line["ip"], "127.0.0.0", "the policy of the site is truncate");
    for (name, id) in ["visitor", "session", "event_id"]
        .into_iter()
        .zip(ids.split('\t'))
    {
        assert_eq!(line[name], id);
    }

    let (auth, others): (Vec<_>, Vec<_>) = said
        .lines()
        .partition(|line| json(line).is_some_and(|line| line["target"] == "auth"));
    assert_eq!(auth.len(), 1, "{said}");
    let ordinary = std::fs::read_to_string(&files(&data.join("logs"))[0]).unwrap();
    assert!(ordinary.lines().count() > 5);
    let private = ["ada@shop.example", "4111 1111"];
    for word in ids.split('\t').chain(private) {
        assert!(!ordinary.contains(word), "{word} is in\n{ordinary}");
        let elsewhere: Vec<_> = others.iter().filter(|line| line.contains(word)).collect();
        assert!(elsewhere.is_empty(), "{word} is in {elsewhere:?}");
    }
    // Ours is the only address that logs may name: where it listens.
    let address = ordinary.lines().filter(|line| line.contains("127.0.0.0"));
    assert_eq!(address.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[tokio::test]
async fn both_ways_of_the_log_of_logins_can_be_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = Up::start_with(&data, |command| {
        command.args(["--set", "auth_log.stdout=false", "--set", "auth_log.folder="]);
    });
    up.post(LOGIN).await;
    up.says("SELECT count() FROM events", "1");
    assert!(!up.said().contains("ada@shop.example"), "{}", up.said());
    assert!(!data.join("auth-log").exists());
}

#[tokio::test]
async fn unlink_takes_back_who_a_visitor_is() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let page = uuid::Uuid::now_v7();
    let event = |kind: &str, user: &str| {
        format!(r#"{{"site":"demo","type":"{kind}","user_id":"{user}","page_id":"{page}"}}"#)
    };
    for (kind, user) in [("page_view", ""), ("login", "ada"), ("page_view", "")] {
        assert_eq!(up.post(&event(kind, user)).await.status, 200);
    }
    let resolved = "SELECT count(), countIf(resolved_user = 'ada') FROM user_events WHERE name != '$unlink'";
    up.says(resolved, "3\t3");
    up.says("SELECT user_id, visitors FROM users", "ada\t1");
    let visitor = up.query("SELECT any(visitor_id) FROM events");

    let elsewhere = up.cli(&["unlink", "--user", "bob"]);
    assert!(
        text(&elsewhere).contains("takes back 0 statements"),
        "{}",
        text(&elsewhere)
    );
    assert_eq!(up.query(resolved), "3\t3");
    let output = up.cli(&["unlink", "--visitor", &visitor, "--user", "ada"]);
    let said = text(&output);
    assert!(
        output.status.success() && said.contains("takes back 1 statement"),
        "{said}"
    );
    assert_eq!(up.query(resolved), "3\t0");
    assert_eq!(up.query("SELECT count() FROM users"), "0");

    up.post(&event("login", "ada")).await;
    eventually("the next login links anew", || {
        (up.query(resolved) == "4\t1").then_some(())
    });
    let audit = up.cli(&["audit"]);
    assert!(audit.status.success(), "{}", text(&audit));
    let no_key = up.cli(&["unlink", "--site", "shop", "--user", "ada"]);
    assert!(text(&no_key).contains("takes a server key"), "{}", text(&no_key));
    assert_eq!(up.cli(&["unlink"]).status.code(), Some(2), "whom?");
}
