//! The runner of the migrations. It may be killed at any moment and may run twice at once.
//!
//! ClickHouse has no transactions for DDL, so every statement may run twice (`IF NOT EXISTS`), and each migration is noted
//! in the table `migrations` twice: when it starts and when it has finished. One that started and did not finish runs
//! again from its first statement. [`split`] takes files apart, [`crate::catalogue`] lists them.

use crate::catalogue::{MIGRATIONS, Migration, views};
use crate::reports::expand;
use clickhouse::error::Error;
use clickhouse::{Client, Row};
use serde::Deserialize;

mod split;

/// What the runner is doing, before it does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Creates the database and the bookkeeping.
    Prepare,
    /// Runs a statement of a migration: statements count from 1.
    Apply(&'static Migration, usize),
    /// Creates a view anew.
    View(&'static str),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Migrations that were applied now.
    pub applied: Vec<&'static Migration>,
    /// Migrations that had been applied before.
    pub before: usize,
}

/// How far a database is behind this release.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// Migrations that have been applied.
    pub applied: usize,
    /// Those that have not; all of them if there is no database.
    pub pending: Vec<&'static Migration>,
}

/// Why the tables could not be brought to this release. Nothing that was finished is undone.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The name cannot be a database's.
    #[error("creating the database: `{0}` is not a name; use letters, digits and _, not a digit first")]
    Name(String),
    /// The server refused a statement or did not answer.
    #[error("{doing}: {source}")]
    Server {
        /// What the runner was doing.
        doing: String,
        /// The server's words.
        source: Error,
    },
    /// A migration that was applied has another text in this release.
    #[error(
        "comparing the migrations: {number:04} {name} was applied with another text (checksum {found}); this database was made \
         by another build of footfall: run that build, or name a new database"
    )]
    Changed {
        /// Number of the migration.
        number: u32,
        /// Its name, as applied.
        name: String,
        /// The checksum that was applied.
        found: String,
    },
    /// The database has a migration that this release does not know.
    #[error(
        "comparing the migrations: the database is at {number:04} {name}, this release knows only up to {known:04}; \
         run the newer release"
    )]
    Newer {
        /// Number of the newest migration in the database.
        number: u32,
        /// Its name.
        name: String,
        /// The newest migration of this release.
        known: u32,
    },
}

impl MigrateError {
    /// Whether the server did not answer, or not to the end: the same call may succeed when it is back.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Server {
                source: Error::Network(_) | Error::TimedOut | Error::NotEnoughData,
                ..
            }
        )
    }
}

/// One line of the table `migrations`.
#[derive(Debug, Row, Deserialize)]
struct Noted {
    number: u32,
    name: String,
    checksum: String,
    finished: bool,
}

const BOOKKEEPING: &str = "
    CREATE TABLE IF NOT EXISTS migrations
    (
        number UInt32,
        name String,
        checksum String,
        finished Bool,
        applied_at DateTime64(3, 'UTC')
    )
    ENGINE = MergeTree
    ORDER BY (number, applied_at)
    SETTINGS non_replicated_deduplication_window = 0, fsync_after_insert = 1, fsync_part_directory = 1";

