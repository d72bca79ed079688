//! Reading in order: across segments, across logs, up to what is durable, with the lost numbers in their place.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use uuid::Uuid;

use crate::catalogue::{Catalogue, Place, Position};
use crate::cursor::{META_BYTES, Saved};
use crate::disk::Disk;
use crate::error::ReadError;
use crate::folder::{Layout, SegmentName};
use crate::header::SegmentHeader;
use crate::queue::lock;
use crate::record::Item;
use crate::shared::Shared;
use crate::state::Counters;
use crate::walk::{Limit, Stop, Walk};

/// Reads the records of a folder, oldest log first. From [`crate::Log::reader`] (follows the log, has a cursor) or
/// [`crate::Folder::reader`] (reads what is there, saves nothing).
pub struct Reader {
    disk: Arc<dyn Disk>,
    layout: Layout,
    source: Source,
    position: Position,
    walk: Option<(Uuid, SegmentName, Walk)>,
}

enum Source {
    /// A log that is open in this process.
    Live {
        shared: Arc<Shared>,
        cursor: String,
        heard: watch::Receiver<u64>,
    },
    /// A folder as it was found.
    Found(Mutex<Catalogue>),
}

impl Reader {
    pub(crate) fn live(shared: Arc<Shared>, cursor: String, position: Position) -> Reader {
        let (disk, layout) = (Arc::clone(&shared.disk), shared.layout.clone());
        let heard = shared.heard.clone();
        shared.recent.follow();
        Reader {
            disk,
            layout,
            source: Source::Live {
                shared,
                cursor,
                heard,
            },
            position,
            walk: None,
        }
    }

    pub(crate) fn found(disk: Arc<dyn Disk>, layout: Layout, catalogue: Catalogue) -> Reader {
        let source = Source::Found(Mutex::new(catalogue));
        Reader {
            disk,
            layout,
            source,
            position: Position::OLDEST,
            walk: None,
        }
    }

    /// The next items: about `max_bytes` of them (more only for a single larger record), never past what is durable.
    /// Empty when caught up. Reads files: fast, but blocking. After an error the position is unchanged or behind the
    /// items that were delivered: the call may be repeated.
    pub fn read(&mut self, max_bytes: usize) -> Result<Vec<Item>, ReadError> {
        let mut items = Vec::new();
        while items.is_empty() {
            let Some(place) = self.locate() else { break };
            self.pass_hole(&place, &mut items);
            self.read_place(&place, max_bytes, &mut items)?;
        }
        self.count_lost(&items);
        Ok(items)
    }

    /// Until something more is durable than was read. `false`: the log is closed, and nothing more will come.
    pub async fn wait(&mut self) -> bool {
        loop {
            if self.locate().is_some() {
                return true;
            }
            let open = match &mut self.source {
                Source::Live { heard, .. } => heard.changed().await.is_ok(),
                Source::Found(_) => false,
            };
            if !open {
                return self.locate().is_some();
            }
        }
    }

    /// The start of the next unread record.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Header of the segment that the last items came from (one [`Reader::read`] never crosses a segment), for its
    /// number of partitions. A damaged header has 0. `None` before the first item and after [`Reader::seek`].
    pub fn segment(&self) -> Result<Option<SegmentHeader>, ReadError> {
        let Some((log_id, name, walk)) = &self.walk else {
            return Ok(None);
        };
        let found = walk.header().map_err(|source| ReadError::Io {
            action: "read a segment's header in",
            path: self.layout.logs(),
            source,
        })?;
        Ok(Some(
            found.unwrap_or_else(|| SegmentHeader::damaged(*log_id, name.first)),
        ))
    }

    /// Goes to a position: to the oldest record when its log is no longer there.
    pub fn seek(&mut self, position: Position) {
        self.position = position;
        self.walk = None;
    }

    /// Saves `position` (usually [`Reader::position`] of some time ago) and a text of at most [`META_BYTES`] without
    /// line breaks, durably and all or nothing; then removes what every cursor has passed. Costs one fdatasync.
    pub fn save(&mut self, position: Position, meta: &str) -> Result<(), ReadError> {
        let Source::Live { shared, cursor, .. } = &self.source else {
            return Err(ReadError::ReadOnly("the folder was opened for reading only"));
        };
        if meta.len() > META_BYTES || meta.contains('\n') {
            return Err(ReadError::Meta {
                bytes: meta.len(),
                limit: META_BYTES,
            });
        }
        if lock(&shared.held).is_none() {
            return Err(ReadError::ReadOnly("the log is closed"));
        }
        let file = lock(&shared.cursors)
            .get(cursor)
            .map(|registered| Arc::clone(&registered.file));
        if let Some(file) = file {
            let saved = lock(&file).save(shared.disk.as_ref(), position, meta);
            saved.map_err(|source| {
                let path = self.layout.cursors().join(cursor);
                ReadError::Io {
                    action: "save the cursor",
                    path,
                    source,
                }
            })?;
            if let Some(registered) = lock(&shared.cursors).get_mut(cursor) {
                registered.saved = Some((position, meta.to_owned()));
            }
        }
        shared.trim();
        Ok(())
    }

