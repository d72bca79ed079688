//! `footfall backup --list`: what is in a back-up, or which back-ups are in a folder.

use super::manifest::Manifest;
use crate::terminal::{bytes, count, harmless, note, say};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// Lists one, or those in the folder, oldest first.
///
/// # Errors
/// There is none, or the only one cannot be read.
pub(super) fn run(target: &Path) -> Result<()> {
    if target.join("manifest.json").exists() {
        let manifest = Manifest::read(target)?;
        say(line(target, &manifest));
        details(&manifest);
        return Ok(());
    }
    let entries = std::fs::read_dir(target).with_context(|| format!("cannot read {}", target.display()))?;
    let folders: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("manifest.json").exists())
        .collect();
    if folders.is_empty() {
        bail!("there is no whole back-up in {}", target.display());
    }
    let mut found = Vec::new();
    for folder in folders {
        match Manifest::read(&folder) {
            Ok(manifest) => found.push((manifest.taken.clone(), line(&folder, &manifest))),
            Err(error) => note(format_args!("{error:#}")),
        }
    }
    found.sort();
    for (_, line) in found {
        say(line);
    }
    Ok(())
}

fn line(folder: &Path, manifest: &Manifest) -> String {
    format!(
        "{}  {:>10}  {:>7} files  {}  of {}",
        manifest.taken,
        bytes(manifest.bytes()),
        count(manifest.files.len() as u64),
        folder.display(),
        harmless(&manifest.folder)
    )
}

fn details(manifest: &Manifest) {
    let state = if manifest.running {
        "was running"
    } else {
        "was stopped"
    };
    let tables = if manifest.tables {
        "the tables"
    } else {
        "no tables (they are on a server)"
    };
    say(format_args!(
        "made by Footfall {}, which {state}; with {tables}, the log in {}, keys and settings",
        harmless(&manifest.version),
        manifest.log.display()
    ));
    for outside in &manifest.outside {
        say(format_args!("not in it: {}", harmless(outside)));
    }
}
