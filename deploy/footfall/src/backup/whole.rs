//! A folder that is there whole or not at all: filled under another name beside it, written out, renamed.

use crate::problem::{Problem, Problems};
use crate::terminal::bytes;
use anyhow::{Context as _, Result};
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// A folder that is being filled. Dropped before [`Unfinished::finish`] it is removed; what a killed process has left is
/// removed by the next one of the same name.
#[derive(Debug)]
pub(crate) struct Unfinished {
    target: PathBuf,
    /// `.NAME.unfinished`, beside the target.
    beside: PathBuf,
    /// Held while we live, so that no other process takes ours for one that was left.
    _lock: File,
    is_finished: bool,
}

impl Unfinished {
    /// Makes the folder beside `target`, readable for nobody else.
    ///
    /// # Errors
    /// The target is there and not empty, is a file or a mount point, or its folder cannot be written to; another process
    /// fills it.
    pub(crate) fn begin(target: &Path) -> Result<Self> {
        let (parent, name) = place(target)?;
        let beside = parent.join(format!(".{name}.unfinished"));
        let cannot = || format!("cannot make {}", beside.display());
        if let Ok(left) = File::open(&beside) {
            if left.try_lock().is_err() {
                let what = format!("another command is filling {}", target.display());
                return Err(problem(what, "wait for it, or name another folder"));
            }
            std::fs::remove_dir_all(&beside).with_context(|| {
                format!(
                    "cannot remove {}, which a killed command has left",
                    beside.display()
                )
            })?;
        }
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&beside)
            .with_context(cannot)?;
        let lock = File::open(&beside).with_context(cannot)?;
        lock.lock().with_context(cannot)?;
        Ok(Self {
            target: parent.join(name),
            beside,
            _lock: lock,
            is_finished: false,
        })
    }

    /// Where to write for now.
    pub(crate) fn path(&self) -> &Path {
        &self.beside
    }

    /// Refuses to begin what the disk cannot hold: `wanted` bytes. `else_do` is what else can be done.
    ///
    /// # Errors
    /// There is less room.
    pub(crate) fn has_room(&self, wanted: u64, else_do: &str) -> Result<()> {
        let shown = self.target.display();
        let free = free(&self.beside).with_context(|| format!("cannot ask for the free space at {shown}"))?;
        if wanted > free {
            let what = format!(
                "{shown} takes up to {}, and its disk has {}",
                bytes(wanted),
                bytes(free)
            );
            return Err(problem(what, &format!("make room, or {else_do}")));
        }
        Ok(())
    }

    /// Writes everything out to the disk and gives the folder its name.
    ///
    /// # Errors
    /// The disk says that something could not be written, or somebody has put something in the target's place.
    pub(crate) fn finish(mut self) -> Result<()> {
        write_out(&self.beside).with_context(|| format!("cannot write {} out", self.beside.display()))?;
        std::fs::rename(&self.beside, &self.target)
            .with_context(|| format!("cannot put {} into its place", self.target.display()))?;
        self.is_finished = true;
        let parent = self.target.parent().unwrap_or(Path::new("/"));
        File::open(parent)
            .and_then(|folder| folder.sync_all())
            .with_context(|| format!("cannot write {} out", parent.display()))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            let _ = std::fs::remove_dir_all(&self.beside);
        }
    }
}

/// The folder that the target is to be in, and its name there.
fn place(target: &Path) -> Result<(PathBuf, String)> {
    let shown = target.display();
    // `.` and `x/..` have no name of their own.
    let there = target.canonicalize().ok();
    let full = there.as_deref().unwrap_or(target);
    let name = full.file_name().and_then(|name| name.to_str());
    let Some(name) = name else {
        let remedy = "name a folder by letters of UTF-8 below another one";
        return Err(problem(format!("{shown} cannot be filled"), remedy));
    };
    let parent = match full.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let parent = parent.canonicalize().map_err(|error| {
        let what = format!("the folder that {shown} is to be in cannot be used: {error}");
        problem(what, "make it, or mount its disk, or name another one")
    })?;
    if let Some(there) = &there {
        empty(there, &parent)?;
    }
    Ok((parent, name.to_owned()))
}

