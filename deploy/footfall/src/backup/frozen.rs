//! The tables as they were at one moment: `ALTER TABLE … FREEZE` links every part into `shadow/NAME` of the engine's folder. Parts
//! are never changed, so the links stay as they are whatever is inserted, merged or deleted meanwhile, and cost nothing.

use crate::clickhouse::Access;
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// How the folders of links begin.
const NAME: &str = "footfall_backup_";

/// Links that are removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Frozen {
    shadow: PathBuf,
}

impl Frozen {
    /// Freezes all tables of the engine whose files lie in `engine`: `events`, then `ledger`, then the others.
    ///
    /// The order counts. A fate is written into the ledger before its row is deleted, so that a number is in both copies
    /// or in one, never in none; in both, the auditor deletes the row.
    ///
    /// # Errors
    /// The engine does not answer, or refuses.
    pub(crate) async fn take(access: &Access, engine: &Path) -> Result<Self> {
        let name = format!("{NAME}{}", uuid::Uuid::new_v4().simple());
        let frozen = Self {
            shadow: engine.join("clickhouse/shadow").join(&name),
        };
        let sql = "SELECT concat(database, '`.`', name) FROM system.tables WHERE engine LIKE '%MergeTree' AND database != 'system' \
                   ORDER BY name != 'events', name != 'ledger', name FORMAT TSVRaw";
        let tables = access.text(sql, &[]).await.context("cannot list the tables")?;
        for table in tables.lines() {
            let sql = format!("ALTER TABLE `{table}` FREEZE WITH NAME '{name}'");
            access
                .text(&sql, &[])
                .await
                .with_context(|| format!("cannot freeze the table `{table}`"))?;
        }
        Ok(frozen)
    }

    /// Where the links lie, as `store/…` of the engine's folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.shadow
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        remove(&self.shadow);
    }
}

/// Removes links that a killed back-up has left.
pub(crate) fn clean_up(engine: &Path) {
    left(engine).for_each(|shadow| remove(&shadow));
}

/// Whether there are any.
pub(crate) fn is_there(engine: &Path) -> bool {
    left(engine).next().is_some()
}

fn left(engine: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(engine.join("clickhouse/shadow"));
    let entries = entries.into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(NAME))
        .map(|entry| entry.path())
}

fn remove(shadow: &Path) {
    match std::fs::remove_dir_all(shadow) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(folder = %shadow.display(), %error, "cannot remove the links of a back-up");
        }
        _ => {}
    }
}
