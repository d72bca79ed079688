//! Parts of `events` of which every row has expired: they are dropped, and nothing is rewritten.
//!
//! A part never changes: a row that comes late is in another one, and what a merge or a mutation makes of it has another name.
//! So the fates are those of the rows of named parts, and only parts of these names are dropped. One that is no longer there
//! cannot be; its rows are where it was merged to, with a fate or not, and go the ordinary way. Whole months are not dropped:
//! that would take along what came in meanwhile, which has no fate.

use super::{RetentionError, ask, order};
use clickhouse::Client;

/// Parts whose fates are written before the first of them is dropped; their names stand in each statement.
pub(super) const AT_ONCE: usize = 100;

/// Names of the month's parts that have no row for which the condition does not hold.
pub(super) async fn find(
    client: &Client,
    month: u32,
    condition: &str,
) -> Result<Vec<String>, RetentionError> {
    let sql = format!(
        "SELECT toString(_part) AS part FROM events WHERE toYYYYMM(received_at) = {month} GROUP BY part \
         HAVING countIf(NOT ({condition})) = 0 ORDER BY part"
    );
    ask("find parts that have expired", client.query(&sql).fetch_all()).await
}

/// The rows of these parts, as a condition.
pub(super) fn rows_of(parts: &[String]) -> String {
    format!("_part IN ('{}')", parts.join("','"))
}

/// Drops a part, unless it was merged meanwhile, or is larger than the server lets anybody drop
/// (`max_partition_size_to_drop`). Says whether it did.
pub(super) async fn drop(client: &Client, part: &str) -> bool {
    let sql = format!("ALTER TABLE events DROP PART '{part}'");
    let dropped = order(client, "drop a part that has expired", &sql).await;
    if let Err(error) = &dropped {
        tracing::warn!(%error, part, "its rows are deleted one by one");
    }
    dropped.is_ok()
}
