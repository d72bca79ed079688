//! The real engine for one test, and what tests do with it by hand.

use bytes::Bytes;
use clickhouse::Client;
use footfall_clickhouse::{Clickhouse, PASSWORD};
use footfall_tables::{Step, insert_sql, migrate};

/// The database of most tests.
pub(crate) const DATABASE: &str = "test";

/// A running engine.
pub(crate) struct Server {
    _clickhouse: Clickhouse,
    /// Names no database.
    pub(crate) client: Client,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let clickhouse = Clickhouse::start().await.unwrap();
        let client = Client::default()
            .with_url(clickhouse.url())
            .with_user("default")
            .with_password(PASSWORD);
        Self {
            _clickhouse: clickhouse,
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
