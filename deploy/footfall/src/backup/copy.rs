//! Bytes from one place to another, and their checksum. What is only zeros stays a hole: segments of the log are made in their
//! full length before they are written.

use super::manifest::Entry;
use super::plan::{Content, Item, Plan};
use crate::credentials::hex;
use crate::terminal::Progress;
use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// Long work that says where it is, and that Ctrl-C ends in good order.
#[derive(Debug)]
pub(crate) struct Work {
    line: Progress,
    step: &'static str,
    done: u64,
    total: u64,
    stop: CancellationToken,
}

/// What was read: bytes, and their SHA-256 as hex.
pub(crate) type Sum = (u64, String);

impl Work {
    /// `total` bytes are to be read.
    pub(crate) fn new(label: String, step: &'static str, total: u64, stop: CancellationToken) -> Self {
        Self {
            line: Progress::new(label),
            step,
            done: 0,
            total,
            stop,
        }
    }

    /// Ends the line.
    pub(crate) fn finish(self) {
        self.line.finish("done");
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// The source cannot be read, or Ctrl-C was pressed.
    pub(crate) fn sum(&mut self, from: impl Read) -> Result<Sum> {
        self.each(from, |_| Ok(()))
    }

    /// Copies to a new file that nobody else may read.
    ///
    /// # Errors
    /// As [`Work::sum`]; the file is there already, or cannot be written.
    pub(crate) fn copy(&mut self, from: impl Read, to: &Path) -> Result<Sum> {
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(to)?;
        let sum = self.each(from, |bytes| {
            if bytes.iter().all(|byte| *byte == 0) {
                let hole = i64::try_from(bytes.len()).unwrap_or(0);
                file.seek(SeekFrom::Current(hole)).map(drop)
            } else {
                file.write_all(bytes)
            }
        })?;
        file.set_len(sum.0)?;
        Ok(sum)
    }

    fn each(
        &mut self,
        mut from: impl Read,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<Sum> {
        let (mut bytes, mut digest) = (0, Sha256::new());
        let mut chunk = vec![0; CHUNK];
        loop {
            if self.stop.is_cancelled() {
                bail!("interrupted; nothing is left of it");
            }
            let read = from.read(&mut chunk)?;
            let Some(some) = chunk.get(..read).filter(|some| !some.is_empty()) else {
                break;
            };
            digest.update(some);
            take(some)?;
            bytes += read as u64;
            self.done += read as u64;
            // A file that grows meanwhile is read to its end.
            self.line.part(self.step, self.done, self.total.max(self.done));
        }
        Ok((bytes, hex(&digest.finalize())))
    }
}

/// Copies everything into a new folder; gives what is known of each file.
///
/// # Errors
/// Something cannot be read or written, or Ctrl-C was pressed.
pub(super) fn all(plan: Plan, root: &Path, work: &mut Work) -> Result<Vec<Entry>> {
    let folder = |path: &Path| {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.with_context(|| format!("cannot make {}", path.display()))
    };
    folder(root)?;
    for path in &plan.folders {
        folder(&root.join(path))?;
    }
    let mut files = Vec::with_capacity(plan.items.len());
    for item in plan.items {
        files.extend(one(item, root, work)?);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn one(item: Item, root: &Path, work: &mut Work) -> Result<Option<Entry>> {
    let to = root.join(&item.path);
    let copied = match item.content {
        Content::Bytes(bytes) => work.copy(bytes.as_slice(), &to),
        Content::Open(file) => work.copy(file, &to),
        Content::Path(path) => match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            open => open.map_err(Into::into).and_then(|file| work.copy(file, &to)),
        },
    };
    let (bytes, sha256) = copied.with_context(|| format!("cannot copy {}", item.path.display()))?;
    Ok(Some(Entry {
        path: item.path,
        bytes,
        sha256,
        mode: item.mode,
    }))
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Work};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use tokio_util::sync::CancellationToken;

    #[test]
    fn bytes_come_through_holes_stay_holes_and_the_sum_is_that_of_sha_256() {
        let folder = tempfile::tempdir().unwrap();
        let stop = CancellationToken::new();
        let mut work = Work::new("x".to_owned(), "copying", 0, stop.clone());
        let mut bytes = vec![0; 8 * CHUNK];
        bytes[..4].copy_from_slice(b"test");
        let to = folder.path().join("a");
        let (length, sum) = work.copy(bytes.as_slice(), &to).unwrap();
        assert_eq!(length, 8 * CHUNK as u64);
        assert_eq!(std::fs::read(&to).unwrap(), bytes);
        let metadata = std::fs::metadata(&to).unwrap();
        assert!(
            metadata.blocks() * 512 < length / 2,
            "{} blocks",
            metadata.blocks()
        );
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_eq!(work.sum(bytes.as_slice()).unwrap(), (length, sum));
        let (_, of_test) = work.sum(b"test".as_slice()).unwrap();
        assert_eq!(
            of_test,
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        );
        stop.cancel();
        assert!(
            work.sum(b"x".as_slice())
                .unwrap_err()
                .to_string()
                .contains("interrupted")
        );
    }
}
