//! The operating system's file system, Linux and other Unixes.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::{Disk, DiskFile, Held};

/// The file system of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl DiskFile for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        match FileExt::write_at(self, bytes, offset) {
            // Some file systems promise direct writes and refuse each of them.
            Err(e) if e.raw_os_error() == Some(libc::EINVAL) && set_direct(self, false)? => {
                FileExt::write_at(self, bytes, offset)
            }
            written => written,
        }
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        File::set_len(self, bytes)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

/// The flock of an open lock file; closing the file ends it, so does the end of the process.
struct FileLock(#[expect(dead_code, reason = "held for its drop")] File);

impl Held for FileLock {}

impl Disk for RealDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        fs::read_dir(path)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn create(&self, path: &Path, allocate: u64) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)?;
        if allocate > 0
            && let Err(e) = reserve(&file, allocate)
        {
            // Half a segment is of no use to anybody; what cannot be removed is found and ignored at the next open.
            drop(fs::remove_file(path));
            return Err(e);
        }
        if allocate > 0 {
            // A file system that cannot do it is written through the page cache.
            drop(set_direct(&file, true));
        }
        Ok(Box::new(file))
    }

    fn open(&self, path: &Path, write: bool) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(write).open(path)?;
        read_what_is_asked(&file);
        Ok(Box::new(file))
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        let mut answer = std::mem::MaybeUninit::<libc::statvfs>::uninit();
        // SAFETY: `path` is NUL-terminated and `answer` is written in full when the call returns 0.
        let answer = unsafe {
            if libc::statvfs(path.as_ptr(), answer.as_mut_ptr()) != 0 {
                return Err(io::Error::last_os_error());
            }
            answer.assume_init()
        };
        Ok(answer.f_bavail.saturating_mul(answer.f_frsize))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Held>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(e)) => return Err(e),
        }
        file.set_len(0)?;
        // For the reader of the error message only; a full disk must not keep the log from opening.
        drop(FileExt::write_at(
            &file,
            format!("{}\n", std::process::id()).as_bytes(),
            0,
        ));
        Ok(Box::new(FileLock(file)))
    }
}

/// Real blocks for the whole file, so that a full disk strikes here and not in the middle of a group.
fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    let bytes = libc::off_t::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: the descriptor belongs to `file`, which outlives the call.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, bytes) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// Turns writes past the page cache on or off, and says whether that changed anything.
#[cfg(target_os = "linux")]
fn set_direct(file: &File, on: bool) -> io::Result<bool> {
    // SAFETY: the descriptor belongs to `file`, which outlives the calls; F_GETFL and F_SETFL take plain numbers.
    unsafe {
        let before = libc::fcntl(file.as_raw_fd(), libc::F_GETFL);
        let after = if on {
            before | libc::O_DIRECT
        } else {
            before & !libc::O_DIRECT
        };
        if before < 0 || before != after && libc::fcntl(file.as_raw_fd(), libc::F_SETFL, after) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(before != after)
    }
}

/// Elsewhere everything goes through the page cache.
#[cfg(not(target_os = "linux"))]
fn set_direct(_: &File, _: bool) -> io::Result<bool> {
    Ok(false)
}

/// No read-ahead: behind the last group there are only zeros, and the writer passes the page cache by.
#[cfg(target_os = "linux")]
fn read_what_is_asked(file: &File) {
    // SAFETY: the descriptor belongs to `file`. Advice only: a refusal changes nothing.
    _ = unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_RANDOM) };
}

/// Elsewhere the system decides.
#[cfg(not(target_os = "linux"))]
fn read_what_is_asked(_: &File) {}
