//! The real engine for one test, with our tables in it.

use footfall_clickhouse::{Clickhouse, PASSWORD};
use footfall_processor::Server;
use footfall_processor::server::{Address, Tls};
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Instant;

pub const DATABASE: &str = "footfall";

/// A running engine with our tables in it.
pub struct TestEngine {
    clickhouse: Clickhouse,
    pub server: Server,
    /// When the process that runs now was started.
    pub since: Instant,
}

impl TestEngine {
    pub async fn start() -> Self {
        say();
        let clickhouse = Clickhouse::start().await.unwrap();
        let server = server_at("http", clickhouse.address(), &Tls::default());
        super::tables::create(&server).await;
        Self {
            clickhouse,
            server,
            since: Instant::now(),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.clickhouse.address()
    }

    /// The same server by another way.
    pub fn behind(&self, proxy: SocketAddr) -> Server {
        server_at("http", proxy, &Tls::default())
    }

    /// Kills it and starts another on the same folder and address.
    pub async fn restart(&mut self) {
        self.clickhouse.restart().await.unwrap();
        self.since = Instant::now();
    }
}

/// The writer at that address; for https `tls` counts.
pub fn server_at(scheme: &str, address: impl Display, tls: &Tls) -> Server {
    let password = PASSWORD.replace(' ', "%20");
    let address = Address::parse(&format!("{scheme}://default:{password}@{address}")).unwrap();
    Server::new(&address, DATABASE, tls).unwrap()
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
