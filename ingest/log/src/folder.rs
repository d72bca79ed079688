//! Names in the data folder, and the small files beside the segments.
//!
//! ```text
//! <folder>/lock                                        flock; the holder's pid
//! <folder>/logs/0000000003-<log id>/                   one per start, ordered by creation
//!     00000000000000000001.000.segment                 named by first number and attempt (see below)
//!     end                                              written at recovery: last number and length of an ended log
//! <folder>/cursors/<name>                              see `cursor`
//! <folder>/corrupt/<log id>-<first>-<offset>.corrupt   torn tails that were cut off
//! ```
//! The attempt is 000 unless a segment with the same first number was poisoned by a failed write or fsync. Segments
//! count in the order of (first, attempt), and a segment's numbers end where the next one begins.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::disk::{Disk, read_up_to, write_all};

/// Where things are in one data folder.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) folder: PathBuf,
}

impl Layout {
    pub(crate) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    pub(crate) fn cursors(&self) -> PathBuf {
        self.folder.join("cursors")
    }

    pub(crate) fn corrupt(&self) -> PathBuf {
        self.folder.join("corrupt")
    }

    pub(crate) fn log(&self, ordinal: u64, id: Uuid) -> PathBuf {
        self.logs().join(format!("{ordinal:010}-{id}"))
    }

    pub(crate) fn segment(&self, ordinal: u64, id: Uuid, name: SegmentName) -> PathBuf {
        self.log(ordinal, id)
            .join(format!("{:020}.{:03}.segment", name.first, name.attempt))
    }

    pub(crate) fn end(&self, ordinal: u64, id: Uuid) -> PathBuf {
        self.log(ordinal, id).join("end")
    }
}

/// What a segment's file name says. Ordered as the segments count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SegmentName {
    pub(crate) first: u64,
    pub(crate) attempt: u32,
}

/// Ordinal and id of a log's folder; `None` for anything else that lies about.
pub(crate) fn parse_log(name: &str) -> Option<(u64, Uuid)> {
    let (ordinal, id) = name.split_once('-')?;
    Some((ordinal.parse().ok()?, Uuid::try_parse(id).ok()?))
}

pub(crate) fn parse_segment(name: &str) -> Option<SegmentName> {
    let (first, attempt) = name.strip_suffix(".segment")?.split_once('.')?;
    Some(SegmentName {
        first: first.parse().ok()?,
        attempt: attempt.parse().ok()?,
    })
}

/// A folder's names; a folder that is not there has none.
pub(crate) fn list(disk: &dyn Disk, path: &Path) -> io::Result<Vec<String>> {
    match disk.list(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        names => names,
    }
}

/// How an ended log ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Its last number, readable or not.
    pub(crate) through: u64,
    /// The last segment, and its length without the torn tail.
    pub(crate) segment: SegmentName,
    pub(crate) length: u64,
}

impl End {
    fn text(&self) -> String {
        let line = format!(
            "through {} segment {} {} length {}",
            self.through, self.segment.first, self.segment.attempt, self.length
        );
        format!("{line} crc {:08x}\n", crc32c::crc32c(line.as_bytes()))
    }

    fn parse(text: &str) -> Option<End> {
        let (line, crc) = text.trim_end().rsplit_once(" crc ")?;
        if u32::from_str_radix(crc, 16).ok()? != crc32c::crc32c(line.as_bytes()) {
            return None;
        }
        let words: Vec<&str> = line.split(' ').collect();
        let [_, through, _, first, attempt, _, length] = words[..] else {
            return None;
        };
        let segment = SegmentName {
            first: first.parse().ok()?,
            attempt: attempt.parse().ok()?,
        };
        Some(End {
            through: through.parse().ok()?,
            segment,
            length: length.parse().ok()?,
        })
    }

    /// The end that was written, or `None` when the log has to be scanned (again).
    pub(crate) fn load(disk: &dyn Disk, path: &Path) -> Option<End> {
        let file = disk.open(path, false).ok()?;
        End::parse(std::str::from_utf8(&read_up_to(file.as_ref(), 0, 256).ok()?).ok()?)
    }

    pub(crate) fn save(&self, disk: &dyn Disk, path: &Path) -> io::Result<()> {
        replace(disk, path, self.text().as_bytes())
    }
}

/// Puts a small file in place of another one, durably: all of the new content or all of the old.
pub(crate) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    match disk.remove_file(&fresh) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let file = disk.create(&fresh, 0)?;
    write_all(file.as_ref(), bytes, 0)?;
    file.sync_data()?;
    disk.rename(&fresh, path)?;
    path.parent().map_or(Ok(()), |folder| disk.sync_dir(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_comes_back_and_a_damaged_one_does_not() {
        let end = End {
            through: 77,
            segment: SegmentName { first: 5, attempt: 1 },
            length: 1234,
        };
        assert_eq!(End::parse(&end.text()), Some(end));
        assert_eq!(End::parse(&end.text().replace("77", "78")), None);
        assert_eq!(End::parse(""), None);
    }

    #[test]
    fn names_come_back_and_strangers_are_ignored() {
        let layout = Layout {
            folder: PathBuf::from("data"),
        };
        let id = Uuid::from_u128(3);
        let name = SegmentName {
            first: 12,
            attempt: 2,
        };
        let last = |path: PathBuf| {
            path.file_name()
                .map(|n| n.to_string_lossy().into_owned())
                .unwrap()
        };
        assert_eq!(parse_log(&last(layout.log(4, id))), Some((4, id)));
        assert_eq!(parse_segment(&last(layout.segment(4, id, name))), Some(name));
        assert_eq!(parse_log("lost+found"), None);
        assert_eq!(parse_segment("end"), None);
    }
}
