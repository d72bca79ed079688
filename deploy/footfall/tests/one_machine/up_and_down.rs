//! `footfall up`: a page view becomes a row; every way to stop keeps every acknowledged event, once.

use crate::harness::{PASSWORD, Server, Up, eventually, footfall, free_address, signal, text, up};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

const VIEW: &str =
    r#"{"site":"demo","type":"page_view","url":"https://shop.example/shoes?utm_source=newsletter"}"#;
const COUNT: &str = "SELECT count(), uniqExact(log_id, log_seq) FROM events";

#[tokio::test]
async fn a_page_view_becomes_a_row_as_the_banner_says() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    assert_eq!(up.post(VIEW).await.text(), r#"{"accepted":1,"rejected":[]}"#);
    up.says(
        "SELECT type, path, utm_source FROM events",
        "page_view\t/shoes\tnewsletter",
    );
    let table = up.cli(&[
        "query",
        "SELECT time, type, url FROM events ORDER BY time DESC LIMIT 10",
    ]);
    assert!(
        text(&table).contains("https://shop.example/shoes?utm_source=newsletter"),
        "{}",
        text(&table)
    );
    eventually("the first event is announced", || {
        up.said().contains("first event:").then_some(())
    });
    for part in [
        "demo page",
        &up.run.public,
        "curl ",
        " query --data",
        "pixel.gif?site=demo",
    ] {
        assert!(up.said().contains(part), "{part} not in\n{}", up.said());
    }
}

#[tokio::test]
async fn sigterm_drains_and_the_next_start_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = Up::start(&data);
    for _ in 0..50 {
        assert_eq!(up.post(VIEW).await.status, 200);
    }
    let said = data.with_extension("log");
    assert_eq!(up.stop(), Some(0));
    let said = std::fs::read_to_string(said).unwrap();
    assert!(
        said.contains("stopped; every acknowledged event is in the tables"),
        "{said}"
    );
    assert!(!data.join("run.json").exists());
    let up = Up::start(&data);
    up.says(COUNT, "50\t50");
    up.post(VIEW).await;
    up.says(COUNT, "51\t51");
    let audit = up.cli(&["audit"]);
    assert!(
        audit.status.success() && text(&audit).contains("balanced"),
        "{}",
        text(&audit)
    );
}

#[test]
fn stopped_before_it_was_ready_it_starts_again_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let engine = free_address();
    for round in 0..10 {
        let mut command = up(&data);
        command.args(["--set", &format!("engine.listen={engine}")]);
        let mut up = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        eventually("the engine listens, or it has ended", || {
            let starting = footfall::data::running(&data).is_some() && TcpStream::connect(engine).is_ok();
            (starting || up.try_wait().unwrap().is_some()).then_some(())
        });
        // From the first moments of the engine to the tables being made.
        std::thread::sleep(Duration::from_millis(10 * round));
        signal(i32::try_from(up.id()).unwrap(), libc::SIGTERM);
        let ended = up.wait_with_output().unwrap();
        assert!(ended.status.success(), "round {round}: {}", text(&ended));
    }
}

#[tokio::test]
async fn kill_9_loses_and_doubles_nothing_and_leaves_no_engine_behind() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let free = free_address();
    // The same address each time, taken again the moment that the last engine has let it go.
    let start = || {
        Up::start_with(&data, |command| {
            command.args(["--set", &format!("engine.listen={free}")]);
        })
    };
    let mut sent = 0;
    for round in 0..3 {
        let up = start();
        for _ in 0..=(round * 40) {
            assert_eq!(up.post(VIEW).await.status, 200);
            sent += 1;
        }
        up.kill();
    }
    // The engine's folder is free only when the killed one's engine is gone.
    let up = start();
    up.says(COUNT, &format!("{sent}\t{sent}"));
}

#[tokio::test]
async fn an_engine_that_is_killed_comes_back_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    up.post(VIEW).await;
    up.says(COUNT, "1\t1");
    let engine = child_of(up.pid()).expect("the engine is a child");
    signal(engine, libc::SIGKILL);
    for _ in 0..20 {
        assert_eq!(
            up.post(VIEW).await.status,
            200,
            "the edge does not need the engine"
        );
    }
    eventually("a fresh engine answers", || {
        up.cli(&["query", "SELECT 1"]).status.success().then_some(())
    });
    up.says(COUNT, "21\t21");
    assert_ne!(child_of(up.pid()), Some(engine));
}

