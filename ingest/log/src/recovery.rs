//! What is in the folder when it is opened: every log that has no written end is scanned, judged, and ended.
//!
//! Only the last segment of a log can be torn, because a segment is begun after all before it is durable: an earlier
//! one is known by where the next begins, and readers find what is damaged in it. What is known to be durable: the
//! number before the last segment's first, what group frames say, and what cursors have saved.

use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::catalogue::{Catalogue, LogEntry, Position, Segment};
use crate::disk::{Disk, read_up_to, write_all};
use crate::folder::{End, Layout, SegmentName, list, parse_log, parse_segment};
use crate::frame::KIND_MARK;
use crate::header::{HEADER_BYTES, SegmentHeader};
use crate::record::{Item, is_closing};
use crate::walk::{Limit, Stop, Walk};

/// What opening the folder found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// The log before this one, and its last number: what the new log's first record says too.
    pub previous: Option<(Uuid, u64)>,
    /// Tails without a valid record behind them, cut off and kept.
    pub torn_tails: Vec<TornTail>,
    /// Numbers that are unreadable, with readable ones behind them: (log, first, last). Readers deliver them as
    /// [`Item::Lost`].
    pub quarantined: Vec<(Uuid, u64, u64)>,
    /// Numbers that had been durable and are gone from the end: (log, first, last). Readers deliver them as
    /// [`Item::Lost`].
    pub acked_lost: Vec<(Uuid, u64, u64)>,
    /// Logs that were not closed in order: numbers behind their last one may have been acknowledged.
    pub unclean: Vec<Uuid>,
    /// Segments whose header is damaged (their records are read all the same).
    pub damaged_headers: u64,
}

/// The end of a log that was being written when its process or machine stopped, or that was damaged afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The log.
    pub log_id: Uuid,
    /// The first number that may have been in the tail.
    pub first: u64,
    /// Bytes that were cut off.
    pub bytes: u64,
    /// Bytes by which the file is shorter than it was made: somebody else cut it.
    pub missing: u64,
    /// Where the bytes are kept; `None` when there are none, or they could not be written.
    pub kept: Option<PathBuf>,
}

/// Everything about one log's end that its last segment tells.
struct Scan {
    end: End,
    readable: u64,
    quarantined: Vec<(Uuid, u64, u64)>,
    tail: Vec<u8>,
    missing: u64,
    closing: bool,
    /// Whether all of it is known to be on disk.
    synced: bool,
}

/// One log's folder as found.
pub(crate) struct Found {
    pub(crate) ordinal: u64,
    pub(crate) id: Uuid,
    pub(crate) names: Vec<SegmentName>,
}

/// All logs of the folder, oldest first, with their segments in order.
pub(crate) fn find(disk: &dyn Disk, layout: &Layout) -> io::Result<Vec<Found>> {
    let mut logs: Vec<(u64, Uuid)> = list(disk, &layout.logs())?
        .iter()
        .filter_map(|n| parse_log(n))
        .collect();
    logs.sort_unstable();
    let mut found = Vec::with_capacity(logs.len());
    for (ordinal, id) in logs {
        let mut names: Vec<SegmentName> = list(disk, &layout.log(ordinal, id))?
            .iter()
            .filter_map(|n| parse_segment(n))
            .collect();
        names.sort_unstable();
        found.push(Found { ordinal, id, names });
    }
    Ok(found)
}

/// Recovers all logs. With `repair`, tails are cut and ends written; without, nothing on disk is changed.
pub(crate) fn recover(
    disk: &dyn Disk,
    layout: &Layout,
    cursors: &[Position],
    repair: bool,
) -> io::Result<(Catalogue, Recovery)> {
    let mut catalogue = Catalogue::default();
    let mut recovery = Recovery::default();
    for found in find(disk, layout)? {
        let Some(last) = found.names.last().copied() else {
            if repair {
                // Trimmed to nothing, or its process stopped before the first segment was there.
                remove_empty(disk, layout, &found);
            }
            continue;
        };
        let written = End::load(disk, &layout.end(found.ordinal, found.id)).filter(|end| end.segment == last);
        let end = match written {
            Some(end) => end,
            None => {
                let saved = cursors
                    .iter()
                    .filter(|c| c.log_id == found.id)
                    .map(|c| c.next_seq - 1)
                    .max();
                let path = layout.segment(found.ordinal, found.id, last);
                let scan = scan(disk, &path, &found, saved.unwrap_or(0), repair)?;
                conclude(disk, layout, &found, scan, repair, &mut recovery)
            }
        };
        let entry = entry(disk, layout, &found, &end, repair, &mut recovery);
        if entry.last > 0 {
            recovery.previous = Some((entry.id, entry.last));
        }
        catalogue.logs.push(entry);
    }
    Ok((catalogue, recovery))
}

fn remove_empty(disk: &dyn Disk, layout: &Layout, found: &Found) {
    let folder = layout.log(found.ordinal, found.id);
    for name in list(disk, &folder).unwrap_or_default() {
        drop(disk.remove_file(&folder.join(name)));
    }
    if let Err(e) = disk.remove_dir(&folder) {
        tracing::warn!(folder = %folder.display(), error = %e, "cannot remove an empty log");
    }
}

