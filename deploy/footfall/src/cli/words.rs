//! Arguments of the commands that tell the command line itself: to shells, and as man pages.

use clap::Args;
use clap_complete::Shell;
use std::path::PathBuf;

/// `footfall completions`
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    pub shell: Shell,
}

/// `footfall man`
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The folder, which must exist: `footfall.1`, and a page for each command
    pub folder: PathBuf,
}
