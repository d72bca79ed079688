//! Where `libchdb.so` comes from: `FOOTFALL_LIBCHDB`, else the user's cache folder, else npm, once.
//!
//! [`crate::npm`] downloads and unpacks. Version, sizes and hashes are pinned here and nowhere else.

pub use crate::npm::Progress;

use crate::npm::{self, Member, NpmError, Package, hex};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What `chdb_version()` answers.
pub const VERSION: &str = "26.7.3";
/// The npm package; Apache-2.0.
pub const PACKAGE: &str = "@chdb/lib-linux-x64-gnu";
/// Its version: ClickHouse 26.7.2.1.
pub const PACKAGE_VERSION: &str = "26.7.3-stable.1";
/// sha512 of the package, in base64, as npm's metadata gives it.
pub const PACKAGE_SHA512: &str =
    "XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw==";
/// Bytes to download.
pub const PACKAGE_BYTES: u64 = 177_817_999;
/// Bytes of the library.
pub const LIBRARY_BYTES: u64 = 566_330_096;
/// sha256 of the library, in hexadecimal.
pub const LIBRARY_SHA256: &str = "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5";

const PINNED: Package = Package {
    name: PACKAGE,
    version: PACKAGE_VERSION,
    sha512: PACKAGE_SHA512,
    bytes: PACKAGE_BYTES,
};
const LIBRARY: Member = Member {
    name: "package/libchdb.so",
    bytes: LIBRARY_BYTES,
    sha256: LIBRARY_SHA256,
};

/// Why there is no library. Each says what can be done.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// `FOOTFALL_LIBCHDB` names no readable file.
    #[error("reading FOOTFALL_LIBCHDB={}: {source}; correct it, or unset it to have the library fetched", path.display())]
    Override {
        /// The file named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No package of the engine for this machine is pinned.
    #[error(
        "there is no ClickHouse engine for this machine (it needs 64-bit x86 Linux with glibc); \
         set CLICKHOUSE_URL to a ClickHouse server, or FOOTFALL_LIBCHDB to a libchdb {VERSION}"
    )]
    Platform,
    /// Neither `XDG_CACHE_HOME` nor `HOME` is set.
    #[error("looking for the cache folder: neither XDG_CACHE_HOME nor HOME is set; set one of them")]
    NoHome,
    /// npm is not installed.
    #[error(
        "fetching the ClickHouse engine: npm is not installed; install npm (it is used once, to download \
         {PACKAGE}), or set CLICKHOUSE_URL to a ClickHouse server"
    )]
    NoNpm,
    /// npm failed.
    #[error(
        "fetching the ClickHouse engine: npm pack {PACKAGE}@{PACKAGE_VERSION} failed: {said}; try again, or set \
         CLICKHOUSE_URL to a ClickHouse server"
    )]
    Fetch {
        /// The end of npm's own words.
        said: String,
    },
    /// The download is not the package that is pinned.
    #[error(
        "checking the ClickHouse engine: {what} is not the one that is pinned; it was thrown away, try again"
    )]
    Integrity {
        /// What was compared.
        what: &'static str,
    },
    /// The library in the cache is not what was put there.
    #[error("the ClickHouse engine {} is damaged ({reason}): delete it and start again to have it fetched anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How it shows.
        reason: String,
    },
    /// The cache folder cannot be used.
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

/// Finds the library, fetching it (178 MB, then 566 MB on disk) if need be. Blocks; `progress` is called
/// several times a second while something lasts. Several processes may call it at once: one fetches.
pub fn locate(progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, LibraryError> {
    if let Some(path) = std::env::var_os("FOOTFALL_LIBCHDB").map(PathBuf::from) {
        return match std::fs::File::open(&path) {
            Ok(_) => Ok(path),
            Err(source) => Err(LibraryError::Override { path, source }),
        };
    }
    locate_in(&npm::cache_folder()?, progress)
}

/// The same, in a cache folder of the caller's.
pub fn locate_in(cache: &Path, progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, LibraryError> {
    if !cfg!(all(
        target_os = "linux",
        target_arch = "x86_64",
        target_env = "gnu"
    )) {
        return Err(LibraryError::Platform);
    }
    let path = cache.join(format!("libchdb-{PACKAGE_VERSION}.so"));
    if !path.exists() {
        npm::locate(
            cache,
            "libchdb.lock",
            &PINNED,
            &[(LIBRARY, path.clone())],
            progress,
        )?;
    }
    check(&path)?;
    Ok(path)
}

impl From<NpmError> for LibraryError {
    fn from(error: NpmError) -> Self {
        match error {
            NpmError::NoNpm(_) => Self::NoNpm,
            NpmError::Npm { said, .. } => Self::Fetch { said },
            NpmError::Integrity(what) => Self::Integrity { what },
            NpmError::NoHome => Self::NoHome,
            NpmError::Io { doing, path, source } => Self::Io { doing, path, source },
        }
    }
}

/// Compares the whole file with the pinned hash; about two seconds. For `footfall check`.
pub fn verify(path: &Path) -> Result<(), LibraryError> {
    check(path)?;
    let mut file = std::fs::File::open(path).map_err(io_error("opening", path))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer).map_err(io_error("reading", path))?;
        if n == 0 {
            break;
        }
        hash.update(buffer.get(..n).unwrap_or_default());
    }
    if hex(&hash.finalize()) != LIBRARY_SHA256 {
        return Err(LibraryError::Damaged {
            path: path.to_owned(),
            reason: "its sha256 is another".to_owned(),
        });
    }
    Ok(())
}

/// Size and the first bytes: what an interrupted copy or a full disk leaves is found at every start.
fn check(path: &Path) -> Result<(), LibraryError> {
    let damaged = |reason: String| LibraryError::Damaged {
        path: path.to_owned(),
        reason,
    };
    let mut file = std::fs::File::open(path).map_err(io_error("opening", path))?;
    let size = file.metadata().map_err(io_error("looking at", path))?.len();
    if size != LIBRARY_BYTES {
        return Err(damaged(format!("{size} bytes instead of {LIBRARY_BYTES}")));
    }
    let mut magic = [0_u8; 4];
    file.read_exact(&mut magic).map_err(io_error("reading", path))?;
    if &magic != b"\x7fELF" {
        return Err(damaged("it is not a library".to_owned()));
    }
    Ok(())
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LibraryError + use<> {
    let path = path.to_owned();
    move |source| LibraryError::Io { doing, path, source }
}
