//! The folder with the operator's data: which file belongs to which part, and what has changed there.
//!
//! Each part reads all of its files together and replaces itself as a whole, or not at all: with a file that cannot be
//! used the part's old data stay. It is said once per state of the files. A file that is still being written (it has
//! changed since the last look) is left until it rests.

use super::enricher::Enricher;
use super::source;
use crate::measure;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A kind of data: who reads which files.
pub struct Part {
    /// Name in versions, logs and figures.
    pub name: &'static str,
    /// Whether the file of that name is this part's.
    pub takes: fn(&str) -> bool,
    /// Reads the part's files, by name; none of them: back to what is built in. On an error the enricher is thrown away.
    pub load: fn(&mut Enricher, &[PathBuf]) -> Result<(), DataError>,
}

/// Every part that reads files.
pub const PARTS: &[Part] = &[
    super::agent::files::PART,
    super::bot::files::PART,
    source::part::PART,
    super::page::part::PART,
    super::place::part::PART,
];

/// Why a data file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It cannot be read at all.
    #[error("reading {path}: {1}", path = .0.display())]
    Read(PathBuf, std::io::Error),
    /// It is not what its name says.
    #[error("{path}: {1}", path = .0.display())]
    Broken(PathBuf, String),
    /// No part reads a file of that name.
    #[error("{path}: nothing reads a file of this name", path = .0.display())]
    Unknown(PathBuf),
}

/// What tells one state of a file from another; copies replace files, so the inode counts too.
type Mark = (SystemTime, u64, u64);
type Marks = BTreeMap<String, Mark>;

/// The folder, and what was last read of it.
pub struct Folder {
    path: PathBuf,
    parts: &'static [Part],
    seen: Marks,
    read: Marks,
}

impl Folder {
    /// A folder that need not exist yet.
    #[must_use]
    pub fn new(path: PathBuf, parts: &'static [Part]) -> Self {
        Self {
            path,
            parts,
            seen: Marks::new(),
            read: Marks::new(),
        }
    }

    /// Reads what has changed since the last call and rests: an enricher with it, if any part could be replaced, and
    /// what could not be used. `at_once`: do not wait until files rest.
    pub fn refresh(&mut self, now: &Enricher, at_once: bool) -> (Option<Enricher>, Vec<DataError>) {
        let found = marks(&self.path);
        let resting = at_once || found == self.seen;
        self.seen.clone_from(&found);
        if !resting || found == self.read {
            return (None, Vec::new());
        }
        let before = std::mem::replace(&mut self.read, found);
        let (mut fresh, mut errors) = (None, Vec::new());
        for part in self.parts {
            if of(part, &before).eq(of(part, &self.read)) {
                continue;
            }
            let files: Vec<PathBuf> = of(part, &self.read)
                .map(|(name, _)| self.path.join(name))
                .collect();
            let mut enricher = fresh.as_ref().unwrap_or(now).clone();
            let loaded = (part.load)(&mut enricher, &files);
            measure::data_read(part.name, loaded.is_ok());
            match loaded {
                Ok(()) => fresh = Some(enricher),
                Err(error) => errors.push(error),
            }
        }
        errors.extend(self.unknown(&before));
        (fresh, errors)
    }

    /// Files that no part reads and that were not there before: a name that was mistyped must not go unnoticed.
    fn unknown<'a>(&'a self, before: &'a Marks) -> impl Iterator<Item = DataError> + 'a {
        let read = |name: &str| self.parts.iter().any(|part| (part.takes)(name));
        let names = self.read.keys().filter(|name| !before.contains_key(*name));
        names
            .filter(move |name| !read(name) && !is_note(name))
            .map(|name| DataError::Unknown(self.path.join(name)))
    }
}

/// Largest file of rules or names that is read; real ones are a hundred times smaller. Databases of places are larger.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The bytes of one file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    use std::io::Read as _;
    let failed = |error| DataError::Read(path.to_owned(), error);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(DataError::Broken(
            path.to_owned(),
            format!("it is larger than {MAX_BYTES} bytes"),
        ));
    }
    Ok(bytes)
}

fn of<'a>(part: &'a Part, marks: &'a Marks) -> impl Iterator<Item = (&'a String, &'a Mark)> + 'a {
    marks.iter().filter(|(name, _)| (part.takes)(name))
}

/// Licences and notes may lie beside data.
fn is_note(name: &str) -> bool {
    name.starts_with("README") || name.starts_with("NOTICE") || name.starts_with("LICENSE")
}

/// Files of the folder; hidden ones are none: copying tools name so what is not complete. No folder has no files.
fn marks(folder: &Path) -> Marks {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Marks::new();
    };
    let mark = |entry: std::fs::DirEntry| {
        let meta = std::fs::metadata(entry.path())
            .ok()
            .filter(std::fs::Metadata::is_file)?;
        let name = entry.file_name().into_string().ok()?;
        let mark = (meta.modified().ok()?, meta.len(), meta.ino());
        (!name.starts_with('.')).then_some((name, mark))
    };
    entries.flatten().filter_map(mark).collect()
}

#[cfg(test)]
mod tests;
