//! Arguments of `erase` and `subject`: a person, by one of three names.

use clap::{ArgGroup, Args};
use std::net::IpAddr;
use std::path::PathBuf;
use uuid::Uuid;

/// Whom a command is about: one of these.
#[derive(Debug, Args, Clone, Default)]
pub struct Person {
    /// A visitor, as `visitor_id` of its events says
    #[arg(long, value_name = "ID")]
    pub visitor: Option<Uuid>,
    /// A user: events that carry the user id, and those of visitors while they were the user
    #[arg(long, value_name = "USER", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub user: Option<String>,
    /// An address: events that carry it in full
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Option<IpAddr>,
    /// Only on this site [default: all]
    #[arg(long)]
    pub site: Option<String>,
}

/// Arguments of `erase`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("whom").required(true).args(["visitor", "user", "ip", "verify", "again"]),
    after_help = "\
Examples:
  footfall erase --user ada@shop.example --dry-run     what there is, with counts
  footfall erase --user ada@shop.example --site shop
  footfall erase --visitor 01932f4c-0000-7000-8000-000000000001
  footfall erase --again                               after a restore: everybody of the receipts once more
  footfall erase --verify footfall-data/erasures/5f0c3c1e-6f1a-4b0e-9d0f-2a4d6f1c7b11.json"
)]
pub struct EraseArgs {
    /// Whom.
    #[command(flatten)]
    pub person: Person,
    /// Keep the person out from now on too, not only what has happened until now
    #[arg(long, conflicts_with_all = ["verify", "again"])]
    pub for_good: bool,
    /// Say what would go, and touch nothing
    #[arg(long, conflicts_with_all = ["verify", "again"])]
    pub dry_run: bool,
    /// Where to write the receipt [default: erasures/ID.json in the data folder]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["verify", "dry_run", "again"])]
    pub receipt: Option<PathBuf>,
    /// Check the signature of a receipt instead
    #[arg(long, value_name = "FILE", conflicts_with = "site")]
    pub verify: Option<PathBuf>,
    /// After a restore: erase everybody again whose receipt is in FOLDER and whose erasure the tables do not know [default:
    /// erasures in the data folder]
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, conflicts_with = "site")]
    pub again: Option<Option<PathBuf>>,
    /// Print the receipt as JSON
    #[arg(long, conflicts_with = "again")]
    pub json: bool,
}

/// Arguments of `subject`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("whom").required(true).args(["visitor", "user", "ip"]),
    after_help = "\
Examples:
  footfall subject --user ada@shop.example > ada.jsonl
  footfall subject --visitor 01932f4c-0000-7000-8000-000000000001 --site shop"
)]
pub struct SubjectArgs {
    /// Whom.
    #[command(flatten)]
    pub person: Person,
}