    /// What was saved last, in this process or an earlier one; `None` for a cursor that never was.
    pub fn saved(&self) -> Option<Saved> {
        let Source::Live { shared, cursor, .. } = &self.source else {
            return None;
        };
        let saved = lock(&shared.cursors).get(cursor)?.saved.clone();
        // Registering a cursor writes just this; an owner's first save has a text.
        saved.filter(|(position, meta)| *position != Position::OLDEST || !meta.is_empty())
    }

    fn locate(&mut self) -> Option<Place> {
        let catalogue = match &mut self.source {
            Source::Live { shared, heard, .. } => {
                // Seen before the catalogue is read: what becomes durable in between wakes `wait` at once.
                heard.borrow_and_update();
                &shared.catalogue
            }
            Source::Found(catalogue) => catalogue,
        };
        lock(catalogue).locate(self.position)
    }

    /// Numbers that were not passed by this cursor, in segments that somebody else has removed.
    fn pass_hole(&mut self, place: &Place, items: &mut Vec<Item>) {
        let saved = self.saved().map(|(position, _)| position);
        let unpassed =
            saved.is_some_and(|s| s.log_id == place.log_id && s.next_seq <= self.position.next_seq);
        if place.hole && unpassed && self.position.log_id == place.log_id {
            items.push(Item::Lost {
                log_id: place.log_id,
                first: self.position.next_seq,
                last: place.next_seq - 1,
                reason: "the segment is gone from the local log, and no cursor had passed it".to_owned(),
                bytes: bytes::Bytes::new(),
            });
        }
        self.position = Position {
            log_id: place.log_id,
            next_seq: place.next_seq,
        };
    }

    fn read_place(&mut self, place: &Place, max: usize, items: &mut Vec<Item>) -> Result<(), ReadError> {
        let path = self
            .layout
            .segment(place.ordinal, place.log_id, place.segment.name);
        let answer = self.read_segment(place, &path, max, items);
        if answer.is_err() {
            self.walk = None;
        }
        answer.map_err(|source| ReadError::Io {
            action: "read the segment",
            path,
            source,
        })
    }

    fn read_segment(
        &mut self,
        place: &Place,
        path: &Path,
        max: usize,
        items: &mut Vec<Item>,
    ) -> io::Result<()> {
        let name = place.segment.name;
        let mut walk = match self.walk.take() {
            Some((log_id, open, walk)) if (log_id, open) == (place.log_id, name) => walk,
            _ => Walk::new(self.disk.open(path, false)?, place.log_id, name.first),
        };
        let limit = Limit {
            end: place.segment.end,
            last: place.last,
        };
        let before = items.len();
        if !self.read_recent(place, &mut walk, limit, max, items)
            && walk.read(limit, max, items)? == Stop::Tail
        {
            items.push(walk.abandon(limit)?);
        }
        drop_passed(items, before, place.next_seq);
        self.position.next_seq = walk.next.max(place.next_seq);
        self.walk = Some((place.log_id, name, walk));
        Ok(())
    }

    /// Takes what is still in memory. Whether there was any.
    fn read_recent(
        &self,
        place: &Place,
        walk: &mut Walk,
        limit: Limit,
        max: usize,
        items: &mut Vec<Item>,
    ) -> bool {
        let Source::Live { shared, .. } = &self.source else {
            return false;
        };
        let begin = walk.at;
        while place.log_id == shared.id
            && walk.at < begin + max as u64
            && let Some(bytes) = shared.recent.at(place.segment.name, walk.at)
            && walk.read_kept(&bytes, limit, items) == Some(Stop::More)
        {}
        walk.at > begin
    }

    fn count_lost(&self, items: &[Item]) {
        let Source::Live { shared, .. } = &self.source else {
            return;
        };
        for item in items {
            let Item::Lost {
                log_id,
                first,
                last,
                reason,
                ..
            } = item
            else {
                continue;
            };
            if lock(&shared.reported).insert((*log_id, *first)) {
                tracing::error!(%log_id, first, last, reason, "records of the local log are lost");
                Counters::add(&shared.counters.quarantined, last + 1 - first);
            }
        }
    }
}

/// A segment is read from its beginning; what lies before the position is not delivered.
fn drop_passed(items: &mut Vec<Item>, from: usize, next_seq: u64) {
    let passed = |item: &Item| match item {
        Item::Record(record) => record.seq < next_seq,
        Item::Lost { last, .. } => *last < next_seq,
    };
    let count = items
        .get(from..)
        .map_or(0, |read| read.iter().take_while(|item| passed(item)).count());
    items.drain(from..from + count);
    if let Some(Item::Lost { first, .. }) = items.get_mut(from) {
        *first = next_seq.max(*first);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Source::Live { shared, cursor, .. } = &self.source else {
            return;
        };
        shared.recent.unfollow();
        if let Some(registered) = lock(&shared.cursors).get_mut(cursor) {
            registered.has_reader = false;
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let folder: &PathBuf = &self.layout.folder;
        f.debug_struct("Reader")
            .field("folder", folder)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
