//! A ClickHouse server over https: `footfall up` and the commands, and what is said where something is wrong.

use crate::broken_setups::{check, finds};
use crate::harness::{PASSWORD, Server, Up, eventually, footfall, text};
use footfall_tls::{Authority, Proxy};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The engine as a server, and TLS in front of it.
struct Locked {
    server: Server,
    proxy: Proxy,
    ours: Authority,
    ca: PathBuf,
    folder: TempDir,
}

impl Locked {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(&folder.path().join("server"));
        let ours = Authority::new("ours").unwrap();
        let ca = ours.write(folder.path(), "ca.pem").unwrap();
        let proxy = Proxy::start(server.address(), &ours.sign("127.0.0.1").unwrap(), None).unwrap();
        Self {
            server,
            proxy,
            ours,
            ca,
            folder,
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// What reaches the server through a proxy with this authority and password, the password in a file.
    fn env(&self, at: impl std::fmt::Display, ca: &Path, password: &str) -> Vec<(&'static str, String)> {
        let file = self.folder.path().join(format!("password-{password}"));
        std::fs::write(&file, format!("{password}\n")).unwrap();
        vec![
            ("CLICKHOUSE_URL", format!("https://{at}")),
            ("CLICKHOUSE_PASSWORD_FILE", file.display().to_string()),
            ("FOOTFALL_CLICKHOUSE_CA", ca.display().to_string()),
        ]
    }

    fn right(&self) -> Vec<(&'static str, String)> {
        self.env(self.proxy.address, &self.ca, PASSWORD)
    }
}

#[tokio::test]
async fn one_machine_works_with_a_server_over_https() {
    let locked = Locked::start();
    let env = locked.right();
    let run = |args: &[&str]| {
        let output = footfall(&locked.data())
            .envs(env.clone())
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output));
        text(&output)
    };
    assert!(run(&["migrate"]).contains(&format!("https://{}", locked.proxy.address)));
    let up = Up::start_with(&locked.data(), |command| {
        command.envs(env.clone());
    });
    let answer = up
        .post(r#"{"site":"demo","type":"page_view","url":"https://shop.example/"}"#)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    eventually("the event is in the table", || {
        let count = run(&["query", "--format", "TabSeparated", "SELECT count() FROM events"]);
        (count.trim() == "1").then_some(())
    });
    assert!(run(&["send"]).contains("row number"));
    assert!(run(&["check"]).contains(&format!(
        "answers at https://{}, to user `default`",
        locked.proxy.address
    )));
    assert_eq!(up.stop(), Some(0));
    assert!(run(&["audit"]).contains("balanced"));
}

#[test]
fn what_is_wrong_with_https_is_one_problem_with_its_remedy() {
    let locked = Locked::start();
    let (at, folder) = (locked.proxy.address, locked.folder.path());
    let other = Authority::new("other")
        .unwrap()
        .write(folder, "other.pem")
        .unwrap();
    let elsewhere = Proxy::start(
        locked.server.address(),
        &locked.ours.sign("db.example").unwrap(),
        None,
    )
    .unwrap();
    let expired = Proxy::start(
        locked.server.address(),
        &locked.ours.expired("127.0.0.1").unwrap(),
        None,
    )
    .unwrap();
    let key = folder.join("server");
    let cases = [
        (
            locked.env(at, &other, PASSWORD),
            "is not signed by the authority in",
            "clickhouse.ca",
        ),
        (
            locked.env(elsewhere.address, &locked.ca, PASSWORD),
            "is for db.example, not for 127.0.0.1",
            "write the name",
        ),
        (
            locked.env(expired.address, &locked.ca, PASSWORD),
            "has expired",
            "renew",
        ),
        (
            locked.env(locked.server.address(), &locked.ca, PASSWORD),
            "no TLS with",
            "write http://",
        ),
        (
            locked.env(at, &locked.ca, "guess"),
            "does not let user `default` in",
            "CLICKHOUSE_PASSWORD_FILE",
        ),
        (
            locked.env(at, &folder.join("nowhere.pem"), PASSWORD),
            "nowhere.pem: No such file",
            "correct the path",
        ),
        (
            locked.env(at, &folder.join("password-right"), PASSWORD),
            "there is no certificate in it",
            "it must be PEM",
        ),
    ];
    for (env, what, remedy) in cases {
        one_problem(check(&locked.data()).envs(env), what, remedy);
    }
    let mut plain = locked.server.env(PASSWORD);
    plain[0].1 = format!("http://{at}");
    one_problem(
        check(&locked.data()).envs(plain),
        "does not speak plain HTTP",
        "write https://",
    );
    let mut half = locked.right();
    half.push(("FOOTFALL_CLICKHOUSE_KEY", key.display().to_string()));
    one_problem(
        check(&locked.data()).envs(half),
        "it takes both",
        "clickhouse.certificate",
    );
    let mut unlocked = locked.right();
    unlocked[0].1 = locked.server.url.clone();
    one_problem(
        check(&locked.data()).envs(unlocked),
        "`clickhouse.ca` is set, but `clickhouse.url` is not https",
        "write https://",
    );
}

fn one_problem(command: &mut Command, what: &str, remedy: &str) {
    finds(command, &[what, remedy, "\n1 problem"]);
}

#[test]
fn a_service_that_is_not_let_in_says_why_and_tries_seldom() {
    let locked = Locked::start();
    let other = Authority::new("other")
        .unwrap()
        .write(locked.folder.path(), "other.pem")
        .unwrap();
    let cases = [
        (
            locked.env(locked.proxy.address, &other, PASSWORD),
            "is not signed by the authority in",
        ),
        (
            locked.env(locked.proxy.address, &locked.ca, "guess"),
            "does not let user `default` in",
        ),
    ];
    for (env, what) in cases {
        let (before, log) = (locked.proxy.accepted(), locked.folder.path().join("up.log"));
        let mut up = footfall(&locked.data());
        up.args([
            "up",
            "--listen",
            "127.0.0.1:0",
            "--set",
            "ingest.admin_listen=127.0.0.1:0",
        ]);
        up.stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap());
        let mut up = up.envs(env).spawn().unwrap();
        let said = || std::fs::read_to_string(&log).unwrap();
        eventually(what, || said().contains(what).then_some(()));
        std::thread::sleep(Duration::from_secs(8));
        let tried = locked.proxy.accepted() - before;
        up.kill().unwrap();
        up.wait().unwrap();
        // After 0.5, 1, 2, 4 s.
        assert!((1..=8).contains(&tried), "{tried} connections in 8 s\n{}", said());
        let lines = said().lines().filter(|line| line.contains(what)).count();
        assert!(lines <= 6 && !said().contains("guess"), "{}", said());
    }
}
