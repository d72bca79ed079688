//! `footfall restore`: a back-up becomes a data folder that `footfall up` goes on with.
//!
//! 1. the manifest, and every file against it, before anything is written;
//! 2. all files, under another name beside the folder;
//! 3. `log`: what came after the back-up, from the log that was left by the Footfall that it is of;
//! 4. `erasures`: who was erased after it;
//! 5. the folder gets its name.
//!
//! Nothing else is to be done for the books: the start opens a log of its own, with an id of its own, and every number that
//! an older log still has is looked up in the tables before it is inserted.

mod erasures;
mod log;

use crate::backup::cluster;
use crate::backup::copy::Work;
use crate::backup::manifest::{DATA, Manifest};
use crate::backup::whole::Unfinished;
use crate::cli::RestoreArgs;
use crate::config::Config;
use crate::terminal::{bytes, count, note, program, say};
use anyhow::{Context as _, Result, bail};
use std::fs::{DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Restores into the data folder of the configuration, which must not be there yet.
///
/// # Errors
/// The back-up is none, damaged, or of a newer release; the folder is not fresh. Nothing is left then.
pub async fn run(config: &Config, args: &RestoreArgs, stop: CancellationToken) -> Result<()> {
    if args.cluster {
        return cluster::restore(config, &args.backup).await;
    }
    let wanted = Wanted {
        backup: args.backup.clone(),
        folder: config.data.folder.clone(),
        logs: args.log.clone(),
        erasures: args.erasures.clone(),
    };
    let restoring = tokio::task::spawn_blocking(move || wanted.restore(&stop));
    restoring.await.context("restoring died")?
}

struct Wanted {
    backup: PathBuf,
    folder: PathBuf,
    logs: Vec<PathBuf>,
    erasures: Option<PathBuf>,
}

impl Wanted {
    fn restore(&self, stop: &CancellationToken) -> Result<()> {
        let manifest = Manifest::read(&self.backup)?;
        let unfinished = Unfinished::begin(&self.folder)?;
        unfinished.has_room(manifest.bytes(), "restore to another disk: --data DIR")?;
        manifest.verify(&self.backup, stop.clone())?;
        self.files(&manifest, unfinished.path(), stop)?;
        let mut notes = Vec::new();
        for left in &self.logs {
            notes.extend(log::add(left, &unfinished.path().join(&manifest.log), stop)?);
        }
        if !self.logs.is_empty() {
            notes.extend(log::gaps(&unfinished.path().join(&manifest.log))?);
        }
        let newer = match &self.erasures {
            Some(from) => erasures::add(from, unfinished.path(), &manifest.taken)?,
            None => 0,
        };
        unfinished.finish()?;
        self.tell(&manifest, notes, newer);
        Ok(())
    }

    fn files(&self, manifest: &Manifest, to: &Path, stop: &CancellationToken) -> Result<()> {
        for folder in &manifest.folders {
            let path = to.join(folder);
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
            made.with_context(|| format!("cannot make {}", path.display()))?;
        }
        let label = format!("restoring to {}", self.folder.display());
        let mut work = Work::new(label, "copying", manifest.bytes(), stop.clone());
        for file in &manifest.files {
            let (from, to) = (self.backup.join(DATA).join(&file.path), to.join(&file.path));
            let copied = File::open(from)
                .map_err(Into::into)
                .and_then(|from| work.copy(from, &to));
            let found = copied.with_context(|| format!("cannot copy {}", file.path.display()))?;
            // It was right a moment ago.
            if let Some(damage) = file.differs(&found) {
                bail!("the back-up {} is being changed: {damage}", self.backup.display());
            }
            std::fs::set_permissions(&to, Permissions::from_mode(file.mode))
                .with_context(|| format!("cannot set the permissions of {}", to.display()))?;
        }
        // Last, so that nothing is written through one.
        for link in &manifest.links {
            let path = to.join(&link.path);
            std::os::unix::fs::symlink(&link.to, &path)
                .with_context(|| format!("cannot make the link {}", path.display()))?;
        }
        work.finish();
        Ok(())
    }

    fn tell(&self, manifest: &Manifest, notes: Vec<String>, newer: usize) {
        let folder = self.folder.display();
        say(format_args!(
            "{folder} is as it was at {}: {} files, {}",
            manifest.taken,
            count(manifest.files.len() as u64),
            bytes(manifest.bytes())
        ));
        notes.iter().for_each(note);
        for outside in &manifest.outside {
            note(format_args!(
                "was not in the back-up, and is to be brought by hand: {outside}"
            ));
        }
        say(format_args!("start it: {} up --data {folder}", program()));
        let again = format!("{} erase --again --data {folder}", program());
        match (newer, &self.erasures) {
            (0, Some(_)) => note("nobody was erased after the back-up, as far as the receipts say"),
            (0, None) => note(format_args!(
                "who was erased after {} is in it again: give the receipts (--erasures FOLDER), or `footfall erase` them again",
                manifest.taken
            )),
            (newer, _) => note(format_args!(
                "{newer} erasures are newer than the back-up. As soon as Footfall runs: {again}"
            )),
        }
    }
}
