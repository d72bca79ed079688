//! All files below a folder.

use crate::blocks::unpack;
use crate::needle::{Found, Needles};
use std::fmt;
use std::io::{Error, ErrorKind, Result};
use std::path::Path;

/// What a search of a folder has read and found.
#[derive(Debug, Default)]
pub struct Searched {
    /// Files.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
    /// Bytes that came out of compressed blocks.
    pub unpacked: u64,
    /// What was found; places are paths below the folder.
    pub found: Vec<Found>,
}

impl fmt::Display for Searched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            files,
            bytes,
            unpacked,
            found,
        } = self;
        write!(
            f,
            "{files} files, {bytes} bytes, {unpacked} unpacked, found {}",
            found.len()
        )
    }
}

impl Needles {
    /// Looks into every file and at every name below `folder`. A file that vanishes meanwhile is left out.
    ///
    /// # Errors
    /// The folder or a file cannot be read.
    pub fn in_folder(&self, folder: &Path) -> Result<Searched> {
        let mut searched = Searched::default();
        self.below(folder, folder, &mut searched)?;
        Ok(searched)
    }

    fn below(&self, root: &Path, folder: &Path, searched: &mut Searched) -> Result<()> {
        let Some(entries) = there(std::fs::read_dir(folder))? else {
            return Ok(());
        };
        for entry in entries {
            let Some(entry) = there(entry)? else { continue };
            let Some(kind) = there(entry.file_type())? else {
                continue;
            };
            let path = entry.path();
            let place = path
                .strip_prefix(root)
                .map_err(Error::other)?
                .display()
                .to_string();
            searched.found.extend(self.in_noise("a name", place.as_bytes()));
            if kind.is_dir() {
                self.below(root, &path, searched)?;
            } else if kind.is_file()
                && let Some(content) = there(std::fs::read(&path))?
            {
                self.file(&place, &content, searched);
            }
        }
        Ok(())
    }

    fn file(&self, place: &str, content: &[u8], searched: &mut Searched) {
        let unpacked = unpack(content);
        searched.files += 1;
        searched.bytes += content.len() as u64;
        searched.unpacked += unpacked.len() as u64;
        searched.found.extend(self.in_noise(place, content));
        let inside = format!("{place}, unpacked");
        searched.found.extend(self.in_noise(&inside, &unpacked));
    }
}

/// None for what is gone.
fn there<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use crate::Needles;

    #[test]
    fn every_file_and_name_below_a_folder_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("203.0.113.197.log"), "nothing").unwrap();
        std::fs::write(deep.join("c"), "from 203.0.113.197:80").unwrap();
        std::fs::write(folder.path().join("d"), "nothing").unwrap();
        let searched = Needles::address("203.0.113.197".parse().unwrap())
            .in_folder(folder.path())
            .unwrap();
        let mut places: Vec<_> = searched.found.iter().map(|found| found.place.as_str()).collect();
        places.sort_unstable();
        assert_eq!((places, searched.files), (vec!["a name", "a/b/c"], 3));
        assert!(
            Needles::default()
                .in_folder(&folder.path().join("none"))
                .unwrap()
                .files
                == 0
        );
    }
}
