//! What a mutation leaves behind: the parts as they were before stay on the disk for some minutes, because they are what there
//! is left of the rows if the power fails before the new ones are written out. While a person is erased the tables have other
//! settings, so that new parts are written out at once, and old ones go as soon as nobody needs them.

use super::tables::Tables;
use crate::terminal::Progress;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// Seconds after which a kernel has written out what lies in its memory, by default: 30, and 5 to get to it.
const WRITTEN_OUT: u64 = 40;
/// How long the server may take to remove them; then the receipt says what is left. One that has had nothing to do looks for
/// old parts only every five minutes.
const PATIENCE: Duration = Duration::from_secs(6 * 60);
const LOOK: Duration = Duration::from_millis(250);
const TABLES: [&str; 2] = ["events", "ledger"];

/// Has the server write merged and mutated parts out to the disk at once.
const FSYNC: &str = "min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1";
/// Has it look for old parts every second.
const LOOKS: &str = "cleanup_delay_period = 1, max_cleanup_delay_period = 1, cleanup_delay_period_random_add = 0, \
                     cleanup_thread_preferred_points_per_iteration = 1";

/// The settings, before anything is deleted. `ours`: the disk is this machine's, which writes out what it has when it is told
/// to; elsewhere old parts stay until it has been by itself.
pub(super) async fn prepare(tables: &Tables<'_>, ours: bool) -> Result<()> {
    set(tables, &format!("MODIFY SETTING {FSYNC}")).await?;
    if ours {
        // SAFETY: sync takes nothing, touches no memory of ours, and cannot fail.
        unsafe { libc::sync() };
    }
    let age = if ours { 1 } else { WRITTEN_OUT };
    set(
        tables,
        &format!("MODIFY SETTING {LOOKS}, old_parts_lifetime = {age}"),
    )
    .await
}

/// Waits until the parts that were replaced until now are gone; gives how many are not.
pub(super) async fn gone(tables: &Tables<'_>, line: &mut Progress) -> Result<usize> {
    let before = old(tables).await?;
    let until = Instant::now() + PATIENCE;
    loop {
        let left = old(tables).await?.intersection(&before).count();
        if left == 0 || Instant::now() >= until {
            return Ok(left);
        }
        line.show(&format!("waiting until {left} replaced parts are off the disk"));
        tokio::time::sleep(LOOK).await;
    }
}

/// The settings of the migrations count again; what an operator has set of these by hand is gone.
pub(super) async fn restore(tables: &Tables<'_>) -> Result<()> {
    let changed = [FSYNC, LOOKS].into_iter().flat_map(|some| some.split(", "));
    let names: Vec<&str> = changed.filter_map(|one| one.split(' ').next()).collect();
    set(
        tables,
        &format!("RESET SETTING {}, old_parts_lifetime", names.join(", ")),
    )
    .await
}

/// Parts that ClickHouse has put aside, and never removes by itself. `engine`: the folder of the built-in one, which does not
/// show them in a table. None: the server does not let us see them.
pub(super) async fn detached(tables: &Tables<'_>, engine: Option<&Path>) -> Option<u64> {
    if let Some(folder) = engine {
        return Some(put_aside(folder));
    }
    let sql = "SELECT count() FROM system.detached_parts WHERE database = currentDatabase() AND table IN ('events', 'ledger')";
    match tables.access.text(sql, &[]).await {
        Ok(found) => found.parse().ok(),
        Err(error) => {
            tracing::debug!(%error, "cannot list parts that were put aside");
            None
        }
    }
}

/// What lies in folders called `detached`.
fn put_aside(folder: &Path) -> u64 {
    let folders = |folder: &Path| {
        std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
    };
    let each = folders(folder).map(|entry| match entry.file_name().to_str() {
        Some("detached") => folders(&entry.path()).count() as u64,
        _ => put_aside(&entry.path()),
    });
    each.sum()
}

async fn old(tables: &Tables<'_>) -> Result<BTreeSet<String>> {
    let sql = "SELECT concat(table, '/', name) FROM system.parts \
               WHERE database = currentDatabase() AND table IN ('events', 'ledger') AND NOT active";
    let found = tables
        .access
        .text(sql, &[])
        .await
        .context("cannot list replaced parts")?;
    Ok(found.lines().map(str::to_owned).collect())
}

async fn set(tables: &Tables<'_>, what: &str) -> Result<()> {
    for table in TABLES {
        let done = tables
            .access
            .text(&format!("ALTER TABLE {table} {what}"), &[])
            .await;
        done.with_context(|| format!("cannot change how long the table `{table}` keeps replaced parts"))?;
    }
    Ok(())
}
