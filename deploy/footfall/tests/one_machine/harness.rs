//! Starts the program and talks to it as a person would: command line, HTTP, signals.

use footfall::data::{self, Run};
use footfall::http::{Answer, Client};
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use url::Url;

/// The longest that anything here may take; the first start of all fetches the engine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(300);

/// The program, with an environment that no developer's settings leak into.
pub(crate) fn footfall(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_footfall"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let leaks = ["FOOTFALL_", "CLICKHOUSE_", "KAFKA_"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        if leaks && text != "FOOTFALL_LIBCHDB" {
            command.env_remove(&name);
        }
    }
    // Its usual address may be taken by another test, or by whoever runs this.
    command.env("FOOTFALL_DASHBOARD_LISTEN", "127.0.0.1:0");
    // Nothing is fetched but the engine.
    command.env("FOOTFALL_ENRICH_FETCH", "false");
    command.arg("--data").arg(data).stdin(Stdio::null());
    command
}

/// What a command printed, both streams.
pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Waits until `probe` gives something.
pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An address that is free now and that nobody takes before it is used: from 32768 on the system gives ports to whoever asks for
/// any, which other tests do all the time.
pub(crate) fn free_address() -> SocketAddr {
    let ports =
        std::iter::repeat_with(|| 16_000 + u16::try_from(uuid::Uuid::new_v4().as_u128() % 16_000).unwrap());
    let mut addresses = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses
        .find(|address| TcpListener::bind(address).is_ok())
        .unwrap()
}

/// `footfall up` on free ports of the edge.
pub(crate) fn up(data: &Path) -> Command {
    let mut command = footfall(data);
    command.args(["up", "--listen", "127.0.0.1:0"]);
    command.args(["--set", "ingest.admin_listen=127.0.0.1:0"]);
    command
}

/// The same for a probe that waits itself.
pub(crate) async fn in_time<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let trying = async {
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(DEADLINE, trying).await {
        Ok(found) => found,
        Err(_) => panic!("never: {what}"),
    }
}

/// What a command says when ClickHouse is going, or not yet there.
const AWAY: [&str; 4] = [
    "cannot connect",
    "cannot begin HTTP",
    "broke the connection",
    "cannot read the answer",
];

/// A running `footfall up` on free ports; killed when dropped.
pub(crate) struct Up {
    child: Child,
    pub(crate) data: PathBuf,
    pub(crate) run: Run,
}

impl Up {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, |_| {})
    }

    /// Starts and waits until everything is ready.
    pub(crate) fn start_with(data: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = up(data);
        command.args(["--set", "engine.listen=127.0.0.1:0"]);
        change(&mut command);
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))
            .unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut child = command.spawn().unwrap();
        let run = eventually("footfall is ready", || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("footfall ended: {status}\n{}", log_of(data));
            }
            data::running(data).filter(|run| run.clickhouse.is_some())
        });
        Self {
            child,
            data: data.to_owned(),
            run,
        }
    }

    /// Runs a command against it.
    pub(crate) fn cli(&self, args: &[&str]) -> Output {
        footfall(&self.data).args(args).output().unwrap()
    }

    /// The answer to a query as tab-separated text. An engine that did not answer for a while is replaced: it is asked again.
    pub(crate) fn query(&self, sql: &str) -> String {
        eventually("an engine that answers", || match self.ask(sql) {
            Ok(answer) => Some(answer),
            Err(said) if AWAY.iter().any(|sign| said.contains(sign)) => None,
            Err(said) => panic!("{said}"),
        })
    }

    fn ask(&self, sql: &str) -> Result<String, String> {
        let output = self.cli(&["query", "--format", "TabSeparated", sql]);
        if !output.status.success() {
            return Err(text(&output));
        }
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    /// Waits until a query says this.
    pub(crate) fn says(&self, sql: &str, wanted: &str) {
        let (start, mut last) = (Instant::now(), self.ask(sql));
        while last.as_deref() != Ok(wanted) {
            assert!(
                start.elapsed() < DEADLINE,
                "never: {sql} says {wanted}; at last: {last:?}"
            );
            std::thread::sleep(Duration::from_millis(20));
            last = self.ask(sql);
        }
    }

    /// Returns as soon as a query says "1". Whoever is to be disturbed in the middle is done before a command has looked.
    pub(crate) async fn at_once(&self, sql: &str) {
        let url = Url::parse(self.run.clickhouse.as_ref().unwrap()).unwrap();
        let mut client = Client::new(&url).unwrap();
        let until = Instant::now() + DEADLINE;
        loop {
            let ask = client.call(
                Method::POST,
                "/?database=footfall",
                &[],
                sql.to_owned().into(),
                1 << 20,
            );
            if ask.await.is_ok_and(|answer| answer.text().trim() == "1") {
                return;
            }
            assert!(Instant::now() < until, "never: {sql}");
        }
    }

    pub(crate) async fn post(&self, body: &str) -> Answer {
        post(&self.run.public, body).await
    }

    /// What it printed.
    pub(crate) fn said(&self) -> String {
        log_of(&self.data)
    }

    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    /// SIGTERM, and its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        signal(self.pid(), libc::SIGTERM);
        self.wait()
    }

    /// Its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// SIGKILL for this process alone: its engine notices by itself.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn signal(pid: i32, signal: i32) {
    // SAFETY: kill takes two numbers and touches no memory.
    unsafe { libc::kill(pid, signal) };
}

fn log_of(data: &Path) -> String {
    std::fs::read_to_string(data.with_extension("log")).unwrap_or_default()
}

/// Posts a body as a page does.
pub(crate) async fn post(base: &str, body: &str) -> Answer {
    let mut client = Client::new(&Url::parse(base).unwrap()).unwrap();
    let headers = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    client
        .call(
            Method::POST,
            "/v1/events",
            &headers,
            body.to_owned().into(),
            1 << 20,
        )
        .await
        .unwrap()
}

/// An engine of its own: a ClickHouse server as far as anybody can tell.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

/// The writer's password of a [`Server`].
pub(crate) const PASSWORD: &str = "right";

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_at(folder, ([127, 0, 0, 1], 0).into())
    }

    /// At an address, that of one that was there before.
    pub(crate) fn start_at(folder: &Path, address: SocketAddr) -> Self {
        let library = footfall_engine::library::locate(&mut |_| {}).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_footfall"))
            .args(["engine", "--listen", &address.to_string(), "--data"])
            .arg(folder)
            .arg("--library")
            .arg(library)
            .env("FOOTFALL_ENGINE_WRITER_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .trim()
            .strip_prefix("ready ")
            .unwrap_or_else(|| panic!("the engine says {line:?}"));
        Self {
            url: format!("http://{address}"),
            child,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// For [`Command::envs`].
    pub(crate) fn env(&self, password: &'static str) -> [(&'static str, String); 3] {
        [
            ("CLICKHOUSE_URL", self.url.clone()),
            ("CLICKHOUSE_USER", "default".to_owned()),
            ("CLICKHOUSE_PASSWORD", password.to_owned()),
        ]
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
