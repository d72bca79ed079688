//! What the handles, the writer and the readers of one open log have in common.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use uuid::Uuid;

use crate::catalogue::{Catalogue, Position, Removed};
use crate::config::Config;
use crate::cursor::{CursorFile, Saved};
use crate::disk::{Disk, Held};
use crate::folder::Layout;
use crate::queue::{Queue, lock};
use crate::recent::Recent;
use crate::state::{Counters, CursorStats, Room, State, Stats};

/// How many (number, time) samples are kept to tell the age of a cursor.
const SAMPLES: usize = 4096;

/// A registered cursor.
pub(crate) struct Cursor {
    /// Locked by itself: its fsync must not keep the writer from trimming.
    pub(crate) file: Arc<Mutex<CursorFile>>,
    pub(crate) saved: Option<Saved>,
    pub(crate) has_reader: bool,
}

/// Everything behind a [`crate::Log`].
pub(crate) struct Shared {
    pub(crate) id: Uuid,
    pub(crate) config: Config,
    pub(crate) layout: Layout,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) queue: Queue,
    pub(crate) counters: Counters,
    pub(crate) catalogue: Mutex<Catalogue>,
    pub(crate) recent: Recent,
    pub(crate) cursors: Mutex<BTreeMap<String, Cursor>>,
    /// Out of the catalogue, and still on disk; oldest first.
    pub(crate) doomed: Mutex<VecDeque<Removed>>,
    pub(crate) removing: Mutex<()>,
    /// Durable number of this log, announced to readers. The sender goes when the log closes.
    pub(crate) durable: AtomicU64,
    /// Number of the oldest record of this log that is on disk.
    pub(crate) oldest: AtomicU64,
    /// What the headers of segments to come say.
    pub(crate) partitions: AtomicU32,
    pub(crate) announce: Mutex<Option<watch::Sender<u64>>>,
    pub(crate) heard: watch::Receiver<u64>,
    pub(crate) state: Mutex<State>,
    /// Damaged places that readers have reported, so that each counts once.
    pub(crate) reported: Mutex<BTreeSet<(Uuid, u64)>>,
    /// Durable numbers with the times at which they became so.
    pub(crate) samples: Mutex<VecDeque<(u64, u64)>>,
    pub(crate) held: Mutex<Option<Box<dyn Held>>>,
}

impl Shared {
    pub(crate) fn state(&self) -> State {
        let state = lock(&self.state).clone();
        match state {
            State::Ready | State::Degraded(_) if self.queue.over_quota.load(Ordering::Relaxed) => {
                self.quota_reached()
            }
            other => other,
        }
    }

    pub(crate) fn quota_reached(&self) -> State {
        State::Full(self.queue.quota_reached())
    }

    pub(crate) fn set_state(&self, state: State) {
        let mut current = lock(&self.state);
        if *current != state {
            match &state {
                State::Ready | State::Closed => tracing::info!(?state, "state of the local log"),
                State::Degraded(_) => tracing::warn!(?state, "state of the local log"),
                State::Full(_) | State::Unavailable(_) => tracing::error!(?state, "state of the local log"),
            }
            *current = state;
        }
    }

    /// Records that `number` is durable, at `time_ms`.
    pub(crate) fn sample(&self, number: u64, time_ms: u64) {
        let mut samples = lock(&self.samples);
        if samples.back().is_some_and(|(_, at)| time_ms < at + 100) {
            return;
        }
        if samples.len() == SAMPLES {
            // Older times get coarser: every second sample goes.
            let mut odd = false;
            samples.retain(|_| {
                odd = !odd;
                odd
            });
        }
        samples.push_back((number, time_ms));
    }

    /// When the record at `position` became durable, or a little later.
    fn durable_since(&self, catalogue: &Catalogue, position: Position) -> Option<u64> {
        let place = catalogue.locate(position)?;
        if place.log_id != self.id {
            return Some(place.segment.created_ms);
        }
        let samples = lock(&self.samples);
        let next = samples.partition_point(|(number, _)| *number < place.next_seq);
        samples.get(next).or(samples.back()).map(|(_, at)| *at)
    }

