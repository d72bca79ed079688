//! The real engine for one test, in a temporary folder. Its process is this test binary again, told to run the one
//! ignored test below.

use bytes::Bytes;
use clickhouse::Client;
use footfall_engine::{Config, Engine, Secret, library};
use footfall_tables::{Step, insert_sql, migrate};
use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::OnceLock;
use tempfile::TempDir;

/// The database of most tests.
pub(crate) const DATABASE: &str = "test";

/// A running engine.
pub(crate) struct Server {
    _engine: Engine,
    _folder: TempDir,
    /// Names no database.
    pub(crate) client: Client,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = "writer's secret";
        let mut config = Config::new(folder.path().join("data"), library_path(), Secret::new(secret));
        config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let leading = [
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
            PROCESS,
            "--",
        ];
        let this = std::env::current_exe().unwrap();
        let engine = Engine::spawn(&this, &leading.map(OsString::from), &config)
            .await
            .unwrap();
        let client = Client::default()
            .with_url(engine.url())
            .with_user(engine.writer_user())
            .with_password(secret);
        Self {
            _engine: engine,
            _folder: folder,
            client,
        }
    }

    /// An engine with our tables in it, and a client of their database.
    pub(crate) async fn migrated() -> (Self, Client) {
        let server = Self::start().await;
        migrate(&server.client, DATABASE, &mut |_: Step| {})
            .await
            .unwrap();
        let client = server.client.clone().with_database(DATABASE);
        (server, client)
    }
}

/// Inserts a block as a processor does.
pub(crate) async fn insert(client: &Client, table: &str, block: Vec<u8>) -> clickhouse::error::Result<()> {
    let mut insert = client.insert_formatted_with(insert_sql(DATABASE, table));
    insert.send(Bytes::from(block)).await?;
    insert.end().await
}

/// Runs a statement.
pub(crate) async fn run(client: &Client, sql: &str) {
    client.query_raw(sql).execute().await.unwrap();
}

const PROCESS: &str = "engine::the_engine_process";

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
    let _ = footfall_engine::main(&Config::from_args(args).unwrap());
}

fn library_path() -> PathBuf {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| library::locate(&mut |_| {}).unwrap()).clone()
}
