//! `footfall migrate`: brings the tables to this release.

use crate::clickhouse::{self, Role};
use crate::config::Config;
use crate::terminal::say;
use crate::up::store;
use anyhow::{Result, bail};

/// Applies what is missing and says what was done.
///
/// # Errors
/// When no ClickHouse is found, it does not answer, or its tables are of another release.
pub async fn run(config: &Config) -> Result<()> {
    let access = clickhouse::find(config, Role::Writer)?;
    let server = access.server;
    let report = match store::migrate(&server).await {
        Ok(report) => report,
        Err(error) => bail!(
            "cannot bring the tables to this release: {}",
            store::one_line(&server, &error).await
        ),
    };
    for migration in &report.applied {
        say(format_args!("applied {:04} {}", migration.number, migration.name));
    }
    say(format_args!(
        "database `{}` at {}: {} migrations applied now, {} before; views made anew",
        server.database,
        server.address(),
        report.applied.len(),
        report.before
    ));
    Ok(())
}
