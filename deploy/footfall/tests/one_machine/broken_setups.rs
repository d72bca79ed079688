//! `footfall check` names each problem and its remedy, all at once. Each set-up is broken for real.

use crate::harness::{PASSWORD, Server, Up, footfall, text};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// A server that is not there: for set-ups in which ClickHouse is not the question, and no library is to be checked.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:9";

/// A check on free addresses.
pub(crate) fn check(data: &Path) -> Command {
    let mut command = footfall(data);
    command.args([
        "check",
        "--set",
        "ingest.listen=127.0.0.1:0",
        "--set",
        "ingest.admin_listen=127.0.0.1:0",
    ]);
    command.args(["--set", "engine.listen=127.0.0.1:0"]);
    command
}

/// Runs a check that must find exactly these, each with its remedy.
pub(crate) fn finds(command: &mut Command, wanted: &[&str]) {
    let output = command.output().unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in wanted {
        assert!(said.contains(part), "{part}\nnot in\n{said}");
    }
    let problems = said.matches("PROBLEM").count();
    assert_eq!(said.matches("remedy:").count(), problems, "{said}");
}

#[test]
fn a_wrong_clickhouse_port() {
    let folder = tempfile::tempdir().unwrap();
    finds(
        check(folder.path()).env("CLICKHOUSE_URL", NOWHERE),
        &[
            "cannot connect to http://127.0.0.1:9: Connection refused",
            "correct host and port (CLICKHOUSE_URL",
        ],
    );
}

#[test]
fn a_port_at_which_something_else_answers() {
    let folder = tempfile::tempdir().unwrap();
    let other = Up::start(&folder.path().join("other"));
    finds(
        check(&folder.path().join("data")).env("CLICKHOUSE_URL", &other.run.public),
        &[
            "is no ClickHouse HTTP interface",
            "correct the port in CLICKHOUSE_URL",
        ],
    );
}

#[test]
fn a_wrong_password() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"));
    finds(
        check(&folder.path().join("data")).envs(server.env("wrong")),
        &[
            "does not let user `default` in",
            "correct CLICKHOUSE_USER and CLICKHOUSE_PASSWORD",
        ],
    );
    let right = check(&folder.path().join("data"))
        .envs(server.env(PASSWORD))
        .output()
        .unwrap();
    assert!(right.status.success(), "{}", text(&right));
}

#[test]
fn missing_files() {
    let folder = tempfile::tempdir().unwrap();
    finds(
        check(folder.path())
            .env("FOOTFALL_INGEST_SITES", "/no/such/sites.toml")
            .env("FOOTFALL_LIBCHDB", "/no/such/libchdb.so")
            .env("CLICKHOUSE_PASSWORD_FILE", "/no/such/password")
            .env("FOOTFALL_CONFIG", "/no/such/footfall.toml"),
        &[
            "/no/such/sites.toml does not exist",
            "/no/such/libchdb.so does not exist",
            "/no/such/password, which cannot be read",
            "/no/such/footfall.toml cannot be read",
        ],
    );
}

#[test]
fn a_bad_network_an_unknown_key_and_a_wrong_sites_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let config = "[ingest]\ntrusted_proxies = [\"10.0.0.0/99\"]\nlisten_public = \"127.0.0.1:0\"\n";
    std::fs::write(folder.path().join("footfall.toml"), config).unwrap();
    std::fs::write(
        folder.path().join("sites.toml"),
        "[[site]]\nkey = \"shop\"\norigin = []\n",
    )
    .unwrap();
    finds(
        check(folder.path())
            .env("CLICKHOUSE_URL", NOWHERE)
            .env("FOOTFALL_LOG_LEVLE", "warn"),
        &[
            "has `10.0.0.0/99`, which is not a network",
            "write networks such as `10.0.0.0/8`",
            "footfall.toml:3: `ingest.listen_public` is not a setting",
            "FOOTFALL_LOG_LEVLE is in the environment",
            "did you mean FOOTFALL_LOG_LEVEL?",
            "line 3: unknown key `origin`: did you mean `origins`?",
            "cannot connect to http://127.0.0.1:9",
        ],
    );
}

#[test]
fn no_site_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let remedy = format!(
        "`{} --data {} site add shop",
        env!("CARGO_BIN_EXE_footfall"),
        folder.path().display()
    );
    let wanted = ["there is no site in", "nobody could send events", &remedy];
    let none = ["--set", "demo.enabled=false"];
    finds(
        check(folder.path()).args(none).env("CLICKHOUSE_URL", NOWHERE),
        &wanted,
    );
    let started = footfall(folder.path()).arg("up").args(none).output().unwrap();
    let said = text(&started);
    assert_eq!(started.status.code(), Some(1), "{said}");
    for part in wanted {
        assert_eq!(said.matches(part).count(), 1, "{part}\n{said}");
    }
    assert_eq!(said.matches("remedy:").count(), 1, "{said}");
}

