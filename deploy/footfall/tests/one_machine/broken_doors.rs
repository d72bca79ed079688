//! The same of ports: who may reach them, and what they show.

use crate::broken_setups::{NOWHERE, check, finds};
use crate::harness::text;
use std::path::Path;

#[test]
fn an_operators_port_off_loopback_that_nobody_meant() {
    let folder = tempfile::tempdir().unwrap();
    let open = |key: &str| {
        let mut command = check(folder.path());
        command
            .env("CLICKHOUSE_URL", NOWHERE)
            .args(["--set", &format!("{key}=0.0.0.0:0")]);
        command
    };
    for group in ["ingest", "processor"] {
        let key = format!("{group}.admin_listen");
        let what = format!("`{key}` is 0.0.0.0:0: who reaches that port sees figures and events");
        finds(
            &mut open(&key),
            &[&what, &format!("`{group}.admin_exposed = true`")],
        );
        let output = open(&key)
            .args(["--set", &format!("{group}.admin_exposed=true")])
            .output()
            .unwrap();
        assert!(
            !text(&output).contains("who reaches that port"),
            "{}",
            text(&output)
        );
    }
    let mut up = crate::harness::up(folder.path());
    let output = up
        .args(["--set", "ingest.admin_listen=0.0.0.0:0"])
        .output()
        .unwrap();
    assert!(
        !output.status.success() && text(&output).contains("who reaches that port"),
        "{}",
        text(&output)
    );
}

#[test]
fn https_by_halves_and_certificates_that_do_not_do() {
    let folder = tempfile::tempdir().unwrap();
    let ours = footfall_tls::Authority::new("ours").unwrap();
    let good = ours.sign("events.shop.example").unwrap();
    let (certificate, key) = good.write(folder.path(), "good").unwrap();
    let (old, old_key) = ours
        .expired("events.shop.example")
        .unwrap()
        .write(folder.path(), "old")
        .unwrap();
    let (soon, soon_key) = ours
        .lasting("events.shop.example", 5)
        .unwrap()
        .write(folder.path(), "soon")
        .unwrap();
    let with = |certificate: &Path, key: &Path| {
        let mut command = check(folder.path());
        command
            .env("CLICKHOUSE_URL", NOWHERE)
            .args(["--set", "ingest.tls_listen=127.0.0.1:0"]);
        command.args([
            "--set",
            &format!("ingest.tls_certificate={}", certificate.display()),
        ]);
        command.args(["--set", &format!("ingest.tls_key={}", key.display())]);
        command
    };
    finds(
        check(folder.path())
            .env("CLICKHOUSE_URL", NOWHERE)
            .args(["--set", "ingest.tls_listen=127.0.0.1:0"]),
        &[
            "`ingest.tls_listen` without `ingest.tls_certificate` and `ingest.tls_key`",
            "or none of them",
        ],
    );
    finds(
        &mut with(&certificate, &old_key),
        &[
            "old.key does not fit the certificate in",
            "let both be of one issue",
        ],
    );
    finds(
        &mut with(&folder.path().join("nowhere.pem"), &key),
        &["nowhere.pem: No such file", "correct the path"],
    );
    finds(
        &mut with(&old, &old_key),
        &[
            "the certificate for events.shop.example has expired on",
            "renew it",
        ],
    );
    finds(
        &mut with(&soon, &soon_key),
        &["expires on", " days", "why it was not renewed"],
    );
    let output = with(&certificate, &key).output().unwrap();
    assert!(
        text(&output).contains("HTTPS: the certificate is for events.shop.example, until "),
        "{}",
        text(&output)
    );
    // What `check` finds keeps it from starting, unless it is only old: a restart must not make that worse.
    let mut up = crate::harness::up(folder.path());
    up.args(["--set", "ingest.tls_listen=127.0.0.1:0"]);
    up.args([
        "--set",
        &format!("ingest.tls_certificate={}", certificate.display()),
    ]);
    let output = up
        .args(["--set", &format!("ingest.tls_key={}", old_key.display())])
        .output()
        .unwrap();
    assert!(
        !output.status.success() && text(&output).contains("does not fit the certificate in"),
        "{}",
        text(&output)
    );
}
