//! `footfall self-check` says that what works works, and of each thing that does not, that it does not and what to do.

use crate::harness::{PASSWORD, Server, Up, eventually, footfall, free_address, text};
use footfall::http::Client;
use std::path::Path;
use url::Url;

/// What it prints, which must be that something is wrong.
fn finds(up: &Up, args: &[&str], wanted: &[&str]) -> String {
    let output = up.cli(&[&["self-check"], args].concat());
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in wanted {
        assert!(said.contains(part), "{part}: {said}");
    }
    said
}

/// What it prints, which must be that all is well.
fn is_well(up: &Up) -> String {
    let output = up.cli(&["self-check"]);
    assert!(output.status.success(), "{}", text(&output));
    text(&output)
}

fn writes(up: &Up, sql: &str) {
    let output = up.cli(&["query", "--writer", sql]);
    assert!(output.status.success(), "{}", text(&output));
}

#[tokio::test]
async fn what_works_is_said_line_by_line_and_nobodys_figures_change() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    for times in ["1", "2"] {
        let said = is_well(&up);
        for part in [
            "release: ",
            "keys: the ring of cookies",
            "keys: the one for erasures",
            "answers at",
            "clock of ClickHouse: within",
            "migrations",
            "dashboard: answers a report",
            "edge: acknowledged",
            "table: the event can be asked for",
            "clock of the edge: within",
            "books: balanced",
            "no problem",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(
            up.query("SELECT site, count() FROM events GROUP BY site"),
            format!("_self\t{times}")
        );
    }
    // Of nobody: no address, no cookie.
    assert_eq!(
        up.query("SELECT countIf(toString(ip) != '::' OR user_id != '' OR decision = 'cookie') FROM events"),
        "0"
    );
    let dashboard = Url::parse(up.run.dashboard.as_ref().unwrap()).unwrap();
    let sites = Client::new(&dashboard)
        .unwrap()
        .get("/api/sites")
        .await
        .unwrap()
        .text();
    assert!(sites.contains("demo") && !sites.contains("_self"), "{sites}");
    // A page cannot send there.
    let refused = up.post(r#"{"site":"_self","type":"page_view"}"#).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
}

#[tokio::test]
async fn another_release_keys_that_are_gone_a_newer_schema_and_wrong_books_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = Up::start_with(&data, |command| {
        command.args(["--set", "processor.audit_repair=false"]);
    });
    up.post(r#"{"site":"demo","type":"page_view"}"#).await;
    up.says("SELECT count() FROM events", "1");
    is_well(&up);

    changed(
        &data.join("run.json"),
        |run| run.replacen("\"version\": \"", "\"version\": \"0.0.1, ", 1),
        || {
            finds(
                &up,
                &[],
                &["release: 0.0.1", "start the service again", "edge: acknowledged"],
            );
        },
    );
    changed(
        &data.join("credentials.toml"),
        |text| {
            text.lines()
                .filter(|line| !line.starts_with("_self"))
                .collect::<Vec<_>>()
                .join("\n")
        },
        || {
            finds(&up, &[], &["what is running is an earlier release"]);
        },
    );
    changed(
        &data.join("credentials.toml"),
        |text| {
            text.lines()
                .map(|line| {
                    if line.starts_with("_self") {
                        "_self = \"other\""
                    } else {
                        line
                    }
                })
                .collect::<Vec<_>>()
                .join("\n")
        },
        || {
            finds(&up, &[], &["refuses the event, server_key"]);
        },
    );
    changed(
        &data.join("keys/identity.key"),
        |_| "nonsense".to_owned(),
        || {
            finds(&up, &[], &["identity.key is damaged", "back-up"]);
        },
    );
    changed(
        &data.join("keys/erasure.key"),
        |_| "nonsense".to_owned(),
        || {
            finds(&up, &[], &["erasure.key is damaged"]);
        },
    );
    is_well(&up);

    // Somebody was erased under another key: those who insert have the list read again.
    writes(
        &up,
        "INSERT INTO suppressed (erasure, kind, hash, key_id, site, since, until, asked, finished, said_by, at) \
         SELECT generateUUIDv4(), 'user', 1, 7, '', toDateTime64(0, 3), now64(3), true, true, 'a test', now64(3)",
    );
    eventually("what was read before is too old", || {
        let said = finds(
            &up,
            &["--wait", "2s"],
            &["under the key 00000007", "inserts nothing"],
        );
        said.contains("cannot be seen in the table").then_some(())
    });
    writes(
        &up,
        "ALTER TABLE suppressed DELETE WHERE key_id = 7 SETTINGS mutations_sync = 2",
    );
    // What waited comes.
    up.says("SELECT uniqExact(log_seq) = count() FROM events", "1");
    eventually("all is well again", || {
        up.cli(&["self-check"]).status.success().then_some(())
    });

    writes(
        &up,
        "INSERT INTO events SELECT * REPLACE (now64(3) + 60 AS insert_deadline) FROM events WHERE site = 'demo'",
    );
    eventually("a row that is doubled is closed by a mark", || {
        let said = text(&up.cli(&["self-check"]));
        said.contains("the books are not balanced: missing 0, doubled 1")
            .then_some(())
    });
    writes(
        &up,
        "INSERT INTO migrations (number, name, checksum, finished, applied_at) SELECT 999, 'later', 'x', true, now64(3)",
    );
    finds(
        &up,
        &[],
        &["is newer than this release", "run the newer release", "doubled 1"],
    );
}

/// `check` runs while the file is another one.
fn changed(path: &Path, change: impl FnOnce(&str) -> String, check: impl FnOnce()) {
    let before = std::fs::read_to_string(path).unwrap();
    let after = change(&before);
    assert_ne!(after, before);
    std::fs::write(path, after).unwrap();
    check();
    std::fs::write(path, before).unwrap();
}

#[tokio::test]
async fn a_clickhouse_that_is_away_is_found_and_the_event_comes_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (engine, data) = (folder.path().join("engine"), folder.path().join("data"));
    let server = Server::start_at(&engine, free_address());
    let (address, env) = (server.address(), server.env(PASSWORD));
    let up = Up::start_with(&data, |command| {
        command.envs(env.clone());
    });
    let check = |wait: &str| {
        let mut command = footfall(&data);
        command
            .envs(env.clone())
            .args(["self-check", "--wait", wait])
            .output()
            .unwrap()
    };
    let well = check("60s");
    assert!(well.status.success(), "{}", text(&well));
    drop(server);
    let away = check("10s");
    let said = text(&away);
    assert_eq!(away.status.code(), Some(1), "{said}");
    for part in [
        "cannot connect to",
        "the dashboard at",
        "edge: acknowledged",
        "cannot be seen in the table",
        "safe in the log of the edge",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let _server = Server::start_at(&engine, address);
    eventually("all is well again", || {
        check("60s").status.success().then_some(())
    });
    drop(up);
}

#[test]
fn where_nothing_runs_and_where_nobody_listens_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = footfall(folder.path()).arg("self-check").output().unwrap();
    assert_eq!(nothing.status.code(), Some(1));
    assert!(
        text(&nothing).contains("no Footfall is running on the data folder"),
        "{}",
        text(&nothing)
    );
    let key = "ab".repeat(32);
    let nobody = footfall(folder.path())
        .env("FOOTFALL_INGEST_IDENTITY_KEY", &key)
        .args([
            "self-check",
            "--url",
            "http://127.0.0.1:1",
            "--dashboard",
            "http://127.0.0.1:1",
        ])
        .output()
        .unwrap();
    let said = text(&nobody);
    assert_eq!(nobody.status.code(), Some(1), "{said}");
    for part in [
        "the edge at http://127.0.0.1:1/ cannot be asked",
        "the dashboard at http://127.0.0.1:1",
        "not known which ClickHouse",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
