//! Arguments of the services of a cluster and of what an operator does to them.

use clap::Args;
use std::path::PathBuf;

/// Arguments of `ingest`.
#[derive(Debug, Args)]
pub struct IngestArgs {
    /// Public address for events [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

/// Arguments of `drain`.
#[derive(Debug, Args)]
pub struct DrainArgs {
    /// The log's folder, brought here from the node [default: that of the data folder]
    pub folder: Option<PathBuf>,
}

/// Arguments of `lost`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example, after `footfall resend` on the node that gave the log has said which numbers it keeps no more:
  footfall lost --log 5f0c3c1e-6f1a-4b0e-9d0f-2a4d6f1c7b11 --from 1200 --to 1399
  footfall lost --log 5f0c3c1e-6f1a-4b0e-9d0f-2a4d6f1c7b11 --from 1200 --to 1399 --no-copy-is-left")]
pub struct LostArgs {
    /// Id of the log
    #[arg(long)]
    pub log: uuid::Uuid,
    /// First number
    #[arg(long)]
    pub from: u64,
    /// Last number
    #[arg(long)]
    pub to: u64,
    /// No ingest node, drained folder or back-up has these numbers any more: declare them lost
    #[arg(long)]
    pub no_copy_is_left: bool,
    /// How long to wait until the ledger says it
    #[arg(long, default_value = "60s", value_parser = crate::ledger::filter::duration)]
    pub wait: std::time::Duration,
}

/// Arguments of `resend`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example, as `footfall audit` prints it:
  footfall resend --log 5f0c3c1e-6f1a-4b0e-9d0f-2a4d6f1c7b11 --from 1200 --to 1399")]
pub struct ResendArgs {
    /// The log's folder [default: that of the data folder]
    pub folder: Option<PathBuf>,
    /// Id of the log
    #[arg(long)]
    pub log: uuid::Uuid,
    /// First number
    #[arg(long)]
    pub from: u64,
    /// Last number
    #[arg(long)]
    pub to: u64,
}