#[test]
fn a_second_signal_stops_at_once() {
    use std::io::{Read as _, Write as _};
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut up = Up::start(&data);
    // A request whose body does not come keeps the drain waiting.
    let address = up.run.public.strip_prefix("http://").unwrap().to_owned();
    let mut slow = TcpStream::connect(&address).unwrap();
    let head = "POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 99\r\nexpect: 100-continue\r\n\r\n";
    slow.write_all(head.as_bytes()).unwrap();
    // Somebody is waiting for it.
    let mut go_on = [0; 25];
    slow.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    // It goes on coming, byte by byte.
    std::thread::spawn(move || {
        while slow.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    signal(up.pid(), libc::SIGINT);
    eventually("it drains", || {
        up.said().contains("stopping in good order").then_some(())
    });
    signal(up.pid(), libc::SIGINT);
    assert_eq!(up.wait(), Some(130));
}

#[test]
fn log_lines_go_to_rolling_files_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let up = Up::start_with(&data, |command| {
        command.args(["--set", "log.folder=logs", "--set", "log.level=info"]);
    });
    assert_eq!(up.stop(), Some(0));
    let files: Vec<_> = std::fs::read_dir(data.join("logs")).unwrap().flatten().collect();
    assert_eq!(files.len(), 1);
    let text = std::fs::read_to_string(files[0].path()).unwrap();
    assert!(text.lines().count() > 0);
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    }
}

/// The only child of a process, as `/proc` has it.
fn child_of(pid: i32) -> Option<i32> {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    tasks.flatten().find_map(|task| {
        let children = std::fs::read_to_string(task.path().join("children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    })
}

#[test]
fn a_folder_in_use_is_refused_and_says_by_whom() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let second = up.cli(&[
        "up",
        "--listen",
        "127.0.0.1:0",
        "--set",
        "ingest.admin_listen=127.0.0.1:0",
    ]);
    assert_eq!(second.status.code(), Some(1));
    let said = text(&second);
    assert!(
        said.contains("is in use by another Footfall") && said.contains(&up.pid().to_string()),
        "{said}"
    );
}

#[test]
fn a_taken_port_is_said_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = footfall(folder.path())
        .args(["--listen", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains(&format!("cannot listen on {address}")),
        "{}",
        text(&output)
    );
    assert!(!folder.path().join("log").exists());
}

#[tokio::test]
async fn with_clickhouse_url_that_server_has_the_tables_and_no_engine_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("server"));
    let data = folder.path().join("data");
    let up = Up::start_with(&data, |command| {
        command.envs(server.env(PASSWORD));
    });
    assert_eq!(child_of(up.pid()), None);
    assert_eq!(up.post(VIEW).await.status, 200);
    let query = || {
        let output = footfall(&data)
            .envs(server.env(PASSWORD))
            .args(["query", "--format", "TabSeparated", "SELECT count() FROM events"])
            .output()
            .unwrap();
        text(&output).trim().to_owned()
    };
    eventually("the row is in the server", || (query() == "1").then_some(()));
    let audit = footfall(&data)
        .envs(server.env(PASSWORD))
        .arg("audit")
        .output()
        .unwrap();
    assert!(audit.status.success(), "{}", text(&audit));
    assert!(!data.join("engine").exists());
    assert_eq!(up.stop(), Some(0));
}

#[tokio::test]
async fn events_are_taken_while_the_server_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut command = up(&data);
    command
        .env("CLICKHOUSE_URL", "http://127.0.0.1:9")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let run = eventually("the edge is up", || footfall::data::running(&data));
    assert_eq!(crate::harness::post(&run.public, VIEW).await.status, 200);
    signal(i32::try_from(child.id()).unwrap(), libc::SIGTERM);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    // The engine has it after the next start: the log does not care who asks.
    Up::start(&data).says(COUNT, "1\t1");
}
