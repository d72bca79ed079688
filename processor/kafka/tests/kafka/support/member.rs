//! A processor as a process of its own: this test binary again, told to run the one ignored test below. It ends in good
//! order when its standard input is closed, and can be killed, frozen and thawed.

use super::cluster::{Cluster, TOPIC};
use super::engine::DATABASE;
use super::gate::Gate;
use footfall_delivery::Mode;
use footfall_kafka::{KafkaSource, Settings};
use footfall_processor::{Config, Server, Wiring, run};
use footfall_topics::Connection;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const MEMBER: &str = "support::member::the_member_process";

/// How a member works; the defaults are quick, because the order of times matters in a test, not their length.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    pub name: String,
    pub bootstrap: String,
    pub clickhouse: String,
    pub group: String,
    pub lease_ms: i64,
    pub session_ms: u64,
    pub round: usize,
    pub buffer_bytes: usize,
    pub skip_unknown_version: bool,
    /// Pause between two audits; 0: none.
    pub audit_ms: u64,
}

impl Plan {
    pub fn of(cluster: &Cluster) -> Self {
        Self {
            name: "member".to_owned(),
            bootstrap: cluster.broker.bootstrap(),
            clickhouse: format!("http://default:writer's%20secret@{}", cluster.engine.address()),
            group: "footfall".to_owned(),
            lease_ms: 3_000,
            session_ms: 3_000,
            round: 2_000,
            buffer_bytes: 64 << 20,
            skip_unknown_version: false,
            audit_ms: 0,
        }
    }

    /// The same with ClickHouse behind a gate.
    pub fn through(&self, gate: &Gate) -> Self {
        let (user, _) = self.clickhouse.rsplit_once('@').unwrap();
        Self {
            clickhouse: format!("{user}@{}", gate.address),
            ..self.clone()
        }
    }

    pub fn start(&self) -> Member {
        self.start_as(MEMBER)
    }

    /// The body of the process is this ignored test.
    pub fn start_as(&self, body: &str) -> Member {
        let folder = tempfile::tempdir().unwrap();
        let said = folder.path().join("said");
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "--test-threads=1", body])
            .env("FOOTFALL_TEST_MEMBER", serde_json::to_string(self).unwrap())
            .stdin(Stdio::piped())
            .stdout(std::fs::File::create(&said).unwrap())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        Member {
            child,
            said,
            _folder: folder,
        }
    }
}

pub struct Member {
    child: Child,
    said: PathBuf,
    _folder: TempDir,
}

impl Member {
    /// Everything that it has logged.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.said).unwrap()).into_owned()
    }

    pub fn has_said(&self, what: &str) -> bool {
        self.said().contains(what)
    }

    /// In good order; false if it ended with an error.
    pub async fn stop(mut self) -> bool {
        drop(self.child.stdin.take());
        for _ in 0..2_400 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a member does not end:\n{}", self.said());
    }

    pub fn kill9(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.said()
    }

    pub fn freeze(&self) {
        self.signal(libc::SIGSTOP);
    }

    pub fn thaw(&self) {
        self.signal(libc::SIGCONT);
    }

    /// Resident memory, bytes.
    pub fn memory(&self) -> u64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id())).unwrap();
        let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
        pages * 4_096
    }

    fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.child.id()).unwrap();
        // SAFETY: the child is ours and has not been waited for.
        assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        #[expect(clippy::print_stderr, reason = "shown with a test that fails")]
        if std::thread::panicking() {
            eprintln!("--- a member said:\n{}", self.said());
        }
    }
}

/// Not a test: the body of the child process.
#[test]
#[ignore = "a processor's process, started by other tests"]
fn the_member_process() {
    in_a_process(member);
}

/// Runs `body` if this process was started by [`Plan::start_as`].
pub fn in_a_process<F: Future<Output = ()>>(body: impl FnOnce(Plan, CancellationToken) -> F) {
    let Ok(plan) = std::env::var("FOOTFALL_TEST_MEMBER") else {
        return;
    };
    let plan: Plan = serde_json::from_str(&plan).unwrap();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_env_filter("info,footfall_kafka=debug")
        .init();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    // Ends with the process.
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stopped.cancel();
    });
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(body(plan, stop));
}

async fn member(plan: Plan, stop: CancellationToken) {
    let mut settings = Settings::new(Connection::plain(plan.bootstrap), TOPIC, &plan.group);
    settings.session_timeout = Duration::from_millis(plan.session_ms);
    settings.buffer_bytes = plan.buffer_bytes;
    settings.watch_every = Duration::from_secs(1);
    let source = loop {
        let settings = settings.clone();
        match tokio::task::spawn_blocking(move || KafkaSource::open(settings))
            .await
            .unwrap()
        {
            Ok(source) => break source,
            Err(error) => assert!(error.is_temporary(), "{error}"),
        }
    };
    let server = Server::parse(&plan.clickhouse, DATABASE).unwrap();
    let mut config = Config::new(Mode::Fenced, &server, source.topic_id());
    config.delivery.lease = plan.lease_ms;
    config.delivery.max_execution = plan.lease_ms * 8 / 10;
    config.insert_timeout = Duration::from_millis(u64::try_from(plan.lease_ms * 3 / 4).unwrap());
    config.round.records = plan.round;
    config.round.enough = plan.round;
    config.round.wait = Duration::from_millis(20);
    config.drain = Duration::from_secs(100);
    config.audit.every = Duration::from_millis(plan.audit_ms);
    config.skip_unknown_version = plan.skip_unknown_version;
    run(config, source, Wiring::new(server), stop).await.unwrap();
}
