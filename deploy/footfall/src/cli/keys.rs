//! Arguments of `keys`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Commands about the key ring.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// The keys by name: from when on each signs, and which does now. The secrets are not shown
    List(RingArgs),
    /// Add a new key; the ones before it go on being believed for as long as a cookie can live (400 days)
    ///
    /// On one machine it signs at once, and a running Footfall takes it up by itself. In a cluster all nodes must have the
    /// new ring before its key signs: change the file of the ring with --ring, bring it to every node within the time of
    /// --after, and start them again one by one.
    Rotate(RotateArgs),
    /// Take a key out that others have got to know: cookies that it signed are refused, and their visitors are new
    Revoke(RevokeArgs),
}

/// Which ring.
#[derive(Debug, Args)]
pub struct RingArgs {
    /// File of the ring [default: keys/identity.key in the data folder]
    #[arg(long, value_name = "FILE")]
    pub ring: Option<PathBuf>,
}

/// Arguments of `keys rotate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  footfall keys rotate                                          on one machine
  footfall keys rotate --ring secrets/identity_key --after 24h  for all nodes of a cluster")]
pub struct RotateArgs {
    /// Which ring.
    #[command(flatten)]
    pub ring: RingArgs,
    /// When the new key begins to sign [default: at once; with --ring 24h]
    #[arg(long, value_name = "DURATION")]
    pub after: Option<String>,
}

/// Arguments of `keys revoke`.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Name of the key, as `keys list` shows it
    pub kid: String,
    /// Which ring.
    #[command(flatten)]
    pub ring: RingArgs,
}
