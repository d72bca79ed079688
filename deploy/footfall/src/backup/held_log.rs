//! The local log, held: its segments are opened before the tables are frozen, and an open file can be read to its end whoever
//! removes its name. So nothing that is trimmed meanwhile is missed, and a killed back-up leaves nothing behind.

use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};

/// Folder of a log and file in it; in the order in which the log was written.
type Name = (String, String);

/// Open files, and small files as they were, by their paths in the log's folder.
type Segments = Vec<(PathBuf, File)>;
type Small = BTreeMap<PathBuf, Vec<u8>>;

/// Open segments, and the small files as they were.
#[derive(Debug)]
pub(crate) struct HeldLog {
    folder: PathBuf,
    segments: BTreeMap<Name, File>,
    small: Small,
}

impl HeldLog {
    /// Opens what is there now, and then reads the cursors: all numbers below them are in the tables already.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn hold(folder: &Path) -> Result<Self> {
        let mut held = Self {
            folder: folder.to_owned(),
            segments: BTreeMap::new(),
            small: BTreeMap::new(),
        };
        let cannot = || format!("cannot read the local log in {}", folder.display());
        held.open(&segments(folder).with_context(cannot)?)
            .with_context(cannot)?;
        for name in names(&folder.join("cursors")).with_context(cannot)? {
            held.keep(&Path::new("cursors").join(name)).with_context(cannot)?;
        }
        Ok(held)
    }

    /// Opens what was written since. False: something may have been written and removed again in between.
    ///
    /// Segments are removed from the oldest on. So while the newest of those that were held is still there, everything
    /// behind it is.
    ///
    /// # Errors
    /// As [`HeldLog::hold`].
    pub(crate) fn extend(&mut self) -> Result<bool> {
        let cannot = || format!("cannot read the local log in {}", self.folder.display());
        let now = segments(&self.folder).with_context(cannot)?;
        let newest = self.segments.keys().next_back();
        let follows = match newest {
            Some(newest) => now.contains(newest),
            None => now.first().is_none_or(|(_, file)| file.starts_with(FIRST)),
        };
        if !follows {
            return Ok(false);
        }
        let fresh: Vec<Name> = now
            .into_iter()
            .filter(|name| newest.is_none_or(|newest| name > newest))
            .collect();
        let is_whole = self
            .open(&fresh)
            .with_context(|| "cannot open a segment of the local log")?;
        let ended: Vec<PathBuf> = self
            .segments
            .keys()
            .map(|(log, _)| Path::new("logs").join(log).join("end"))
            .collect();
        for end in ended {
            self.keep(&end)
                .with_context(|| format!("cannot read {}", end.display()))?;
        }
        Ok(is_whole)
    }

    /// Opens segments; false: one of them was gone.
    fn open(&mut self, names: &[Name]) -> IoResult<bool> {
        let mut all = true;
        for (log, file) in names {
            match File::open(self.folder.join("logs").join(log).join(file)) {
                Err(error) if error.kind() == ErrorKind::NotFound => all = false,
                open => {
                    self.segments.insert((log.clone(), file.clone()), open?);
                }
            }
        }
        Ok(all)
    }

    /// Reads a small file that need not be there.
    fn keep(&mut self, path: &Path) -> IoResult<()> {
        match std::fs::read(self.folder.join(path)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            bytes => {
                self.small.insert(path.to_owned(), bytes?);
                Ok(())
            }
        }
    }

    /// Segments and small files, by their paths in the log's folder.
    pub(crate) fn into_parts(self) -> (Segments, Small) {
        let path = |(log, file): Name| Path::new("logs").join(log).join(file);
        let segments = self.segments.into_iter();
        (
            segments.map(|(name, open)| (path(name), open)).collect(),
            self.small,
        )
    }
}

/// How the name of a log's first segment begins.
const FIRST: &str = "00000000000000000001.";

/// All segments, in order. A log's folder is named by its ordinal, a segment by its first number, both with zeros in front.
pub(crate) fn segments(folder: &Path) -> IoResult<Vec<Name>> {
    let logs = folder.join("logs");
    let mut all = Vec::new();
    for log in names(&logs)? {
        let files = names(&logs.join(&log))?;
        let files = files.into_iter().filter(|name| name.ends_with(".segment"));
        all.extend(files.map(|file| (log.clone(), file)));
    }
    all.sort();
    Ok(all)
}

/// What a folder has; one that is gone, or no folder, has nothing.
fn names(folder: &Path) -> IoResult<Vec<String>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    let names = entries.map(|entry| Ok(entry?.file_name().into_string().ok()));
    names.filter_map(IoResult::transpose).collect()
}

#[cfg(test)]
mod tests {
    use super::HeldLog;
    use std::io::Read as _;
    use std::path::Path;

    fn write(folder: &Path, number: u64, content: &str) -> std::path::PathBuf {
        let log = folder.join("logs/0000000001-a");
        std::fs::create_dir_all(&log).unwrap();
        let path = log.join(format!("{number:020}.000.segment"));
        std::fs::write(&path, content).unwrap();
        path
    }

    #[test]
    fn what_is_trimmed_meanwhile_is_still_read() {
        let folder = tempfile::tempdir().unwrap();
        let (one, _) = (write(folder.path(), 1, "one"), write(folder.path(), 5, "fi"));
        std::fs::create_dir(folder.path().join("cursors")).unwrap();
        std::fs::write(folder.path().join("cursors/processor"), "before").unwrap();
        let mut held = HeldLog::hold(folder.path()).unwrap();
        std::fs::remove_file(one).unwrap();
        std::fs::write(folder.path().join("cursors/processor"), "after").unwrap();
        let five = write(folder.path(), 5, "five");
        write(folder.path(), 9, "nine");
        assert!(held.extend().unwrap());
        std::fs::remove_file(five).unwrap();
        let (segments, small) = held.into_parts();
        let read: Vec<String> = segments
            .into_iter()
            .map(|(_, mut open)| {
                let mut text = String::new();
                open.read_to_string(&mut text).unwrap();
                text
            })
            .collect();
        assert_eq!(read, ["one", "five", "nine"]);
        assert_eq!(small.values().collect::<Vec<_>>(), [b"before"]);
    }

    #[test]
    fn a_log_that_has_moved_on_altogether_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let one = write(folder.path(), 1, "one");
        let mut held = HeldLog::hold(folder.path()).unwrap();
        std::fs::remove_file(one).unwrap();
        // 5 may have been there and gone as well.
        write(folder.path(), 9, "nine");
        assert!(!held.extend().unwrap());
        let empty = tempfile::tempdir().unwrap();
        let mut held = HeldLog::hold(empty.path()).unwrap();
        assert!(held.extend().unwrap(), "there never was one");
        write(empty.path(), 1, "one");
        assert!(held.extend().unwrap(), "it begins");
        let mut held = HeldLog::hold(empty.path()).unwrap();
        held.segments.clear();
        std::fs::remove_dir_all(empty.path().join("logs")).unwrap();
        write(empty.path(), 5, "five");
        assert!(!held.extend().unwrap(), "its beginning is gone");
    }
}
