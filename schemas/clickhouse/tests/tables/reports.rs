//! The reports: the catalogue against the views, and the views against what is plain to see.

mod against;
mod catalogue;
mod complete;
mod page;
mod random;
mod reference;
mod small;

use clickhouse::Client;

/// Asks, and gives the answer's lines with their fields.
async fn ask(client: &Client, sql: &str) -> Vec<Vec<String>> {
    let mut cursor = client.query_raw(sql).fetch_bytes("TabSeparated").unwrap();
    let bytes = cursor
        .collect()
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let text = std::str::from_utf8(&bytes).unwrap();
    let fields = |line: &str| line.split('\t').map(plain).collect();
    text.lines().map(fields).collect()
}

/// What the format has escaped; line breaks do not come here.
fn plain(field: &str) -> String {
    field.replace("\\'", "'").replace("\\\\", "\\")
}