fn scan(disk: &dyn Disk, path: &Path, found: &Found, saved: u64, repair: bool) -> io::Result<Scan> {
    let last = found
        .names
        .last()
        .copied()
        .unwrap_or(SegmentName { first: 1, attempt: 0 });
    let file = disk.open(path, repair)?;
    let length = file.len()?;
    let header = SegmentHeader::parse(&read_up_to(file.as_ref(), 0, HEADER_BYTES)?);
    let missing = header.map_or(0, |h| h.allocated.saturating_sub(length));
    let limit = Limit {
        end: length,
        last: u64::MAX,
    };
    let mut walk = Walk::new(file, found.id, last.first);
    let mut quarantined = Vec::new();
    let mut closing = false;
    let mut items = Vec::new();
    loop {
        let stop = walk.read(limit, 1 << 20, &mut items)?;
        for item in items.drain(..) {
            match item {
                Item::Record(r) => closing = r.kind == KIND_MARK && is_closing(&r.payload),
                Item::Lost {
                    log_id, first, last, ..
                } => quarantined.push((log_id, first, last)),
            }
        }
        if stop != Stop::More {
            break;
        }
    }
    // What was read may be in the page cache only; from here on it counts as durable.
    let synced = repair
        && walk
            .sync()
            .inspect_err(|e| tracing::error!(error = %e, "cannot fsync a recovered segment"))
            .is_ok();
    let readable = walk.next - 1;
    let through = readable.max(walk.proven).max(saved);
    let end = End {
        through,
        segment: last,
        length: walk.at.min(length),
    };
    let tail = walk.tail(limit)?;
    Ok(Scan {
        end,
        readable,
        quarantined,
        tail,
        missing,
        closing,
        synced,
    })
}

/// Reports what a scan found, keeps the torn tail, and writes the log's end.
fn conclude(
    disk: &dyn Disk,
    layout: &Layout,
    found: &Found,
    scan: Scan,
    repair: bool,
    recovery: &mut Recovery,
) -> End {
    let Scan {
        end,
        readable,
        quarantined,
        tail,
        missing,
        closing,
        synced,
    } = scan;
    for (log_id, first, last) in &quarantined {
        tracing::error!(%log_id, first, last, "records of the local log are unreadable and will be reported as lost");
    }
    recovery.quarantined.extend(quarantined);
    if end.through > readable {
        let (log_id, first, last) = (found.id, readable + 1, end.through);
        tracing::error!(%log_id, first, last, "ACKNOWLEDGED RECORDS ARE LOST: the local log had them and has them no more");
        recovery.acked_lost.push((log_id, first, last));
    }
    if !closing {
        recovery.unclean.push(found.id);
    }
    let mut kept = Ok(None);
    if !tail.is_empty() || missing > 0 {
        if repair && !tail.is_empty() {
            kept = keep(disk, layout, found.id, &end, &tail).map(Some);
        }
        let torn = TornTail {
            log_id: found.id,
            first: readable + 1,
            bytes: tail.len() as u64,
            missing,
            kept: kept.as_ref().ok().and_then(Clone::clone),
        };
        tracing::warn!(log_id = %torn.log_id, first = torn.first, bytes = torn.bytes, missing, "cut a torn tail off the local log");
        recovery.torn_tails.push(torn);
    }
    if repair && synced {
        let written = kept.and_then(|_| end.save(disk, &layout.end(found.ordinal, found.id)));
        if let Err(e) = written {
            // Nothing was cut: the next start scans again and finds the same.
            tracing::warn!(log_id = %found.id, error = %e, "cannot write the end of a recovered log");
        }
    }
    end
}

fn keep(disk: &dyn Disk, layout: &Layout, id: Uuid, end: &End, tail: &[u8]) -> io::Result<PathBuf> {
    let folder = layout.corrupt();
    disk.create_dir(&folder)?;
    let path = folder.join(format!("{id}-{}-{}.corrupt", end.segment.first, end.length));
    match disk.remove_file(&path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let file = disk.create(&path, 0)?;
    write_all(file.as_ref(), tail, 0)?;
    file.sync_data()?;
    disk.sync_dir(&folder)?;
    Ok(path)
}

/// The catalogue's entry of an ended log. Cuts the last segment when its end is written and it is longer.
fn entry(
    disk: &dyn Disk,
    layout: &Layout,
    found: &Found,
    end: &End,
    repair: bool,
    recovery: &mut Recovery,
) -> LogEntry {
    let written = repair && End::load(disk, &layout.end(found.ordinal, found.id)).is_some();
    let mut segments = Vec::with_capacity(found.names.len());
    for name in &found.names {
        let path = layout.segment(found.ordinal, found.id, *name);
        let (mut length, mut created_ms) = (0, 0);
        if let Ok(file) = disk.open(&path, repair) {
            length = file.len().unwrap_or(0);
            if *name == end.segment && length > end.length {
                if written {
                    drop(file.set_len(end.length));
                }
                length = end.length;
            }
            match read_up_to(file.as_ref(), 0, HEADER_BYTES).map(|bytes| SegmentHeader::parse(&bytes)) {
                Ok(Ok(header)) => created_ms = header.created_ms,
                damaged => {
                    recovery.damaged_headers += 1;
                    tracing::warn!(path = %path.display(), reason = ?damaged.err(), "the header of a segment is damaged");
                }
            }
        }
        segments.push(Segment {
            name: *name,
            end: length,
            created_ms,
        });
    }
    LogEntry {
        ordinal: found.ordinal,
        id: found.id,
        segments,
        last: end.through,
    }
}