/// Refuses what a folder cannot be put in place of.
fn empty(there: &Path, parent: &Path) -> Result<()> {
    let shown = there.display();
    let mut entries = match std::fs::read_dir(there) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Err(problem(
                format!("{shown} is a file"),
                "name a folder that does not exist yet",
            ));
        }
        Err(error) => return Err(error).with_context(|| format!("cannot read {shown}")),
    };
    if entries.next().is_some() {
        return Err(problem(
            format!("{shown} is not empty"),
            "name a folder that does not exist yet; nothing is ever written over",
        ));
    }
    let device = |path: &Path| std::fs::metadata(path).map(|metadata| metadata.dev());
    if device(there).ok() != device(parent).ok() {
        let what = format!("{shown} is where a disk is mounted, and cannot be replaced");
        return Err(problem(what, "name a folder below it"));
    }
    Ok(())
}

fn problem(what: String, remedy: &str) -> anyhow::Error {
    Problems(vec![Problem::new(what, remedy)]).into()
}

/// Has the file system that the folder is on write out everything, names too.
fn write_out(folder: &Path) -> std::io::Result<()> {
    let folder = File::open(folder)?;
    // SAFETY: syncfs takes a descriptor that is open for as long as `folder` lives, and no memory.
    match unsafe { libc::syncfs(folder.as_raw_fd()) } {
        0 => Ok(()),
        _ => Err(Error::last_os_error()),
    }
}

/// Bytes that this user may still write.
fn free(folder: &Path) -> std::io::Result<u64> {
    use std::os::unix::ffi::OsStrExt as _;
    let path = std::ffi::CString::new(folder.as_os_str().as_bytes())?;
    let mut found = std::mem::MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the path ends with a zero and lives on; `found` has room for what is written.
    if unsafe { libc::statvfs(path.as_ptr(), found.as_mut_ptr()) } != 0 {
        return Err(Error::last_os_error());
    }
    // SAFETY: all of it are numbers, zero before the call, and the call has succeeded.
    let found = unsafe { found.assume_init() };
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::Unfinished;

    #[test]
    fn a_folder_is_there_when_it_is_finished_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let unfinished = Unfinished::begin(&target).unwrap();
        std::fs::write(unfinished.path().join("x"), "1").unwrap();
        let second = Unfinished::begin(&target).unwrap_err().to_string();
        assert!(second.contains("another command is filling"), "{second}");
        assert!(!target.exists());
        unfinished.has_room(1, "x").unwrap();
        let full = unfinished.has_room(u64::MAX, "sell it").unwrap_err().to_string();
        assert!(full.contains("make room, or sell it"), "{full}");
        unfinished.finish().unwrap();
        assert_eq!(std::fs::read(target.join("x")).unwrap(), b"1");
        let again = Unfinished::begin(&target).unwrap_err().to_string();
        assert!(again.contains("is not empty"), "{again}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_left_or_given_up_is_removed_and_an_empty_folder_is_filled() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".a.unfinished");
        std::fs::create_dir_all(left.join("of a killed process")).unwrap();
        let target = folder.path().join("a");
        std::fs::create_dir(&target).unwrap();
        drop(Unfinished::begin(&target).unwrap());
        assert!(!left.exists(), "given up");
        let unfinished = Unfinished::begin(&target).unwrap();
        assert_eq!(std::fs::read_dir(unfinished.path()).unwrap().count(), 0);
        unfinished.finish().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(
            Unfinished::begin(&file)
                .unwrap_err()
                .to_string()
                .contains("is a file")
        );
        let nowhere = Unfinished::begin(&folder.path().join("b/c"))
            .unwrap_err()
            .to_string();
        assert!(nowhere.contains("make it, or mount its disk"), "{nowhere}");
    }
}
