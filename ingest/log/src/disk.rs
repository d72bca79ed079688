//! The seam to the file system: every call that the log makes of it, and nothing more.
//!
//! Two users: [`RealDisk`], and the fault injector of the tests, which refuses, shortens, forgets or stops at any of
//! these calls. Durability is the caller's: data counts after [`DiskFile::sync_data`], names after [`Disk::sync_dir`].

mod real;

use std::io;
use std::path::Path;

/// Segments are written in multiples of this, at multiples of it, from memory at multiples of it: what devices and file
/// systems ask of writes past the page cache.
pub const BLOCK: usize = 4096;

pub use real::RealDisk;

/// A folder's holder; the lock ends when it is dropped.
pub trait Held: Send + Sync {}

/// An open file, written and read at offsets.
pub trait DiskFile: Send + Sync {
    /// Writes some of `bytes` at `offset` and says how many (a short write is not an error).
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Reads up to `buffer.len()` bytes at `offset`; 0 at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// fdatasync. After an error the file's content on disk is unknown: never call it again on this file.
    fn sync_data(&self) -> io::Result<()>;
    /// Cuts or extends the file.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether there is nothing in it.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// A file system as the log uses it.
pub trait Disk: Send + Sync {
    /// Makes a folder and its parents; no error when it is there.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Names in a folder, in any order.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// Removes an empty folder.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Renames a file over another one, atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes creations, removals and renames in this folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes a new file (`AlreadyExists` otherwise) with `allocate` bytes of real blocks that read as zeros. If these are
    /// not 0, the file is written in whole [`BLOCK`]s only.
    fn create(&self, path: &Path, allocate: u64) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file that exists, for writing too when `write`.
    fn open(&self, path: &Path, write: bool) -> io::Result<Box<dyn DiskFile>>;
    /// Free bytes of the file system for an ordinary user.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;
    /// Takes the lock file (made when missing) for this process; `WouldBlock` when somebody else has it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn Held>>;
}

/// Writes all of `bytes`, however short the single writes are.
pub(crate) fn write_all(file: &dyn DiskFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => {
                bytes = bytes.get(n..).unwrap_or_default();
                offset += n as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Reads `length` bytes at `offset`, fewer at the end of the file.
pub(crate) fn read_up_to(file: &dyn DiskFile, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
