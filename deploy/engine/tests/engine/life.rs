//! Start and end of the process: its folder, its parent, signals, `kill -9`.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use footfall_engine::{Engine, SpawnError};

use super::server::{Server, config, encoded, eventually, library, program};

/// Both fsyncs are settings of the table, not of the INSERT (an INSERT with them is refused, code 115).
const TABLE: &str = "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a \
    SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

fn alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    // A zombie is dead; it only has not been waited for.
    stat.is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('Z'))
    })
}

fn signal(pid: u32, name: &str) {
    assert!(
        Command::new("kill")
            .args([name, &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

#[tokio::test]
async fn sigterm_ends_it_in_good_order_and_the_rows_are_there_again() {
    let server = Server::start().await;
    server.write("", TABLE).await.ok();
    server
        .write("", "INSERT INTO t SELECT number FROM numbers(10)")
        .await
        .ok();
    let uuid = server.read("", "SELECT serverUUID()").await.ok();
    let status = server.engine.stop(Duration::from_secs(20)).await.unwrap();
    assert!(status.success(), "{status}");
    let server = server.restarted().await;
    assert_eq!(server.read("", "SELECT count() FROM t").await.ok(), "10\n");
    assert_eq!(server.read("", "SELECT serverUUID()").await.ok(), uuid);
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let mut server = Server::start().await;
    server.write("", TABLE).await.ok();
    let mut acknowledged = 0_u64;
    for _ in 0..3 {
        let url = format!("query={}", encoded("INSERT INTO t FORMAT TSV"));
        for _ in 0..10 {
            let reply = server.write(&url, format!("{acknowledged}\n")).await;
            acknowledged += reply.summary("written_rows");
        }
        signal(server.engine.pid(), "-9");
        let status = server.engine.exited().await.unwrap();
        assert!(!status.success());
        server = server.restarted().await;
        let there = server.read("", "SELECT count(), uniqExact(a) FROM t").await.ok();
        assert_eq!(there, format!("{acknowledged}\t{acknowledged}\n"));
    }
}

#[tokio::test]
async fn a_second_process_on_the_folder_is_refused_with_a_clear_line() {
    let server = Server::start().await;
    let refused = Engine::spawn(program(), &[], &config(server.folder.path()))
        .await
        .unwrap_err();
    let SpawnError::Ended { said, .. } = &refused else {
        panic!("{refused}")
    };
    assert!(
        said.contains("in use by another process") && said.contains("--data"),
        "{said}"
    );
    assert_eq!(server.read("", "SELECT 1").await.ok(), "1\n");
}

#[tokio::test]
async fn what_cannot_work_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let not_a_library = folder.path().join("libchdb.so");
    std::fs::write(&not_a_library, "no").unwrap();
    let good = config(&folder.path().join("data"));
    let broken = footfall_engine::Config {
        library: not_a_library,
        ..good.clone()
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = footfall_engine::Config {
        listen: taken.local_addr().unwrap(),
        ..good.clone()
    };
    let file = footfall_engine::Config {
        data: folder.path().join("libchdb.so").join("x"),
        ..good
    };
    for (config, words) in [
        (broken, "loading"),
        (port, "listening on"),
        (file, "preparing the data folder"),
    ] {
        let error = Engine::spawn(program(), &[], &config)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("footfall engine: ") && error.contains(words),
            "{error}"
        );
    }
}

/// A shell stands between us and the engine; the pipe to the engine's standard input is ours.
fn behind_a_shell(folder: &Path) -> (std::process::Child, u32) {
    let script = format!(
        "exec 3<&0; '{}' \"$@\" <&3 3<&- & exec 3<&-; echo $!; wait",
        program().display()
    );
    let config = footfall_engine::Config {
        die_with_stdin: true,
        ..config(folder)
    };
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script, "sh"])
        .args(config.to_args())
        .env("FOOTFALL_ENGINE_WRITER_PASSWORD", "x");
    let mut shell = shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(shell.stdout.take().unwrap()));
    let mut lines = lines.map_while(Result::ok);
    let pid: u32 = lines.next().unwrap().parse().unwrap();
    assert!(lines.any(|line| line.starts_with("ready ")));
    (shell, pid)
}

#[tokio::test]
async fn it_dies_with_its_parent() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shell, pid) = behind_a_shell(folder.path());
    let pipe = shell.stdin.take();
    shell.kill().unwrap();
    shell.wait().unwrap();
    eventually("the engine is gone", || async { !alive(pid) }).await;
    drop(pipe);
}

#[tokio::test]
async fn it_dies_with_the_pipe_although_its_parent_lives() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shell, pid) = behind_a_shell(folder.path());
    drop(shell.stdin.take());
    eventually("the engine is gone", || async { !alive(pid) }).await;
    shell.wait().unwrap();
}

#[tokio::test]
async fn a_dropped_engine_is_gone() {
    let server = Server::start().await;
    let pid = server.engine.pid();
    assert!(alive(pid));
    drop(server);
    eventually("the engine is gone", || async { !alive(pid) }).await;
}

#[tokio::test]
async fn the_password_is_neither_in_the_arguments_nor_in_the_environment() {
    let server = Server::start().await;
    for file in ["cmdline", "environ"] {
        let text = std::fs::read(format!("/proc/{}/{file}", server.engine.pid())).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains(super::server::PASSWORD), "{file}");
    }
    assert!(library().is_file() && Path::new(program()).is_file());
}
