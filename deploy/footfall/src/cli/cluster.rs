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
