//! The segment that is being written: made, appended to, given up.

use std::io;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::blocks::{Blocks, whole};
use crate::catalogue;
use crate::folder::{End, SegmentName};
use crate::header::SegmentHeader;
use crate::queue::lock;
use crate::shared::{Shared, unix_ms};

/// An open segment. Dropped as soon as a write or an fsync on it has failed.
pub(crate) struct Segment {
    blocks: Blocks,
    name: SegmentName,
    size: u64,
}

impl Segment {
    /// Makes the segment that begins at `first`, durable with its name and header, and enters it in the catalogue.
    /// `superseding`: an earlier segment may hold frames with these numbers that do not count.
    pub(crate) fn create(shared: &Shared, first: u64, superseding: bool) -> io::Result<Segment> {
        let (disk, layout) = (shared.disk.as_ref(), &shared.layout);
        let ordinal = lock(&shared.catalogue).current().map_or(0, |log| log.ordinal);
        let folder = layout.log(ordinal, shared.id);
        // Idempotent, and repeated here because at the start the disk may have been full.
        disk.create_dir(&folder)?;
        disk.sync_dir(&layout.logs())?;
        let size = shared.config.segment_bytes;
        let mut name = SegmentName { first, attempt: 0 };
        let file = loop {
            match disk.create(&layout.segment(ordinal, shared.id, name), whole(size)) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists && name.attempt < 999 => name.attempt += 1,
                file => break file?,
            }
        };
        let header = header(shared, first, superseding);
        let mut blocks = Blocks::new(file, size);
        let written = blocks
            .append(&header.encode())
            .and_then(|()| blocks.file().sync_data())
            .and_then(|()| disk.sync_dir(&folder));
        if let Err(e) = written {
            // Found and passed over at the next start if it cannot be removed.
            drop(disk.remove_file(&layout.segment(ordinal, shared.id, name)));
            return Err(e);
        }
        let end = blocks.end();
        if let Some(log) = lock(&shared.catalogue).current() {
            log.segments.push(catalogue::Segment {
                name,
                end,
                created_ms: header.created_ms,
            });
        }
        shared.queue.disk_bytes.fetch_add(end, Ordering::Relaxed);
        Ok(Segment { blocks, name, size })
    }

    /// Whether a group of so many bytes fits.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.blocks.end() + bytes as u64 <= self.size
    }

    /// Writes one group and makes it durable. After an error nothing more may be written here.
    pub(crate) fn append(&mut self, shared: &Shared, group: &[u8]) -> io::Result<()> {
        self.blocks.append(group)?;
        let started = Instant::now();
        self.blocks.file().sync_data()?;
        shared.counters.fsync_took(started.elapsed());
        Ok(())
    }

    /// Where the last group of so many bytes was written.
    pub(crate) fn place(&self, bytes: usize) -> (SegmentName, u64) {
        (self.name, self.blocks.end() - bytes as u64)
    }

    /// Shows everybody what is durable by now.
    pub(crate) fn publish(&self, shared: &Shared, last: u64) {
        if let Some(log) = lock(&shared.catalogue).current() {
            log.last = last;
            let ours = log.segments.iter_mut().rev().find(|s| s.name == self.name);
            if let Some(segment) = ours {
                segment.end = self.blocks.end();
            }
        }
    }

    /// The log's last segment: writes the log's end, so that the next start need not scan, and cuts.
    pub(crate) fn finish(self, shared: &Shared) {
        let (ordinal, through) = lock(&shared.catalogue)
            .current()
            .map_or((0, 0), |log| (log.ordinal, log.last));
        let end = End {
            through,
            segment: self.name,
            length: self.blocks.end(),
        };
        match end.save(shared.disk.as_ref(), &shared.layout.end(ordinal, shared.id)) {
            Ok(()) => self.cut(),
            Err(e) => tracing::warn!(error = %e, "cannot write the end of the log: the next start scans it"),
        }
    }

    /// Gives back what was preallocated behind the last frame: the segment is not written any more.
    pub(crate) fn cut(self) {
        if let Err(e) = self.blocks.file().set_len(self.blocks.end()) {
            tracing::warn!(segment = ?self.name, error = %e, "cannot give back the unused end of a segment");
        }
    }
}

fn header(shared: &Shared, first: u64, superseding: bool) -> SegmentHeader {
    SegmentHeader {
        log_id: shared.id,
        first,
        supersedes: if superseding { first } else { 0 },
        partitions: shared.partitions.load(Ordering::Relaxed),
        allocated: shared.config.segment_bytes,
        created_ms: unix_ms(),
        node: shared.config.node.clone(),
    }
}
