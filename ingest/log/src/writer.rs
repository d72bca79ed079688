//! The one thread that writes: group by group, mark by mark, from the first segment to the closing mark.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::error::AppendError;
use crate::frame::{self, Frame, Seed};
use crate::group::Group;
use crate::queue::{Batch, MarkFrame, Waiting, lock};
use crate::record;
use crate::segment::Segment;
use crate::shared::{Shared, unix_ms};
use crate::state::{Counters, State};

/// Back-off after the disk has refused two segments in a row.
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// How often free disk and quota are looked at while nothing else happens.
const LOOK: Duration = Duration::from_secs(1);

/// How long a group waits at least for the callers that are likely to come again: a group costs the processor 40 to 100 µs
/// whatever its size, so under load larger groups leave more for the requests themselves.
const GATHER: Duration = Duration::from_millis(1);

/// Buffers larger than this are not kept between groups.
const KEPT_BUFFER: usize = 4 << 20;

pub(crate) struct Writer {
    shared: Arc<Shared>,
    segment: Option<Segment>,
    /// A segment was given up: the next one supersedes what it may hold.
    poisoned: bool,
    previous: Option<(Uuid, u64)>,
    node: Arc<str>,
    spare: Vec<u8>,
    /// Calls of the last group and those that were waiting when it was done: so many are likely to come again.
    expected: usize,
    last_group: Option<Arc<Group>>,
    last_mark: Instant,
    next_look: Instant,
    /// When the disk is tried again, and how long the wait before it was.
    retry: Option<(Instant, Duration)>,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, previous: Option<(Uuid, u64)>) -> Writer {
        let now = Instant::now();
        let node = Arc::from(shared.config.node.as_str());
        Writer {
            shared,
            segment: None,
            poisoned: false,
            previous,
            node,
            spare: Vec::new(),
            expected: 1,
            last_group: None,
            last_mark: now,
            next_look: now + LOOK,
            retry: None,
        }
    }

    /// The first group: the mark that says where the log before this one ended. A disk that refuses it is tried again
    /// by [`Writer::run`].
    pub(crate) fn begin(&mut self) {
        self.look();
        self.group(true, false);
    }

    /// Writes until the log is closed. `closing_mark`: asked for by close, not by a drop of the last handle.
    pub(crate) fn run(mut self, closing_mark: impl Fn() -> bool) {
        loop {
            let waiting = self.shared.queue.wait(1, self.deadline());
            if waiting.calls == 0 {
                self.wake_forgotten();
            }
            if waiting.closing {
                if waiting.calls > 0 || closing_mark() {
                    self.group(closing_mark(), closing_mark());
                }
                break;
            }
            let now = Instant::now();
            if now >= self.next_look {
                self.look();
            }
            if self.retry.is_some_and(|(at, _)| now >= at) {
                // A mark is the probe: when it is durable, entries are taken again.
                self.group(true, false);
            } else if waiting.calls > 0 || self.mark_due(&waiting, now) {
                let waiting = self.gather(waiting);
                self.group(self.mark_due(&waiting, now), false);
            }
        }
        self.end();
    }

    /// The caller that was woken for all of its group has not run for a while.
    fn wake_forgotten(&mut self) {
        if let Some(group) = self.last_group.take_if(|group| !group.is_chained()) {
            group.wake_rest();
        }
    }

    fn mark_due(&self, waiting: &Waiting, now: Instant) -> bool {
        waiting.unmarked > 0 && now >= self.last_mark + self.shared.config.mark_every
    }

    fn deadline(&self) -> Instant {
        let mark = self.last_mark + self.shared.config.mark_every;
        let mut until = self.next_look;
        if mark > Instant::now() {
            until = until.min(mark);
        }
        if let Some((at, _)) = self.retry {
            until = until.min(at);
        }
        if self.last_group.as_ref().is_some_and(|group| !group.is_chained()) {
            until = until.min(Instant::now() + Duration::from_millis(1));
        }
        until
    }

    /// Waits a little for the callers of the last group to come again, when there were several.
    fn gather(&self, waiting: Waiting) -> Waiting {
        if waiting.calls >= self.expected || self.expected < 2 {
            return waiting;
        }
        let fsync = lock(&self.shared.counters.fsync).median();
        let longest = self.shared.config.group_wait.min(GATHER.max(fsync / 2));
        self.shared.queue.wait(self.expected, Instant::now() + longest)
    }

    /// Takes what is queued, with a mark behind it if asked for, writes it and answers the callers.
    fn group(&mut self, mark: bool, closing: bool) {
        let (id, node, previous) = (self.shared.id, Arc::clone(&self.node), self.previous);
        let text = move |through: u64| -> MarkFrame {
            let previous = previous.filter(|_| through == 0);
            (
                unix_ms(),
                *id.as_bytes(),
                record::mark(through, &node, closing, previous),
            )
        };
        let mut batch = self
            .shared
            .queue
            .take(std::mem::take(&mut self.spare), mark.then_some(&text));
        let now_ms = unix_ms();
        let opening = Frame::group(batch.first - 1, now_ms, batch.first, batch.last);
        frame::overwrite(&mut batch.frames, Seed::of(id), &opening);
        if mark {
            self.last_mark = Instant::now();
        }
        match self.write(&batch) {
            Ok(()) => {
                let bytes = batch.frames.len() as u64;
                self.keep(std::mem::take(&mut batch.frames));
                self.acknowledge(&batch, bytes, now_ms);
            }
            Err(e) => self.refuse(&batch, &e),
        }
    }

    /// Leaves a group that was written to the readers, and takes a buffer for the next one.
    fn keep(&mut self, frames: Vec<u8>) {
        let Some(segment) = &self.segment else { return };
        let (name, at) = segment.place(frames.len());
        let spare = self.shared.recent.keep(name, at, frames);
        if spare.capacity() <= KEPT_BUFFER {
            self.spare = spare;
        }
    }

    /// Makes a group durable, in a new segment when there is no room or the current one fails.
    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        if self
            .segment
            .as_ref()
            .is_some_and(|s| !s.has_room(batch.frames.len()))
        {
            let full = self.segment.take();
            self.segment = Some(Segment::create(&shared, batch.first, false)?);
            full.into_iter().for_each(Segment::cut);
        }
        if let Some(segment) = &mut self.segment {
            match segment.append(&shared, &batch.frames) {
                Ok(()) => return Ok(()),
                Err(e) => self.poison(batch.first, &e),
            }
        }
        let mut segment = Segment::create(&shared, batch.first, self.poisoned)?;
        if let Err(e) = segment.append(&shared, &batch.frames) {
            self.poison(batch.first, &e);
            return Err(e);
        }
        self.segment = Some(segment);
        self.poisoned = false;
        Ok(())
    }

    fn poison(&mut self, first: u64, error: &io::Error) {
        tracing::error!(first, error = %error, "a segment of the local log is poisoned, a new one supersedes it");
        Counters::add(&self.shared.counters.poisoned, 1);
        self.segment = None;
        self.poisoned = true;
    }

    fn acknowledge(&mut self, batch: &Batch, bytes: u64, now_ms: u64) {
        let shared = Arc::clone(&self.shared);
        if let Some(segment) = &self.segment {
            segment.publish(&shared, batch.last);
        }
        shared.durable.store(batch.last, Ordering::Release);
        shared.queue.disk_bytes.fetch_add(bytes, Ordering::Relaxed);
        // Before the callers are answered: one that comes again at once would be taken for two.
        // A larger group is remembered for a while: small ones would otherwise go on for ever, once they have begun.
        self.expected = (batch.calls + shared.queue.written()).max(self.expected / 8 * 7);
        batch.group.complete(None);
        shared.sample(batch.last, now_ms);
        Counters::add(&shared.counters.appended, batch.last + 1 - batch.first);
        Counters::add(&shared.counters.groups, 1);
        self.wake_forgotten();
        self.last_group = (batch.calls > 1).then(|| Arc::clone(&batch.group));
        if let Some(announce) = lock(&shared.announce).as_ref() {
            announce.send_replace(batch.last);
        }
        if self.retry.take().is_some() {
            self.next_look = Instant::now();
            self.look();
        }
    }

    fn refuse(&mut self, batch: &Batch, error: &io::Error) {
        self.segment = None;
        let wait = self
            .retry
            .map_or(FIRST_RETRY, |(_, wait)| (wait * 2).min(LAST_RETRY));
        self.retry = Some((Instant::now() + wait, wait));
        let full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        );
        let (answer, state) = if full {
            let reason = "the disk of the local log is full".to_owned();
            (
                AppendError::Full {
                    reason: reason.clone(),
                },
                State::Full(reason),
            )
        } else {
            let reason = format!("the disk of the local log refuses to write: {error}");
            (
                AppendError::Unavailable {
                    reason: reason.clone(),
                },
                State::Unavailable(reason),
            )
        };
        self.shared.set_state(state);
        self.shared.queue.fail(batch, &answer);
    }

    /// Quota, free disk and age: the state, and whether new entries are taken.
    fn look(&mut self) {
        self.next_look = Instant::now() + LOOK;
        self.shared.trim();
        if self.retry.is_some() {
            return;
        }
        let config = &self.shared.config;
        let used = self.shared.queue.disk_bytes.load(Ordering::Relaxed);
        let free = self.shared.disk.free_bytes(&config.folder).unwrap_or(u64::MAX);
        let (state, refuse) = if free < config.free_floor_bytes {
            let reason = format!(
                "only {free} bytes of disk are free, {} must stay",
                config.free_floor_bytes
            );
            (State::Full(reason.clone()), Some(AppendError::Full { reason }))
        } else if used >= config.quota_bytes || self.shared.queue.over_quota.swap(false, Ordering::Relaxed) {
            (self.shared.quota_reached(), None)
        } else if used >= config.quota_bytes / 5 * 4 {
            (
                State::Degraded(format!(
                    "the local log uses {used} of {} bytes",
                    config.quota_bytes
                )),
                None,
            )
        } else {
            (State::Ready, None)
        };
        // First: whoever sees the state finds the queue in it.
        self.shared.queue.refuse(refuse);
        self.shared.set_state(state);
    }

    fn end(self) {
        self.shared.set_state(State::Closed);
        if let Some(announce) = lock(&self.shared.announce).as_ref() {
            // `seal` waits for the state.
            announce.send_modify(|_| ());
        }
        self.shared.queue.wait_for_close();
        self.shared.trim();
        if let Some(segment) = self.segment {
            segment.finish(&self.shared);
        }
        lock(&self.shared.held).take();
        // Readers and `close` hear of it last: by then the folder may be opened again.
        lock(&self.shared.announce).take();
    }
}
