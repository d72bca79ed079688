//! Where callers leave their entries for the writer.
//!
//! Entries are framed in place, in one buffer that the writer swaps for an empty one: no allocation per record, one
//! short lock per call. How callers wait is told in `group`.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::error::AppendError;
use crate::frame::{self, FRAME_BYTES, Frame, KIND_GROUP, Seed};
use crate::group::Group;
use crate::record::Entry;

/// Locks, also after a panic elsewhere: what the locks here protect is consistent between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What has been framed and not yet been taken by the writer.
struct Pending {
    /// Room for a group frame, then frames.
    frames: Vec<u8>,
    group: Arc<Group>,
    calls: usize,
    first: u64,
    next: u64,
    /// Bytes that the writer has taken and not yet accounted for on disk.
    in_flight: u64,
    /// Entries since the last mark.
    unmarked: u64,
    refuse: Option<AppendError>,
    closing: bool,
    /// The writer may end.
    released: bool,
    /// The writer sleeps until this many calls are there; `usize::MAX` = it is busy.
    wake_at: usize,
}

/// A group as the writer takes it.
pub(crate) struct Batch {
    pub(crate) frames: Vec<u8>,
    pub(crate) group: Arc<Group>,
    pub(crate) calls: usize,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// What the writer found when it stopped waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) calls: usize,
    pub(crate) unmarked: u64,
    pub(crate) closing: bool,
}

/// The queue between callers and writer.
pub(crate) struct Queue {
    pending: Mutex<Pending>,
    wake: Condvar,
    seed: Seed,
    /// Bytes of records on disk, kept by writer and trim.
    pub(crate) disk_bytes: AtomicU64,
    /// An entry was refused for the quota; taken back when there is room again.
    pub(crate) over_quota: AtomicBool,
    queue_limit: usize,
    group_limit: usize,
    group_bytes: usize,
    quota: u64,
}

impl Queue {
    pub(crate) fn new(seed: Seed, config: &crate::Config, disk_bytes: u64) -> Queue {
        let pending = Pending {
            frames: vec![0; FRAME_BYTES],
            group: Group::new(0),
            calls: 0,
            first: 1,
            next: 1,
            in_flight: 0,
            unmarked: 0,
            refuse: None,
            closing: false,
            released: false,
            wake_at: usize::MAX,
        };
        Queue {
            pending: Mutex::new(pending),
            wake: Condvar::new(),
            seed,
            disk_bytes: AtomicU64::new(disk_bytes),
            over_quota: AtomicBool::new(false),
            queue_limit: config.queue_limit(),
            group_limit: config.group_limit().saturating_sub(crate::config::MARK_ROOM),
            group_bytes: config.group_bytes,
            quota: config.quota_bytes,
        }
    }

    /// Frames the entries and registers the caller. Numbers are consecutive for one call.
    pub(crate) fn enqueue(
        &self,
        entries: &[Entry],
        waker: &Waker,
    ) -> Result<(Range<u64>, Arc<Group>), AppendError> {
        let bytes: usize = entries.iter().map(|e| FRAME_BYTES + e.payload.len()).sum();
        if let Some(entry) = entries.iter().find(|e| e.kind >= KIND_GROUP) {
            return Err(AppendError::Kind(entry.kind));
        }
        if bytes > self.group_limit {
            return Err(AppendError::TooLarge {
                bytes,
                limit: self.group_limit,
            });
        }
        let mut pending = lock(&self.pending);
        self.admit(&pending, bytes)?;
        let first = pending.next;
        for entry in entries {
            let len = FRAME_BYTES + entry.payload.len();
            let Entry {
                kind, time_ms, key, ..
            } = *entry;
            let frame = Frame {
                len,
                seq: pending.next,
                kind,
                time_ms,
                key,
            };
            frame::push(&mut pending.frames, self.seed, &frame, &entry.payload);
            pending.next += 1;
        }
        pending.unmarked += entries.len() as u64;
        pending.calls += 1;
        // Cannot be done yet: the writer completes a group only after taking it under this lock.
        pending.group.register(waker);
        let answer = (first..pending.next, Arc::clone(&pending.group));
        if pending.calls >= pending.wake_at
            || pending.frames.len() >= self.group_bytes && pending.wake_at != usize::MAX
        {
            pending.wake_at = usize::MAX;
            drop(pending);
            self.wake.notify_one();
        }
        Ok(answer)
    }

