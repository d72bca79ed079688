//! A folder seen from outside: every frame verified, nothing changed. For `footfall audit` and `footfall drain`.
//!
//! The owner may be running: what it is just writing then looks like a torn tail of the newest log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use crate::catalogue::{Catalogue, Position};
use crate::cursor;
use crate::disk::{Disk, RealDisk, read_up_to};
use crate::error::OpenError;
use crate::folder::{Layout, list};
use crate::header::{HEADER_BYTES, SegmentHeader};
use crate::reader::Reader;
use crate::record::Item;
use crate::recovery::{self, Recovery};
use crate::walk::{Limit, Stop, Walk};

/// One log of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogReport {
    /// Its id.
    pub log_id: Uuid,
    /// Its last number, readable or not.
    pub last: u64,
    /// Its segments, in order.
    pub segments: Vec<SegmentReport>,
}

/// One segment, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentReport {
    /// Its file.
    pub path: PathBuf,
    /// Its header, or what is wrong with it.
    pub header: Result<SegmentHeader, String>,
    /// The first number that it must have.
    pub first: u64,
    /// The last number that it must have; less than `first` when there is none.
    pub last: u64,
    /// Records whose CRC holds, marks included.
    pub records: u64,
    /// Ranges of numbers that cannot be read: (first, last).
    pub lost: Vec<(u64, u64)>,
    /// Damaged places, also those that cost no number.
    pub damaged: u64,
    /// Bytes of header and frames.
    pub bytes: u64,
}

/// A data folder that is looked at and not owned.
pub struct Folder {
    disk: Arc<dyn Disk>,
    layout: Layout,
    catalogue: Catalogue,
    recovery: Recovery,
    cursors: Vec<(String, Position, String)>,
}

/// Lists the logs of a folder and verifies every CRC in it.
pub fn inspect(folder: &Path) -> Result<Vec<LogReport>, OpenError> {
    Folder::open(folder)?.verify()
}

impl Folder {
    /// Looks at a folder. Takes no lock and writes nothing.
    pub fn open(folder: &Path) -> Result<Folder, OpenError> {
        Folder::open_on(Arc::new(RealDisk), folder)
    }

    /// The same on another file system.
    pub fn open_on(disk: Arc<dyn Disk>, folder: &Path) -> Result<Folder, OpenError> {
        let layout = Layout {
            folder: folder.to_owned(),
        };
        let io = |action, path: PathBuf| move |source| OpenError::Io { action, path, source };
        disk.list(folder)
            .map_err(io("list the folder", folder.to_owned()))?;
        let names =
            list(disk.as_ref(), &layout.cursors()).map_err(io("list the cursors in", layout.cursors()))?;
        let cursors: Vec<(String, Position, String)> = names
            .into_iter()
            .filter(|name| cursor::valid_name(name))
            .filter_map(|name| {
                let (position, meta) = cursor::load(disk.as_ref(), &layout.cursors().join(&name)).ok()?;
                Some((name, position, meta))
            })
            .collect();
        let saved: Vec<Position> = cursors.iter().map(|(_, position, _)| *position).collect();
        let (catalogue, recovery) = recovery::recover(disk.as_ref(), &layout, &saved, false)
            .map_err(io("scan the logs in", layout.logs()))?;
        Ok(Folder {
            disk,
            layout,
            catalogue,
            recovery,
            cursors,
        })
    }

    /// What a start would find and repair.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Every cursor: name, saved position, saved text.
    pub fn cursors(&self) -> &[(String, Position, String)] {
        &self.cursors
    }

    /// Reads everything that is there, from the oldest record on.
    pub fn reader(&self) -> Reader {
        Reader::found(
            Arc::clone(&self.disk),
            self.layout.clone(),
            self.catalogue.clone(),
        )
    }

    /// Reads every segment and checks every CRC.
    pub fn verify(&self) -> Result<Vec<LogReport>, OpenError> {
        let mut reports = Vec::with_capacity(self.catalogue.logs.len());
        for log in &self.catalogue.logs {
            let mut segments = Vec::with_capacity(log.segments.len());
            for (index, segment) in log.segments.iter().enumerate() {
                let path = self.layout.segment(log.ordinal, log.id, segment.name);
                let limit = Limit {
                    end: segment.end,
                    last: log.segment_last(index),
                };
                let report = self.verify_segment(&path, log.id, segment.name.first, limit);
                segments.push(report.map_err(|source| OpenError::Io {
                    action: "read the segment",
                    path,
                    source,
                })?);
            }
            reports.push(LogReport {
                log_id: log.id,
                last: log.last,
                segments,
            });
        }
        Ok(reports)
    }

    fn verify_segment(&self, path: &Path, id: Uuid, first: u64, limit: Limit) -> io::Result<SegmentReport> {
        let file = self.disk.open(path, false)?;
        let header =
            SegmentHeader::parse(&read_up_to(file.as_ref(), 0, HEADER_BYTES)?).map_err(str::to_owned);
        let mut walk = Walk::new(file, id, first);
        let (mut records, mut lost, mut items) = (0, Vec::new(), Vec::new());
        loop {
            let stop = walk.read(limit, 1 << 20, &mut items)?;
            if stop == Stop::Tail {
                items.push(walk.abandon(limit)?);
            }
            for item in items.drain(..) {
                match item {
                    Item::Record(_) => records += 1,
                    Item::Lost { first, last, .. } => lost.push((first, last)),
                }
            }
            if stop != Stop::More {
                break;
            }
        }
        let (last, damaged, bytes) = (limit.last, walk.damaged, walk.at);
        Ok(SegmentReport {
            path: path.to_owned(),
            header,
            first,
            last,
            records,
            lost,
            damaged,
            bytes,
        })
    }
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder")
            .field("folder", &self.layout.folder)
            .finish_non_exhaustive()
    }
}