#[cfg(feature = "kafka")]
#[test]
fn an_ingest_has_no_site_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let output = footfall(folder.path())
        .env("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
        .env("FOOTFALL_INGEST_IDENTITY_KEY", "5e".repeat(32))
        .args([
            "ingest",
            "--set",
            "ingest.listen=127.0.0.1:0",
            "--set",
            "ingest.admin_listen=127.0.0.1:0",
        ])
        .output()
        .unwrap();
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in ["there is no site in", "remedy: add one: "] {
        assert_eq!(said.matches(part).count(), 1, "{part}\n{said}");
    }
}

#[test]
fn a_folder_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let mut command = check(&data);
    command.env("CLICKHOUSE_URL", NOWHERE);
    // SAFETY: geteuid has no arguments and cannot fail.
    if unsafe { libc::geteuid() } == 0 {
        // Root may write everywhere, so the check runs as nobody, from a copy that nobody may read.
        let copy = folder.path().join("footfall");
        // By another process: one that another test forks meanwhile would hold our file open, and it could not be run.
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_footfall"))
            .arg(&copy)
            .status();
        assert!(copied.unwrap().success());
        for path in [folder.path(), &copy] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut nobody = Command::new(copy);
        nobody
            .args(command.get_args())
            .uid(65534)
            .gid(65534)
            .current_dir("/");
        nobody.env_clear().env("CLICKHOUSE_URL", NOWHERE);
        command = nobody;
    } else {
        std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o555)).unwrap();
    }
    finds(
        &mut command,
        &["`data.folder`: cannot write to", "make it writable for this user"],
    );
}

#[test]
fn a_port_that_is_taken_and_one_that_is_used_twice() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mut command = footfall(folder.path());
    command.args(["check", "--set", &format!("ingest.listen={address}")]);
    command
        .args(["--set", &format!("ingest.admin_listen={address}")])
        .env("CLICKHOUSE_URL", NOWHERE);
    finds(
        &mut command,
        &[
            &format!("cannot listen on {address} (`ingest.listen`)"),
            &format!("cannot listen on {address} (`ingest.admin_listen`)"),
            "choose another address: --listen ADDRESS",
        ],
    );
}

#[test]
fn an_old_and_a_newer_schema() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"));
    let data = folder.path().join("data");
    let run = |args: &[&str]| {
        footfall(&data)
            .envs(server.env(PASSWORD))
            .args(args)
            .output()
            .unwrap()
    };
    let sql = |sql: &str| {
        let output = run(&["query", "--writer", sql]);
        assert!(output.status.success(), "{}", text(&output));
    };
    let migrated = run(&["migrate"]);
    assert!(migrated.status.success(), "{}", text(&migrated));
    let well = check(&data).envs(server.env(PASSWORD)).output().unwrap();
    assert!(well.status.success(), "{}", text(&well));
    sql("ALTER TABLE migrations DELETE WHERE number > 1 SETTINGS mutations_sync = 1");
    finds(
        check(&data).envs(server.env(PASSWORD)),
        &["schema of database `footfall` is old", "footfall migrate"],
    );
    assert!(run(&["migrate"]).status.success());
    sql("INSERT INTO migrations SELECT 9999, 'from_the_future', 'x', true, now64(3)");
    finds(
        check(&data).envs(server.env(PASSWORD)),
        &[
            "newer than this release",
            "9999 from_the_future",
            "run the newer release",
        ],
    );
    let refused = run(&["migrate"]);
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
}

#[test]
fn a_disk_that_is_full() {
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    std::fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
        .arg(&disk)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: a small disk cannot be mounted here (needs root and CAP_SYS_ADMIN)");
        return;
    }
    let unmount = Unmount(&disk);
    std::fs::write(disk.join("ballast"), vec![0_u8; 15 << 20]).unwrap();
    finds(
        check(&disk.join("data")).env("CLICKHOUSE_URL", NOWHERE),
        &["is full", "would be refused (503)", "free some space"],
    );
    drop(unmount);
}

struct Unmount<'a>(&'a Path);

impl Drop for Unmount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn an_engine_library_that_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let whole = footfall_engine::library::locate(&mut |_| {}).unwrap();
    let damaged = folder.path().join("libchdb.so");
    std::fs::copy(&whole, &damaged).unwrap();
    flip(&damaged, footfall_engine::library::LIBRARY_BYTES / 2);
    let data = folder.path().join("data");
    finds(
        check(&data).env("FOOTFALL_LIBCHDB", &damaged),
        &[
            "is damaged: its sha256 is another",
            "replace it by a whole one, or unset",
        ],
    );
    std::fs::File::options()
        .write(true)
        .open(&damaged)
        .unwrap()
        .set_len(1 << 20)
        .unwrap();
    finds(
        check(&data).env("FOOTFALL_LIBCHDB", &damaged),
        &["is damaged: 1048576 bytes instead of"],
    );
    let well = check(&data).output().unwrap();
    assert!(
        well.status.success() && text(&well).contains("is whole"),
        "{}",
        text(&well)
    );
}

/// Turns one bit over.
fn flip(path: &Path, at: u64) {
    use std::os::unix::fs::FileExt as _;
    let file = std::fs::File::options()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
}
