//! What came after the back-up, from the log that the Footfall has left that it is of. Its segments are the same files, written
//! further: they take the place of the back-up's, and those that the back-up does not have come beside them. Numbers say who
//! is who, so it does no harm to add a log that is in the tables already, or one of a clone.

use crate::backup::copy::Work;
use crate::backup::held_log::segments;
use crate::problem::{Problem, Problems};
use crate::terminal::count;
use anyhow::{Context as _, Result, bail};
use footfall_log::Folder;
use std::fs::{DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use tokio_util::sync::CancellationToken;

/// Adds the log in `from` to that in `to`; gives what there is to say of it.
///
/// # Errors
/// `from` has no log, or somebody is writing it; a file cannot be copied.
pub(super) fn add(from: &Path, to: &Path, stop: &CancellationToken) -> Result<Option<String>> {
    let cannot = || format!("cannot read the log in {}", from.display());
    let all = segments(from).with_context(cannot)?;
    if all.is_empty() {
        bail!(Problems(vec![Problem::new(
            format!("{} has no log", from.display()),
            "name the folder with `logs` in it: `log` of the data folder that was left",
        )]));
    }
    // Held until everything is copied.
    let lock = File::open(from.join("lock")).ok();
    if lock.as_ref().is_some_and(|lock| lock.try_lock().is_err()) {
        bail!(Problems(vec![Problem::new(
            format!("somebody is writing the log in {}", from.display()),
            "stop the Footfall that runs there, or leave --log out",
        )]));
    }
    let mut work = Work::new(
        format!("adding {}", from.display()),
        "copying",
        bytes(from, &all),
        stop.clone(),
    );
    for (log, segment) in &all {
        let place = to.join("logs").join(place(to, log)?);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&place);
        made.with_context(|| format!("cannot make {}", place.display()))?;
        let source = from.join("logs").join(log);
        replace(&source.join(segment), &place.join(segment), &mut work)?;
        // How an ended log ended. That of the back-up speaks of another length.
        remove(&place.join("end"))?;
        if source.join("end").exists() {
            replace(&source.join("end"), &place.join("end"), &mut work)?;
        }
    }
    work.finish();
    forget_positions(to)?;
    Ok(Some(format!(
        "added {} segments of the log in {}",
        count(all.len() as u64),
        from.display()
    )))
}

/// Everything is read from the oldest record on: a log that was added may stand before the one that a cursor is in. What the
/// tables have is found there and left out.
fn forget_positions(log: &Path) -> Result<()> {
    let cursors = log.join("cursors");
    match std::fs::remove_dir_all(&cursors) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", cursors.display()))
        }
        _ => Ok(()),
    }
}

/// Numbers that neither had: they were trimmed because the tables that were left have them.
///
/// # Errors
/// The folder cannot be read.
pub(super) fn gaps(log: &Path) -> Result<Vec<String>> {
    let reports = Folder::open(log).and_then(|folder| folder.verify());
    let reports = reports.with_context(|| format!("cannot read the log in {}", log.display()))?;
    let lost = reports.iter().flat_map(|report| {
        let ranges = report.segments.iter().flat_map(|segment| &segment.lost);
        ranges.map(|range| (report.log_id, *range))
    });
    let lost = lost.map(|(log, (first, last))| {
        format!(
            "numbers {first} to {last} of the log {log} are in neither log: those that are not in the tables either will be counted \
             as lost"
        )
    });
    Ok(lost.collect())
}

/// What the log's folder is called there: the one with the same id, if there is one.
fn place(to: &Path, log: &str) -> Result<PathBuf> {
    let id = |name: &str| name.split_once('-').map(|(_, id)| id.to_owned());
    let there = segments(to).with_context(|| format!("cannot read the log in {}", to.display()))?;
    let same = there.into_iter().find(|(name, _)| id(name) == id(log));
    Ok(same.map_or_else(|| PathBuf::from(log), |(name, _)| PathBuf::from(name)))
}

fn replace(from: &Path, to: &Path, work: &mut Work) -> Result<()> {
    remove(to)?;
    let copied = File::open(from)
        .map_err(Into::into)
        .and_then(|file| work.copy(file, to));
    copied
        .map(drop)
        .with_context(|| format!("cannot copy {}", from.display()))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn bytes(from: &Path, all: &[(String, String)]) -> u64 {
    let length = |(log, segment): &(String, String)| {
        std::fs::metadata(from.join("logs").join(log).join(segment)).map_or(0, |metadata| metadata.len())
    };
    all.iter().map(length).sum()
}