    fn admit(&self, pending: &Pending, bytes: usize) -> Result<(), AppendError> {
        if pending.closing {
            return Err(AppendError::Closed);
        }
        if let Some(error) = &pending.refuse {
            return Err(error.clone());
        }
        if pending.frames.len() + bytes > self.queue_limit && pending.calls > 0 {
            return Err(AppendError::Busy {
                waiting: pending.frames.len(),
            });
        }
        let used = self.disk_bytes.load(Ordering::Relaxed) + pending.in_flight + pending.frames.len() as u64;
        if used + bytes as u64 > self.quota {
            self.over_quota.store(true, Ordering::Relaxed);
            return Err(AppendError::Full {
                reason: self.quota_reached(),
            });
        }
        Ok(())
    }

    pub(crate) fn quota_reached(&self) -> String {
        format!("the local log has reached its quota of {} bytes", self.quota)
    }

    /// The writer's wait: until `calls` are there, the log closes, or `until`.
    pub(crate) fn wait(&self, calls: usize, until: Instant) -> Waiting {
        let mut pending = lock(&self.pending);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let enough = pending.calls >= calls || pending.frames.len() >= self.group_bytes;
            if enough || pending.closing || left == Duration::ZERO {
                pending.wake_at = usize::MAX;
                let Pending {
                    calls,
                    unmarked,
                    closing,
                    ..
                } = *pending;
                return Waiting {
                    calls,
                    unmarked,
                    closing,
                };
            }
            pending.wake_at = calls;
            pending = self
                .wake
                .wait_timeout(pending, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Takes everything, with a mark behind it when `mark` says what is in it (it is given the number before).
    pub(crate) fn take(&self, empty: Vec<u8>, mark: Option<&dyn Fn(u64) -> MarkFrame>) -> Batch {
        let mut pending = lock(&self.pending);
        if let Some(mark) = mark {
            let seq = pending.next;
            let (time_ms, key, payload) = mark(seq - 1);
            let frame = Frame {
                len: FRAME_BYTES + payload.len(),
                seq,
                kind: frame::KIND_MARK,
                time_ms,
                key,
            };
            frame::push(&mut pending.frames, self.seed, &frame, payload.as_bytes());
            pending.next += 1;
            pending.unmarked = 0;
        }
        let mut frames = empty;
        frames.clear();
        frames.resize(FRAME_BYTES, 0);
        std::mem::swap(&mut frames, &mut pending.frames);
        let fresh = Group::new(pending.calls);
        let group = std::mem::replace(&mut pending.group, fresh);
        pending.in_flight = frames.len() as u64;
        let batch = Batch {
            frames,
            group,
            calls: pending.calls,
            first: pending.first,
            last: pending.next - 1,
        };
        pending.calls = 0;
        pending.first = pending.next;
        batch
    }

    /// The batch is on disk and in `disk_bytes`. Says how many calls wait by now.
    pub(crate) fn written(&self) -> usize {
        let mut pending = lock(&self.pending);
        pending.in_flight = 0;
        pending.calls
    }

    /// The batch beginning at `first` could not be written: its numbers are free again, and all who wait get `error`.
    /// With `refuse`, new entries get it too, until [`Queue::admit_again`].
    pub(crate) fn fail(&self, batch: &Batch, error: &AppendError) {
        let fresh = Group::new(0);
        let waiting = {
            let mut pending = lock(&self.pending);
            pending.refuse = Some(error.clone());
            pending.frames.truncate(FRAME_BYTES);
            (pending.first, pending.next) = (batch.first, batch.first);
            (pending.calls, pending.in_flight, pending.unmarked) = (0, 0, 0);
            std::mem::replace(&mut pending.group, fresh)
        };
        batch.group.complete(Some(error.clone()));
        batch.group.wake_rest();
        waiting.complete(Some(error.clone()));
        waiting.wake_rest();
    }

    /// Refuses new entries with `error`, or takes them again.
    pub(crate) fn refuse(&self, error: Option<AppendError>) {
        lock(&self.pending).refuse = error;
    }

    /// Bytes and calls that wait for the writer.
    pub(crate) fn depth(&self) -> (usize, usize) {
        let pending = lock(&self.pending);
        (pending.frames.len() - FRAME_BYTES, pending.calls)
    }

    /// No new entries from now on; the writer is told.
    pub(crate) fn seal(&self) {
        lock(&self.pending).closing = true;
        self.wake.notify_one();
    }

    /// The same, and the writer ends when it has written what is queued.
    pub(crate) fn close(&self) {
        let mut pending = lock(&self.pending);
        (pending.closing, pending.released) = (true, true);
        drop(pending);
        self.wake.notify_one();
    }

    /// The writer's last wait: until [`Queue::close`].
    pub(crate) fn wait_for_close(&self) {
        let mut pending = lock(&self.pending);
        while !pending.released {
            pending = self.wake.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Time, key and payload of a mark.
pub(crate) type MarkFrame = (u64, [u8; 16], String);
