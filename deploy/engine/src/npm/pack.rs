//! Downloads a package with npm and compares its sha512 with the pinned one.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sha2::{Digest, Sha512};

use super::{NpmError, Package, Progress, io_error};
use crate::base64;

/// How often progress is reported.
const TICK: Duration = Duration::from_millis(200);
/// What is kept of npm's complaint.
const MAX_SAID: usize = 400;

/// Leaves the package in `folder`, which is empty and the caller's to remove.
///
/// # Errors
/// What npm says, or that the package is another one.
pub fn package(
    package: &Package,
    folder: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<PathBuf, NpmError> {
    let log = folder.join("npm.log");
    let mut npm = start(package, folder, &log)?;
    loop {
        match npm.try_wait().map_err(io_error("waiting for npm in", folder))? {
            Some(status) if status.success() => break,
            Some(_) => return Err(failed(package, said(&log))),
            None => {
                let done = largest_file(folder).min(package.bytes);
                progress(Progress::Fetching {
                    done,
                    total: package.bytes,
                });
                std::thread::sleep(TICK);
            }
        }
    }
    progress(Progress::Checking);
    let found = find(folder).ok_or_else(|| failed(package, "it left no package".to_owned()))?;
    if Some(sha512(&found)?) != base64::decode(package.sha512) {
        return Err(NpmError::Integrity("the downloaded package"));
    }
    Ok(found)
}

const fn failed(package: &Package, said: String) -> NpmError {
    NpmError::Npm {
        package: *package,
        said,
    }
}

fn start(package: &Package, folder: &Path, log: &Path) -> Result<Child, NpmError> {
    let errors = File::create(log).map_err(io_error("making", log))?;
    // A cache of its own: the user's would keep 178 MB that are never used again.
    let npm = Command::new("npm")
        .args([
            "pack",
            "--ignore-scripts",
            "--loglevel=error",
            "--no-update-notifier",
            "--no-audit",
        ])
        .arg(format!("--cache={}", folder.join("npm").display()))
        .arg(format!("--pack-destination={}", folder.display()))
        .arg(format!("{}@{}", package.name, package.version))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors)
        .spawn();
    npm.map_err(|source| match source.kind() {
        ErrorKind::NotFound => NpmError::NoNpm(package.name),
        _ => io_error("starting npm in", folder)(source),
    })
}

fn said(log: &Path) -> String {
    let text = std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.trim_start_matches("npm error").trim())
        .collect();
    let text = lines.join(" ");
    text.trim().chars().take(MAX_SAID).collect()
}

fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for entry in entries.flatten() {
        match entry.metadata() {
            Ok(meta) if meta.is_dir() => all.extend(files(&entry.path())),
            Ok(meta) => all.push((entry.path(), meta.len())),
            // Npm moves its files while we look.
            Err(_) => {}
        }
    }
    all
}

/// Npm downloads into its cache and copies from there: the largest file is how far it is.
fn largest_file(folder: &Path) -> u64 {
    files(folder).into_iter().map(|file| file.1).max().unwrap_or(0)
}

fn find(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names = entries.flatten().map(|entry| entry.path());
    names.find(|path| path.extension().is_some_and(|extension| extension == "tgz"))
}

fn sha512(path: &Path) -> Result<Vec<u8>, NpmError> {
    let mut file = File::open(path).map_err(io_error("opening", path))?;
    let mut hash = Sha512::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(io_error("reading", path))? {
            0 => return Ok(hash.finalize().to_vec()),
            n => hash.update(buffer.get(..n).unwrap_or_default()),
        }
    }
}
