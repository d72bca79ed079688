//! Arguments of `export`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One file or stream with a header; `props` as JSON
    Csv,
    /// A JSON object per line
    Jsonl,
    /// A folder with a file for each day
    Parquet,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall export --from 2026-11-01 --to 2026-12-01 > november.csv
  footfall export --from 2026-11-01 --site shop --format jsonl | zstd > shop.jsonl.zst
  footfall export --from 2026-11-01 --format parquet --output november/
  footfall export --from 2026-11-01T08:00:00+01:00 --to 2026-11-01T09:00:00+01:00

Rows come day by day, within a day by site, type and time: as the table has them.")]
pub struct ExportArgs {
    /// Events from this day or moment on: 2026-11-01, or 2026-11-01T08:00:00Z
    #[arg(long)]
    pub from: String,
    /// Events before this day or moment [default: now]
    #[arg(long)]
    pub to: Option<String>,
    /// Time zone of days without a time of day (IANA)
    #[arg(long, default_value = "UTC")]
    pub timezone: String,
    /// One site only
    #[arg(long)]
    pub site: Option<String>,
    /// How rows are written
    #[arg(long, short, value_enum, default_value_t = ExportFormat::Csv)]
    pub format: ExportFormat,
    /// File to write, which must not be there yet; a folder for parquet [default: stdout]
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
}
