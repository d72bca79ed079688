//! Takes `package/libchdb.so` out of the gzipped tar and puts it in place, complete or not at all.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{LIBRARY_BYTES, LIBRARY_SHA256, LibraryError, Progress, hex, io_error};

/// The name inside the package.
const MEMBER: &str = "package/libchdb.so";
/// A tar is made of blocks of this size.
const BLOCK: u64 = 512;
/// Bytes copied between two reports of progress.
const STEP: usize = 1 << 20;

/// Writes to a temporary name beside `target`, compares the hash, then renames.
pub(super) fn library(
    package: &Path,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), LibraryError> {
    let file = File::open(package).map_err(io_error("opening", package))?;
    let mut tar = flate2::read::GzDecoder::new(io::BufReader::with_capacity(STEP, file));
    let size = seek_member(&mut tar).map_err(io_error("unpacking", package))?;
    if size != Some(LIBRARY_BYTES) {
        return Err(LibraryError::Integrity {
            what: "the library in the package",
        });
    }
    let fresh = target.with_extension("so.new");
    let hash =
        copy(&mut tar.take(LIBRARY_BYTES), &fresh, progress).map_err(io_error("unpacking to", &fresh))?;
    if hash != LIBRARY_SHA256 {
        let _ = std::fs::remove_file(&fresh);
        return Err(LibraryError::Integrity {
            what: "the unpacked library",
        });
    }
    std::fs::rename(&fresh, target).map_err(io_error("putting in place", target))
}

/// Skips to the library's bytes; its size, or `None` if it is not there.
fn seek_member(tar: &mut impl Read) -> io::Result<Option<u64>> {
    let mut header = [0_u8; 512];
    loop {
        tar.read_exact(&mut header)?;
        let text = |from: usize, to: usize| {
            let field = header.get(from..to).unwrap_or_default();
            String::from_utf8_lossy(field.split(|b| *b == 0).next().unwrap_or_default()).into_owned()
        };
        let name = text(0, 100);
        if name.is_empty() {
            return Ok(None);
        }
        let size = u64::from_str_radix(text(124, 136).trim(), 8).map_err(io::Error::other)?;
        if name == MEMBER {
            return Ok(Some(size));
        }
        io::copy(
            &mut tar.by_ref().take(size.div_ceil(BLOCK) * BLOCK),
            &mut io::sink(),
        )?;
    }
}

fn copy(from: &mut impl Read, to: &Path, progress: &mut dyn FnMut(Progress)) -> io::Result<String> {
    let mut out = File::create(to)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; STEP];
    let mut done = 0;
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            out.sync_all()?;
            return Ok(hex(&hash.finalize()));
        }
        let bytes = buffer.get(..n).unwrap_or_default();
        hash.update(bytes);
        out.write_all(bytes)?;
        done += n as u64;
        progress(Progress::Unpacking {
            done,
            total: LIBRARY_BYTES,
        });
    }
}
