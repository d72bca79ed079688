//! The engine in ClickHouse's place, for tests: a process of its own in a temporary folder, killed and started again.
//!
//! ```ignore
//! footfall_clickhouse::process!(); // at the root of the test
//!
//! let mut clickhouse = Clickhouse::start().await?;
//! println!("{}", clickhouse.address());
//! clickhouse.restart().await?; // the same address, the same folder
//! ```
//! The process is the test's binary again, told to run nothing but the one ignored test that [`process!`] makes. It dies
//! with the value, and with the test. The library is fetched at the first start, as `footfall up` does it.

pub mod traffic;

use anyhow::{Context as _, Error, Result};
use footfall_engine::{Config, Engine, Secret, library};
use std::env;
use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Of the user `default`, who may do everything.
pub const PASSWORD: &str = "writer's secret";

/// Of the test that [`process!`] makes.
const PROCESS: &str = "the_clickhouse_process";

/// Makes the test that is the engine's process. At the root of a test's binary, once.
#[macro_export]
macro_rules! process {
    () => {
        /// Not a test: the body of the child process.
        #[test]
        #[ignore = "the engine's process, started by other tests"]
        fn the_clickhouse_process() {
            $crate::serve().unwrap();
        }
    };
}

/// A running engine, without a database of ours in it. Dropped: killed, and its folder is removed.
#[derive(Debug)]
pub struct Clickhouse {
    engine: Engine,
    config: Config,
    _folder: TempDir,
}

impl Clickhouse {
    /// Starts it on a free port and returns when it answers.
    ///
    /// # Errors
    /// The library cannot be fetched; the process does not come up, as in a test without [`process!`].
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder for the engine")?;
        let mut config = Config::new(folder.path().join("data"), library()?, Secret::new(PASSWORD));
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let engine = spawn(&config).await?;
        // Started again it must answer at the same address.
        config.listen = engine.address();
        Ok(Self {
            engine,
            config,
            _folder: folder,
        })
    }

    /// Where it serves ClickHouse's HTTP interface.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.engine.address()
    }

    /// The same as a URL, without user and password.
    #[must_use]
    pub fn url(&self) -> String {
        self.engine.url()
    }

    /// `kill -9`, if it runs, and another on the same folder and address.
    ///
    /// # Errors
    /// As [`Clickhouse::start`].
    pub async fn restart(&mut self) -> Result<()> {
        self.engine.kill().await;
        self.engine = spawn(&self.config).await?;
        Ok(())
    }
}

async fn spawn(config: &Config) -> Result<Engine> {
    let test = env::current_exe().context("find the test's own binary")?;
    let leading = [
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
        PROCESS,
        "--",
    ];
    let spawned = Engine::spawn(&test, &leading.map(OsString::from), config).await;
    spawned.context("start the engine's process")
}

/// The body of the process. Returns at once for whoever runs all ignored tests.
///
/// # Errors
/// The arguments are not those of [`Clickhouse::start`].
pub fn serve() -> Result<()> {
    let mut args = env::args_os().skip_while(|arg| arg != "--").skip(1).peekable();
    if args.peek().is_none() {
        return Ok(());
    }
    // The test harness has left the cursor behind its own words, and what is printed next is read by line.
    writeln!(std::io::stdout())?;
    let config = Config::from_args(args)?;
    // It ends the process itself.
    let _ = footfall_engine::main(&config);
    Ok(())
}

/// Verified once for a whole binary: it has 566 MB.
fn library() -> Result<PathBuf> {
    static PATH: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let found = PATH.get_or_init(|| library::locate(&mut |_| {}).map_err(|error| error.to_string()));
    found
        .clone()
        .map_err(Error::msg)
        .context("fetch the engine's library")
}
