//! The real engine for one test, and what tests do with it by hand.

use bytes::Bytes;
use clickhouse::Client;
use footfall_clickhouse::{Clickhouse, PASSWORD};
use footfall_tables::{Step, insert_sql, migrate};
use std::net::SocketAddr;

/// The database of most tests.
pub(crate) const DATABASE: &str = "test";

/// A running engine.
pub(crate) struct Server {
    clickhouse: Clickhouse,
    /// Names no database.
    pub(crate) client: Client,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let clickhouse = Clickhouse::start().await.unwrap();
        let client = Self::client_at(clickhouse.address());
        Self { clickhouse, client }
    }

    /// `kill -9`, and another on the same folder and address.
    pub(crate) async fn restart(&mut self) {
        self.clickhouse.restart().await.unwrap();
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.clickhouse.address()
    }

    /// A client that reaches it by another address.
    pub(crate) fn client_at(address: SocketAddr) -> Client {
        Client::default()
            .with_url(format!("http://{address}"))
            .with_user("default")
            .with_password(PASSWORD)
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
