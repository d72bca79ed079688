//! Folders and files: writable, with room on their disk, and readable as what they should be.

use super::{Findings, Plan, growth};
use crate::config::Config;
use crate::data::Run;
use crate::sites;
use crate::terminal::bytes;
use footfall_ingest::sites::Sites;
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Looks at the data folder and at what lies in it.
pub(super) fn look(config: &Config, plan: Plan, running: Option<&Run>, findings: &mut Findings) {
    let mut wanted = vec![
        ("data.folder", config.data.folder.clone()),
        ("local_log.folder", config.in_data(&config.local_log.folder)),
    ];
    if plan.has_engine(config) {
        wanted.push(("engine.folder", config.in_data(&config.engine.folder)));
    }
    if let Some(folder) = &config.log.folder {
        wanted.push(("log.folder", config.in_data(folder)));
    }
    let mut full = Vec::new();
    for (key, folder) in &wanted {
        if writable(key, folder, findings) {
            room(config, folder, findings, &mut full);
        }
    }
    if running.is_none() {
        log(&config.in_data(&config.local_log.folder), findings);
    }
    growth::edge_log(
        &plan.settings(config),
        &config.in_data(&config.local_log.folder),
        findings,
    );
    sites_file(config, plan, findings);
}

/// Tries to make a file in the folder, or in the nearest one above that exists.
fn writable(key: &str, folder: &Path, findings: &mut Findings) -> bool {
    let existing = nearest(folder);
    match tempfile_in(&existing) {
        Ok(()) if folder.exists() => findings.good(format!("{key}: {} is writable", folder.display())),
        Ok(()) => findings.good(format!("{key}: {} can be made", folder.display())),
        Err(error) => {
            findings.problem(
                format!("`{key}`: cannot write to {}: {error}", existing.display()),
                format!(
                    "make it writable for this user (`chown`, `chmod`), or choose another: {}",
                    other(key)
                ),
            );
            return false;
        }
    }
    true
}

fn other(key: &str) -> String {
    if key == "data.folder" {
        "--data DIR".to_owned()
    } else {
        format!("--set {key}=DIR")
    }
}

fn nearest(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    absolute
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(Path::new("/"))
        .to_owned()
}

fn tempfile_in(folder: &Path) -> std::io::Result<()> {
    if !folder.is_dir() {
        return Err(std::io::Error::other("it is a file, not a folder"));
    }
    let path = folder.join(format!(".footfall-check-{}", std::process::id()));
    std::fs::write(&path, b"check")?;
    std::fs::remove_file(&path)
}

/// The free-disk floor of the log holds for every folder: the engine needs room as well. One problem per disk.
fn room(config: &Config, folder: &Path, findings: &mut Findings, full: &mut Vec<u64>) {
    let place = nearest(folder);
    let Some((disk, free)) = free_bytes(&place) else {
        return;
    };
    let floor = config.local_log.free_floor.0;
    if free >= floor || full.contains(&disk) {
        return;
    }
    full.push(disk);
    findings.problem(
        format!(
            "the disk of {} is full: {} free, and `local_log.free_floor` keeps {} free, so that new events would be refused (503)",
            folder.display(),
            bytes(free),
            bytes(floor)
        ),
        "free some space, choose a folder on another disk (--data DIR), or lower local_log.free_floor",
    );
}

/// Which file system a folder is on, and what it has free for this user.
fn free_bytes(folder: &Path) -> Option<(u64, u64)> {
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    // SAFETY: statvfs only fills the struct; zeroes are a valid one, and the path ends with a zero byte.
    let stat = unsafe {
        let mut stat: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &raw mut stat) == 0).then_some(stat)?
    };
    let device = std::os::unix::fs::MetadataExt::dev(&std::fs::metadata(folder).ok()?);
    Some((device, stat.f_bavail.saturating_mul(stat.f_frsize)))
}

/// What the next start would find in the log, without touching it.
fn log(folder: &Path, findings: &mut Findings) {
    if !folder.exists() {
        return;
    }
    let opened = match footfall_log::Folder::open(folder) {
        Ok(opened) => opened,
        Err(error) => {
            findings.problem(
                format!("the local log cannot be read: {error}"),
                "make its files readable for this user; if the disk is damaged, copy the folder away first",
            );
            return;
        }
    };
    let recovery = opened.recovery();
    for (log, first, last) in recovery.quarantined.iter().chain(&recovery.acked_lost) {
        findings.note(format!(
            "local log {log}: numbers {first} to {last} are damaged on disk; the next start writes them into the ledger as `lost`"
        ));
    }
    findings.good(format!("local log: {} can be read", folder.display()));
}

fn sites_file(config: &Config, plan: Plan, findings: &mut Findings) {
    let path = sites::path(config);
    if !path.exists() && config.ingest.sites.is_absolute() {
        return findings.problem(
            format!("`ingest.sites`: {} does not exist", path.display()),
            "correct the path, or make the file: `footfall site add shop --origin https://shop.example`",
        );
    }
    // One that is missing is made at the start, and has none.
    let read = if path.exists() {
        sites::read(&path)
    } else {
        Ok(Sites::default())
    };
    match read {
        Ok(read) => {
            if let Some(problem) = sites::nobody(&plan.settings(config), &read) {
                findings.need(plan, problem.what, problem.remedy);
            } else if path.exists() {
                findings.good(format!("sites: {} in {}", read.iter().count(), path.display()));
            }
        }
        Err(error) => findings.problem(
            format!("{error:#}"),
            "correct that line; the file's own comments show the fields",
        ),
    }
}
