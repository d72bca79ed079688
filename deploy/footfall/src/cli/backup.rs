//! Arguments of `backup` and `restore`.

use clap::{ArgGroup, Args};
use std::path::PathBuf;

/// Arguments of `backup`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("instead").args(["list", "verify", "cluster"]),
    after_help = "\
Examples:
  footfall backup /mnt/backups/2026-11-22               while it runs, or while it does not
  footfall backup --list /mnt/backups                   which there are, of when
  footfall backup --verify /mnt/backups/2026-11-22      is every byte as it was written?
  footfall backup --cluster 2026-11-22                  the tables of CLICKHOUSE_URL, by ClickHouse itself

A back-up holds keys, passwords and what is known of visitors: keep it as private as the data folder."
)]
pub struct BackupArgs {
    /// A folder that does not exist yet, or is empty, outside of the data folder
    ///
    /// With --cluster: the back-up's name on the disk that ClickHouse keeps back-ups on.
    pub target: PathBuf,
    /// Say what is in a back-up, or which back-ups are in a folder
    #[arg(long)]
    pub list: bool,
    /// Read all of a back-up and compare it with its checksums
    #[arg(long)]
    pub verify: bool,
    /// Have the ClickHouse server of a cluster back the tables up by itself (`BACKUP DATABASE`)
    #[arg(long)]
    pub cluster: bool,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall restore /mnt/backups/2026-11-22 --data ./footfall-data
  footfall restore /mnt/backups/2026-11-22 --data ./footfall-data --log /mnt/old/footfall-data/log
  footfall restore --cluster 2026-11-22                 the tables, from ClickHouse's own back-up")]
pub struct RestoreArgs {
    /// The back-up
    ///
    /// With --cluster: its name.
    pub backup: PathBuf,
    /// The log of the Footfall that the back-up is of, as it was left: with what came after the back-up; repeat for more
    #[arg(long, value_name = "FOLDER", conflicts_with = "cluster")]
    pub log: Vec<PathBuf>,
    /// Receipts of erasures: those that are newer than the back-up are noted for `footfall erase --again`
    #[arg(long, value_name = "FOLDER", conflicts_with = "cluster")]
    pub erasures: Option<PathBuf>,
    /// Have the ClickHouse server of a cluster restore the tables by itself (`RESTORE DATABASE`)
    #[arg(long)]
    pub cluster: bool,
}
