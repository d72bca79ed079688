//! The file itself: read, written whole or not at all, locked while it is changed, known again by its [`Stamp`].

use super::Kept;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// What stands above the entries.
const HEADER: &str = "# Kept by the dashboard: segments, goals, funnels, tokens and shared links. Secrets are digests, but for the key that\n\
    # signs logins: keep the file private, and back it up with the rest. A running dashboard takes changes up by itself.\n\n";

/// By what a file is known again: each change is a new file. None: there is no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    inode: u64,
    bytes: u64,
    seconds: i64,
    nanoseconds: i64,
}

impl Stamp {
    pub(super) fn of(path: &Path) -> Option<Self> {
        let about = std::fs::metadata(path).ok()?;
        Some(Self {
            inode: about.ino(),
            bytes: about.size(),
            seconds: about.mtime(),
            nanoseconds: about.mtime_nsec(),
        })
    }

    const NONE: Self = Self {
        inode: 0,
        bytes: 0,
        seconds: 0,
        nanoseconds: 0,
    };
}

/// What the file says, empty if there is none; or what is wrong with it.
pub(super) fn read(path: &Path) -> Result<(Stamp, Kept), String> {
    // Looked at first: a file that comes in between is read again, and never missed.
    let stamp = Stamp::of(path).unwrap_or(Stamp::NONE);
    match std::fs::read_to_string(path) {
        // The parser's own words would repeat the line, which may hold the key.
        Ok(text) => toml::from_str::<Kept>(&text)
            .map(|kept| (stamp, kept))
            .map_err(|error| {
                let line = error.span().map_or(0, |span| {
                    text.get(..span.start).unwrap_or_default().lines().count()
                });
                format!("{} (near line {line})", error.message())
            }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((stamp, Kept::default())),
        Err(error) => Err(error.to_string()),
    }
}

/// Held from reading to writing. It stands in a file beside, as each change replaces the file itself.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let lock = options.open(path.with_extension("toml.lock"))?;
    like_its_neighbour(path, &lock)?;
    lock.lock()?;
    Ok(lock)
}

/// Beside, fsync, rename, fsync of the folder.
pub(super) fn write(path: &Path, kept: &Kept) -> io::Result<Stamp> {
    let text = toml::to_string(kept).map_err(io::Error::other)?;
    let beside = path.with_extension("toml.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside)?;
    like_its_neighbour(path, &file)?;
    file.write_all(HEADER.as_bytes())?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    if let Some(folder) = folder(path) {
        File::open(folder)?.sync_all()?;
    }
    Stamp::of(path).ok_or_else(|| io::Error::other("it is gone at once"))
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// The owner of the file, or of the folder where there is none yet: what root adds by hand the service must be able to read.
fn like_its_neighbour(path: &Path, made: &File) -> io::Result<()> {
    let neighbour = std::fs::metadata(path).or_else(|error| match folder(path) {
        Some(folder) => std::fs::metadata(folder),
        None => Err(error),
    });
    let own = made.metadata()?;
    match neighbour {
        Ok(owner) if (owner.uid(), owner.gid()) != (own.uid(), own.gid()) => {
            match std::os::unix::fs::fchown(made, Some(owner.uid()), Some(owner.gid())) {
                // Who is not root keeps what he makes.
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
                changed => changed,
            }
        }
        _ => Ok(()),
    }
}
