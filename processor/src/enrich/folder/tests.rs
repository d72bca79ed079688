//! Two parts that read text files, and what becomes of them when files come, change, break and go.

use super::{DataError, Enricher, Folder, Part};
use std::path::{Path, PathBuf};

static PARTS: [Part; 2] = [
    Part {
        name: "one",
        takes: |name| name.starts_with("one"),
        load: |enricher, files| load("one", enricher, files),
    },
    Part {
        name: "two",
        takes: |name| name == "two.txt",
        load: |enricher, files| load("two", enricher, files),
    },
];

/// The files' text is the version; `broken` is none.
fn load(part: &'static str, enricher: &mut Enricher, files: &[PathBuf]) -> Result<(), DataError> {
    let mut version = String::new();
    for file in files {
        let text = std::fs::read_to_string(file).map_err(|error| DataError::Read(file.clone(), error))?;
        enricher.set_version(part, "half".to_owned());
        if text == "broken" {
            return Err(DataError::Broken(file.clone(), "it says so itself".to_owned()));
        }
        version += &text;
    }
    enricher.set_version(part, version);
    Ok(())
}

struct Place {
    folder: tempfile::TempDir,
    data: Folder,
    now: Enricher,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            data: Folder::new(folder.path().to_owned(), &PARTS),
            folder,
            now: Enricher::built_in().without_versions(),
        }
    }

    fn write(&self, name: &str, text: &str) {
        // Another inode each time, as by a tool that replaces files: sizes and times may be the same.
        let path = self.folder.path().join(name);
        std::fs::write(path.with_file_name(".new"), text).unwrap();
        std::fs::rename(path.with_file_name(".new"), path).unwrap();
    }

    fn look(&mut self, at_once: bool) -> (bool, Vec<String>) {
        let (fresh, errors) = self.data.refresh(&self.now, at_once);
        let changed = fresh.is_some();
        self.now = fresh.unwrap_or_else(|| self.now.clone());
        let said = errors.into_iter().map(|error| {
            let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
            match error {
                DataError::Read(path, _) => format!("read {}", name(&path)),
                DataError::Broken(path, _) => format!("broken {}", name(&path)),
                DataError::Unknown(path) => format!("unknown {}", name(&path)),
            }
        });
        (changed, said.collect())
    }
}

#[test]
fn a_part_is_replaced_when_its_files_change_and_not_otherwise() {
    let mut place = Place::new();
    assert_eq!(place.look(true), (false, vec![]), "an empty folder");
    place.write("one.txt", "a");
    place.write("one-more.txt", "b");
    place.write("two.txt", "c");
    assert_eq!(place.look(true), (true, vec![]));
    assert_eq!(place.now.versions(), "one=ba two=c");
    assert_eq!(place.look(true), (false, vec![]), "nothing has changed");
    std::fs::remove_file(place.folder.path().join("one.txt")).unwrap();
    place.write("two.txt", "d");
    assert_eq!(place.look(true), (true, vec![]));
    assert_eq!(place.now.versions(), "one=b two=d");
}

#[test]
fn a_broken_file_is_told_once_and_leaves_its_part_alone() {
    let mut place = Place::new();
    place.write("one.txt", "a");
    place.write("two.txt", "b");
    place.look(true);
    place.write("one.txt", "broken");
    place.write("two.txt", "c");
    assert_eq!(place.look(true), (true, vec!["broken one.txt".to_owned()]));
    assert_eq!(place.now.versions(), "one=a two=c", "not half of it");
    assert_eq!(place.look(true), (false, vec![]), "told");
    place.write("one.txt", "mended");
    assert_eq!(place.look(true), (true, vec![]));
    assert_eq!(place.now.versions(), "one=mended two=c");
}

#[test]
fn a_file_that_is_still_written_is_left_until_it_rests() {
    let mut place = Place::new();
    place.write("one.txt", "a");
    assert_eq!(place.look(false), (false, vec![]), "seen for the first time");
    place.write("one.txt", "ab");
    assert_eq!(place.look(false), (false, vec![]), "it has changed again");
    assert_eq!(place.look(false), (true, vec![]));
    assert_eq!(place.now.versions(), "one=ab");
}

#[test]
fn a_name_that_nobody_reads_is_told_and_notes_are_not() {
    let mut place = Place::new();
    for name in ["tow.txt", "README.md", "NOTICE", ".hidden"] {
        place.write(name, "x");
    }
    assert_eq!(place.look(true), (false, vec!["unknown tow.txt".to_owned()]));
    place.write("two.txt", "x");
    assert_eq!(place.look(true), (true, vec![]), "told");
}

#[test]
fn a_folder_that_is_made_later_is_read_then() {
    let mut place = Place::new();
    let later = place.folder.path().join("later");
    place.data = Folder::new(later.clone(), &PARTS);
    assert_eq!(place.look(true), (false, vec![]));
    std::fs::create_dir(later).unwrap();
    place.write("later/one.txt", "a");
    assert_eq!(place.look(true), (true, vec![]));
}