    pub(crate) fn stats(&self) -> Stats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let disk_bytes = self.queue.disk_bytes.load(Ordering::Relaxed);
        let catalogue = lock(&self.catalogue).clone();
        let (fsync_p50, fsync_max) = {
            let fsync = lock(&self.counters.fsync);
            (fsync.median(), fsync.max)
        };
        Stats {
            durable: self.durable.load(Ordering::Acquire),
            appended: count(&self.counters.appended),
            groups: count(&self.counters.groups),
            disk_bytes,
            quota_share: disk_bytes as f64 / self.config.quota_bytes as f64,
            queued: self.queue.depth(),
            logs: catalogue.logs.len(),
            segments: catalogue.logs.iter().map(|log| log.segments.len()).sum(),
            fsync_p50,
            fsync_max,
            poisoned: count(&self.counters.poisoned),
            quarantined: count(&self.counters.quarantined),
            torn_tails: count(&self.counters.torn_tails),
            acked_lost: count(&self.counters.acked_lost),
            cursors: self.cursor_stats(&catalogue),
        }
    }

    pub(crate) fn room(&self) -> Room {
        Room {
            used: self.queue.disk_bytes.load(Ordering::Relaxed),
            quota: self.config.quota_bytes,
            queue: self.config.queue_limit() as u64,
            oldest: self.oldest.load(Ordering::Relaxed),
        }
    }

    fn cursor_stats(&self, catalogue: &Catalogue) -> Vec<CursorStats> {
        let now = unix_ms();
        let cursors = lock(&self.cursors);
        let stats = cursors.iter().map(|(name, cursor)| {
            let position = cursor
                .saved
                .as_ref()
                .map_or(Position::OLDEST, |(position, _)| *position);
            let (records, bytes) = catalogue.depth(position);
            let since = self.durable_since(catalogue, position).unwrap_or(now);
            let age = Duration::from_millis(now.saturating_sub(since));
            CursorStats {
                name: name.clone(),
                records,
                bytes,
                age,
            }
        });
        stats.collect()
    }

    /// Removes whole segments, oldest first, that every cursor has passed and that are older than `keep`, or too many.
    /// Nothing is removed while there is no cursor, nor before this log's first record says where the one before it
    /// ended.
    pub(crate) fn trim(&self) {
        if self.durable.load(Ordering::Acquire) == 0 {
            return;
        }
        let positions: Vec<Position> = {
            let cursors = lock(&self.cursors);
            cursors
                .values()
                .map(|c| {
                    c.saved
                        .as_ref()
                        .map_or(Position::OLDEST, |(position, _)| *position)
                })
                .collect()
        };
        if positions.is_empty() {
            return;
        }
        {
            let mut catalogue = lock(&self.catalogue);
            let cut = catalogue.cut_passed(&positions, self.keep_until(), self.kept_bytes());
            let first = catalogue.current().and_then(|log| log.segments.first());
            if let Some(segment) = first {
                self.oldest.store(segment.name.first, Ordering::Relaxed);
            }
            lock(&self.doomed).extend(cut);
        }
        self.remove_doomed();
    }

    /// Removes files, oldest first. After a failure the newer ones stay until it has succeeded: a start that found
    /// older segments without the log of a saved position would read them again.
    fn remove_doomed(&self) {
        let Ok(_one_at_a_time) = self.removing.try_lock() else {
            return;
        };
        loop {
            let Some(gone) = lock(&self.doomed).front().copied() else {
                return;
            };
            let path = gone
                .segment
                .map(|name| self.layout.segment(gone.ordinal, gone.log_id, name));
            let folder = self.layout.log(gone.ordinal, gone.log_id);
            if let Err(e) = self.remove(path.as_deref(), &folder) {
                tracing::warn!(folder = %folder.display(), error = %e, "cannot remove a segment that everybody has passed");
                return;
            }
            lock(&self.doomed).pop_front();
            self.queue.disk_bytes.fetch_sub(gone.bytes, Ordering::Relaxed);
        }
    }

    /// What was passed may fill half of the quota: the other half is for an outage.
    fn kept_bytes(&self) -> u64 {
        self.config.quota_bytes / 2
    }

    fn keep_until(&self) -> u64 {
        unix_ms().saturating_sub(u64::try_from(self.config.keep.as_millis()).unwrap_or(u64::MAX))
    }

    fn remove(&self, segment: Option<&Path>, folder: &Path) -> io::Result<()> {
        // What an earlier try has removed and not fsynced is no error.
        let gone = |answer: io::Result<()>| match answer {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            answer => answer,
        };
        if let Some(segment) = segment {
            gone(self.disk.remove_file(segment))?;
            return self.disk.sync_dir(folder);
        }
        gone(self.disk.remove_file(&folder.join("end")))?;
        gone(self.disk.remove_dir(folder))?;
        self.disk.sync_dir(&self.layout.logs())
    }
}

/// The clock, in unix milliseconds.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
