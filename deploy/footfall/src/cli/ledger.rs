//! Arguments of the commands about what did not become a row, and of the operator's word: `ledger`, `replay`,
//! `confirm-server-gone`.

use crate::ledger::filter::{When, reason};
use clap::{Args, Subcommand};
use footfall_delivery::Reason;
use uuid::Uuid;

/// Arguments of `ledger`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  footfall ledger                                             the newest entries, marks left out
  footfall ledger --reason unreadable --since 2h
  footfall ledger --site shop --since 2026-11-01 --until 2026-11-08 --json
  footfall ledger show 5f0c3c1e-6f1a-4b0e-9d0f-2a4d6f1c7b11 1207
  footfall ledger skip 5f0c3c1e-6f1a-4b0e-9d0f-2a4d6f1c7b11 1207     as the alarm prints it

Reasons: duplicate, unreadable, unknown_version, erased, expired, lost, mark"
)]
pub struct LedgerArgs {
    /// Something else than to list it.
    #[command(subcommand)]
    pub command: Option<LedgerCommand>,
    /// Which entries.
    #[command(flatten)]
    pub filter: Filter,
    /// At most so many, the newest
    #[arg(long, short = 'n', value_name = "N", default_value_t = 50)]
    pub limit: u64,
    /// One JSON object per line
    #[arg(long)]
    pub json: bool,
}

/// Which entries of the ledger.
#[derive(Debug, Args, Clone, Default)]
pub struct Filter {
    /// Only these reasons, comma separated
    #[arg(long = "reason", value_name = "REASONS", value_delimiter = ',', value_parser = reason)]
    pub reasons: Vec<Reason>,
    /// Decided since then: `2h` (ago), `2026-11-01`, `2026-11-01T12:30:00Z`
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    pub since: Option<When>,
    /// Decided before then
    #[arg(long, value_name = "WHEN", value_parser = When::parse)]
    pub until: Option<When>,
    /// Only this site, as far as the ledger or the payload tells it
    #[arg(long)]
    pub site: Option<String>,
    /// Only numbers of this log
    #[arg(long, value_name = "ID")]
    pub log: Option<Uuid>,
}

/// What can be asked about the ledger, and said.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// The whole entry of one number, its payload too
    Show(ShowArgs),
    /// Do not wait for a record of a format that no release will ever know
    ///
    /// A processor that meets a record of a newer format stops reading its partition and raises an alarm, because a newer
    /// release can read it. If none ever will, this is the operator's word: the processor that stands in front of it
    /// writes its bytes to the ledger as `unknown_version` and goes on. Other records are not touched: one that can be
    /// read becomes a row, one that has a fate keeps it.
    Skip(SkipArgs),
}

/// Arguments of `ledger show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Id of the log
    pub log: Uuid,
    /// Number in it
    pub seq: u64,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `ledger skip`.
#[derive(Debug, Args)]
pub struct SkipArgs {
    /// Id of the log
    pub log: Uuid,
    /// Number in it
    pub seq: u64,
    /// Every number up to this one too, as far as its format is unknown
    #[arg(long, value_name = "SEQ")]
    pub to: Option<u64>,
    /// How long to wait for its fate
    #[arg(long, default_value = "30s", value_parser = crate::ledger::filter::duration)]
    pub wait: std::time::Duration,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall replay --reason unreadable --since 7d --dry-run    what would happen, with counts
  footfall replay --reason unreadable --since 7d
  footfall replay --reason unknown_version --log 5f0c3c1e-6f1a-4b0e-9d0f-2a4d6f1c7b11")]
pub struct ReplayArgs {
    /// Which entries.
    #[command(flatten)]
    pub filter: Filter,
    /// Say what would happen, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `confirm-server-gone`.
#[derive(Debug, Args)]
pub struct ConfirmArgs {
    /// The old server is gone for good: nothing runs on it any more, and nothing will
    #[arg(long)]
    pub gone_for_good: bool,
}
