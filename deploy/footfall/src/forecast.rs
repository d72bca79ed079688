//! Asks a server for what [`footfall_processor::retention::forecast`] reckons with.

use crate::clickhouse::Access;
use anyhow::Result;
use footfall_processor::retention::forecast::asked::{DISK, TABLES, Tables};
use footfall_processor::retention::forecast::{Disk, Found};

/// How large the tables are, and how fast they grow. `now`: instead of the server's clock, ms since 1970.
///
/// # Errors
/// ClickHouse refuses, or does not answer.
pub async fn find(access: &Access, now: Option<i64>) -> Result<Found> {
    let mut tables = Tables::read(&rows(access, TABLES).await?)?;
    tables.now = now.unwrap_or(tables.now);
    Ok(tables.found(&rows(access, &tables.pace()).await?)?)
}

/// The disk that they are on; nothing if it has no end.
///
/// # Errors
/// As [`find`].
pub async fn disk(access: &Access) -> Result<Option<Disk>> {
    Ok(Disk::read(&rows(access, DISK).await?)?)
}

/// Texts without a tab or a line's end in them: keys and numbers.
async fn rows(access: &Access, sql: &str) -> Result<Vec<Vec<String>>> {
    let answer = access.text(sql, &[]).await?;
    let row = |line: &str| line.split('\t').map(ToOwned::to_owned).collect();
    Ok(answer.lines().map(row).collect())
}
