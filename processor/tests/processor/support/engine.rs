//! The real engine for one test: a process of its own in a temporary folder. The process is this test binary again,
//! told to run the one ignored test below.

use footfall_engine::{Config, Engine, Secret, library};
use footfall_processor::Server;
use footfall_processor::server::{Address, Tls};
use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Instant;
use tempfile::TempDir;

pub const DATABASE: &str = "footfall";

/// A running engine with our tables in it.
pub struct TestEngine {
    pub engine: Engine,
    pub config: Config,
    pub server: Server,
    /// When the process that runs now was started.
    pub since: Instant,
    _folder: TempDir,
}

impl TestEngine {
    pub async fn start() -> Self {
        say();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::new(
            folder.path().join("data"),
            library_path(),
            Secret::new("writer's secret"),
        );
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let engine = spawn(&config).await;
        // A restarted engine must answer at the same address.
        config.listen = engine.address();
        let server = server_at("http", engine.address(), &Tls::default());
        let this = Self {
            engine,
            config,
            server,
            since: Instant::now(),
            _folder: folder,
        };
        super::tables::create(&this.server).await;
        this
    }

    /// The same server by another way.
    pub fn behind(&self, proxy: SocketAddr) -> Server {
        server_at("http", proxy, &Tls::default())
    }

    /// Kills it and starts another on the same folder and address.
    pub async fn restart(&mut self) {
        self.engine.kill().await;
        self.engine = spawn(&self.config).await;
        self.since = Instant::now();
    }
}

/// The writer at that address; for https `tls` counts.
pub fn server_at(scheme: &str, address: impl Display, tls: &Tls) -> Server {
    let address = Address::parse(&format!("{scheme}://default:writer's%20secret@{address}")).unwrap();
    Server::new(&address, DATABASE, tls).unwrap()
}

pub async fn spawn(config: &Config) -> Engine {
    let this = std::env::current_exe().unwrap();
    let leading = [
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
        ENGINE,
        "--",
    ]
    .map(OsString::from);
    Engine::spawn(&this, &leading, config).await.unwrap()
}

const ENGINE: &str = "support::engine::the_engine_process";

/// Not a test: the body of the child process.
#[test]
#[ignore = "the engine's process, started by other tests"]
fn the_engine_process() {
    let mut args = std::env::args_os()
        .skip_while(|arg| arg != "--")
        .skip(1)
        .peekable();
    if args.peek().is_none() {
        return;
    }
    // The test harness has left the cursor behind its own words.
    writeln!(std::io::stdout()).unwrap();
    let config = Config::from_args(args).unwrap();
    let _ = footfall_engine::main(&config);
}

/// What the processor and the engine say is shown with a test that fails.
fn say() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let _ = tracing_subscriber::fmt()
            .with_test_writer()
            .with_env_filter("info")
            .try_init();
    });
}

fn library_path() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| library::locate(&mut |_| {}).unwrap()).clone()
}