/// Brings `database` to this release: creates it, applies what is missing, creates the views anew. `client` must be
/// allowed to; its own database does not matter. `progress` hears of each step before it is taken.
///
/// # Errors
/// [`MigrateError`]. The same call may simply be made again.
pub async fn migrate(
    client: &Client,
    database: &str,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<Report, MigrateError> {
    let report = migrate_to(client, database, MIGRATIONS, progress).await?;
    let client = client.clone().with_database(database);
    for view in views() {
        progress(Step::View(view.name));
        for statement in split::statements(&expand(view.sql)) {
            execute(&client, &statement, || {
                format!("creating the view `{}`", view.name)
            })
            .await?;
        }
    }
    Ok(report)
}

/// The tables alone, to a release that has `migrations`: the first part of [`migrate`]. An earlier release has fewer of them,
/// a later one more.
///
/// # Errors
/// As [`migrate`].
pub async fn migrate_to(
    client: &Client,
    database: &str,
    migrations: &'static [Migration],
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<Report, MigrateError> {
    progress(Step::Prepare);
    create_database(client, database).await?;
    let client = client.clone().with_database(database);
    execute(&client, BOOKKEEPING, || "creating the table `migrations`".into()).await?;
    let pending = pending(&noted(&client).await?, migrations)?;
    for migration in &pending {
        apply(&client, migration, progress).await?;
    }
    Ok(Report {
        before: migrations.len() - pending.len(),
        applied: pending,
    })
}

/// How far `database` is, without changing anything.
///
/// # Errors
/// [`MigrateError`], also if the database does not fit this release.
pub async fn status(client: &Client, database: &str) -> Result<Status, MigrateError> {
    let client = client.clone().with_database("default");
    let known = client
        .query("SELECT count() FROM system.tables WHERE database = ? AND name = 'migrations'")
        .bind(database)
        .fetch_one::<u64>()
        .await
        .map_err(|source| server("looking for the table `migrations`".into(), source))?;
    let noted = match known {
        0 => Vec::new(),
        _ => noted(&client.with_database(database)).await?,
    };
    let pending = pending(&noted, MIGRATIONS)?;
    Ok(Status {
        applied: MIGRATIONS.len() - pending.len(),
        pending,
    })
}

/// Creates the database where it is missing; an operator may have made it for a user who may not.
async fn create_database(client: &Client, database: &str) -> Result<(), MigrateError> {
    let letters = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if database.is_empty() || !letters(database) || database.as_bytes()[0].is_ascii_digit() {
        return Err(MigrateError::Name(database.to_owned()));
    }
    // A client that names a database which does not exist is refused whatever it asks.
    let client = client.clone().with_database("default");
    let there = client
        .query("SELECT count() FROM system.databases WHERE name = ?")
        .bind(database)
        .fetch_one::<u64>()
        .await
        .map_err(|source| server("looking for the database".into(), source))?;
    if there > 0 {
        return Ok(());
    }
    let sql = format!("CREATE DATABASE IF NOT EXISTS `{database}`");
    execute(&client, &sql, || format!("creating the database `{database}`")).await
}

async fn noted(client: &Client) -> Result<Vec<Noted>, MigrateError> {
    let rows = client.query("SELECT ?fields FROM migrations ORDER BY number");
    let rows = rows.fetch_all::<Noted>().await;
    rows.map_err(|source| server("reading the table `migrations`".into(), source))
}

/// What this release has and the database has not. One that did not finish counts as not begun, whatever its text was.
fn pending(
    noted: &[Noted],
    migrations: &'static [Migration],
) -> Result<Vec<&'static Migration>, MigrateError> {
    let known = migrations.last().map_or(0, |last| last.number);
    if let Some(newer) = noted.iter().rfind(|row| row.number > known) {
        return Err(MigrateError::Newer {
            number: newer.number,
            name: newer.name.clone(),
            known,
        });
    }
    let mut pending = Vec::new();
    for migration in migrations {
        let mut finished = noted
            .iter()
            .filter(|row| row.finished && row.number == migration.number)
            .peekable();
        if finished.peek().is_none() {
            pending.push(migration);
        }
        if let Some(changed) = finished.find(|row| row.checksum != migration.checksum()) {
            return Err(MigrateError::Changed {
                number: changed.number,
                name: changed.name.clone(),
                found: changed.checksum.clone(),
            });
        }
    }
    Ok(pending)
}

async fn apply(
    client: &Client,
    migration: &'static Migration,
    progress: &mut (dyn FnMut(Step) + Send),
) -> Result<(), MigrateError> {
    let doing = || format!("applying migration {:04} {}", migration.number, migration.name);
    note(client, migration, false).await?;
    for (statement, number) in split::statements(migration.sql).iter().zip(1..) {
        progress(Step::Apply(migration, number));
        execute(client, statement, doing).await?;
    }
    note(client, migration, true).await?;
    tracing::info!(
        number = migration.number,
        name = migration.name,
        "migration applied"
    );
    Ok(())
}

async fn note(client: &Client, migration: &Migration, finished: bool) -> Result<(), MigrateError> {
    // SELECT and not VALUES: an engine without a parser for inline data runs it too.
    client
        .query("INSERT INTO migrations (number, name, checksum, finished, applied_at) SELECT ?, ?, ?, ?, now64(3)")
        .bind(migration.number)
        .bind(migration.name)
        .bind(migration.checksum())
        .bind(finished)
        .execute()
        .await
        .map_err(|source| server(format!("noting migration {:04}", migration.number), source))
}

async fn execute(client: &Client, sql: &str, doing: impl Fn() -> String) -> Result<(), MigrateError> {
    let done = client.query_raw(sql).execute().await;
    done.map_err(|source| server(doing(), source))
}

const fn server(doing: String, source: Error) -> MigrateError {
    MigrateError::Server { doing, source }
}
