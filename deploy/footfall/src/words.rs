//! The command line told to others: completions for shells, man pages. Both are made from [`crate::cli`].

use crate::cli::{Cli, CompletionsArgs, ManArgs};
use anyhow::{Context as _, Result};
use clap::CommandFactory as _;
use std::io::Write as _;

/// Prints the completions of a shell.
///
/// # Errors
/// Stdout cannot be written.
pub fn completions(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "footfall", &mut script);
    std::io::stdout()
        .write_all(&script)
        .context("print the completions")
}

/// Writes a page for the program and one for each command.
///
/// # Errors
/// The folder is not there, or cannot be written.
pub fn man(args: &ManArgs) -> Result<()> {
    clap_mangen::generate_to(Cli::command(), &args.folder)
        .with_context(|| format!("write man pages into {}", args.folder.display()))
}
