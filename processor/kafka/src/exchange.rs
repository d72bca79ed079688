//! Where the two halves meet: the async [`KafkaSource`](crate::KafkaSource) puts down commands, the poll thread
//! ([`crate::poll`]) what has arrived. Bounded: chunks by their bytes ([`READY`]), commands and notices by what a
//! processor can have open.
//!
//! Invariant: a chunk is never given out after its partition was started again, paused, taken away or lost. `start` and
//! `pause` raise the partition's generation at once; what the thread still brings of an older one is dropped here.

use footfall_delivery::{Assignment, CommitOutcome, Entry};
use footfall_processor::source::{Arrival, Chunk, SourceError};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use tokio::sync::{Notify, oneshot};

/// Bytes of records that are ready for the processor before the thread stops reading; librdkafka holds the rest.
const READY: usize = 4 * 1024 * 1024;

/// What the processor wants of the poll thread.
pub(crate) enum Command {
    Commit(Vec<Entry>, oneshot::Sender<CommitOutcome>),
    /// Read from this position; records belong to this generation.
    Start(u32, u64, u64),
    Pause(u32),
    Released(Vec<u32>),
    Rejoin,
    Stop,
}

/// How far one partition is.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    generation: u64,
    /// Position after the last record that was given out.
    given: Option<u64>,
    /// One past the last record that the broker has, as far as we know.
    end: u64,
}

#[derive(Default)]
struct Inner {
    commands: VecDeque<Command>,
    notices: VecDeque<Arrival>,
    chunks: VecDeque<Chunk>,
    bytes: usize,
    partitions: BTreeMap<u32, Progress>,
    /// The newest generation of any partition: one that was used never comes back.
    generation: u64,
    /// The processor has asked to join again: nothing of the old membership is given out any more.
    void: bool,
    failed: Option<SourceError>,
}

#[derive(Default)]
pub(crate) struct Exchange {
    inner: Mutex<Inner>,
    news: Notify,
    thread: OnceLock<Thread>,
    /// No broker can be reached.
    away: AtomicBool,
}

/// Called by the async half.
impl Exchange {
    /// What comes next: notices before records, because they void them.
    pub(crate) async fn next(&self, bytes: usize) -> Result<Arrival, SourceError> {
        loop {
            let news = self.news.notified();
            if let Some(arrival) = self.take(bytes) {
                return arrival;
            }
            news.await;
        }
    }

    fn take(&self, bytes: usize) -> Option<Result<Arrival, SourceError>> {
        let mut inner = self.lock();
        if inner.void {
            return None;
        }
        if let Some(notice) = inner.notices.pop_front() {
            return Some(Ok(notice));
        }
        let Some(chunk) = inner.chunks.pop_front() else {
            return inner.failed.take().map(Err);
        };
        let (chunk, rest) = split(chunk, bytes);
        let was_full = inner.bytes >= READY;
        inner.bytes = inner.bytes.saturating_sub(size(&chunk));
        if let Some(progress) = inner.partitions.get_mut(&chunk.partition) {
            progress.given = Some(chunk.next);
        }
        if let Some(rest) = rest {
            inner.chunks.push_front(rest);
        }
        let has_room = was_full && inner.bytes < READY;
        drop(inner);
        if has_room {
            self.wake();
        }
        Some(Ok(Arrival::Records(chunk)))
    }

    pub(crate) fn command(&self, command: Command) {
        self.lock().commands.push_back(command);
        self.wake();
    }

    pub(crate) fn start(&self, partition: u32, position: u64) {
        let mut inner = self.lock();
        let generation = inner.drop_chunks(partition);
        if let Some(progress) = inner.partitions.get_mut(&partition) {
            progress.given = Some(position);
        }
        inner
            .commands
            .push_back(Command::Start(partition, position, generation));
        drop(inner);
        self.wake();
    }

    pub(crate) fn pause(&self, partition: u32) {
        let mut inner = self.lock();
        inner.drop_chunks(partition);
        inner.commands.push_back(Command::Pause(partition));
        drop(inner);
        self.wake();
    }

    pub(crate) fn rejoin(&self) {
        let mut inner = self.lock();
        inner.clear();
        inner.void = true;
        inner.commands.push_back(Command::Rejoin);
        drop(inner);
        self.wake();
    }

    pub(crate) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// Whether the processor has been told that a partition is its own.
    pub(crate) fn is_ours(&self, partition: u32) -> bool {
        self.lock().partitions.contains_key(&partition)
    }

    /// Records behind what was given out, over all partitions that are read.
    pub(crate) fn behind(&self) -> u64 {
        let inner = self.lock();
        let behind = |progress: &Progress| Some(progress.end.saturating_sub(progress.given?));
        inner.partitions.values().filter_map(behind).sum()
    }
}

/// Called by the poll thread.
impl Exchange {
    /// The thread that [`Exchange::wake`] wakes.
    pub(crate) fn register(&self) {
        // Set once: there is one thread per exchange.
        let _ = self.thread.set(std::thread::current());
    }

    pub(crate) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    pub(crate) fn next_command(&self) -> Option<Command> {
        self.lock().commands.pop_front()
    }

    pub(crate) fn has_room(&self) -> bool {
        self.lock().bytes < READY
    }

    /// Whether brokers can be reached.
    pub(crate) fn set_away(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    /// Gives a chunk to the processor, unless it belongs to the past.
    pub(crate) fn bring(&self, chunk: Chunk, generation: u64) {
        let mut inner = self.lock();
        let current = inner
            .partitions
            .get(&chunk.partition)
            .is_some_and(|one| one.generation == generation);
        if !current || inner.void {
            return;
        }
        inner.bytes += size(&chunk);
        inner.chunks.push_back(chunk);
        drop(inner);
        self.news.notify_one();
    }

    /// Where a partition ends, for [`Exchange::behind`].
    pub(crate) fn ends(&self, ends: impl IntoIterator<Item = (u32, u64)>) {
        let mut inner = self.lock();
        for (partition, end) in ends {
            if let Some(progress) = inner.partitions.get_mut(&partition) {
                progress.end = progress.end.max(end);
            }
        }
    }

    /// A rebalance is over.
    pub(crate) fn assigned(&self, list: Vec<Assignment>) {
        let mut inner = self.lock();
        for one in &list {
            let generation = inner.drop_chunks(one.partition);
            let progress = Progress {
                generation,
                given: None,
                end: one.end,
            };
            inner.partitions.insert(one.partition, progress);
        }
        inner.notices.push_back(Arrival::Assigned(list));
        drop(inner);
        self.news.notify_one();
    }

    /// These are being taken away.
    pub(crate) fn revoke(&self, partitions: Vec<u32>) {
        let mut inner = self.lock();
        for partition in &partitions {
            inner.drop_chunks(*partition);
            inner.partitions.remove(partition);
        }
        inner.notices.push_back(Arrival::Revoke(partitions));
        drop(inner);
        self.news.notify_one();
    }

    /// Everything is gone; what was not yet given out has never been.
    pub(crate) fn lost(&self) {
        let mut inner = self.lock();
        inner.clear();
        inner.notices.push_back(Arrival::Lost);
        drop(inner);
        self.news.notify_one();
    }

    /// The thread has left the group, as [`Exchange::rejoin`] asked.
    pub(crate) fn left(&self) {
        let mut inner = self.lock();
        inner.clear();
        inner.void = false;
    }

    pub(crate) fn fail(&self, error: SourceError) {
        self.lock().failed = Some(error);
        self.news.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Drops what is ready of a partition, and what is on its way; gives its new generation.
    fn drop_chunks(&mut self, partition: u32) -> u64 {
        let bytes = &mut self.bytes;
        self.chunks.retain(|chunk| {
            let keep = chunk.partition != partition;
            if !keep {
                *bytes = bytes.saturating_sub(size(chunk));
            }
            keep
        });
        self.generation += 1;
        if let Some(progress) = self.partitions.get_mut(&partition) {
            (progress.generation, progress.given) = (self.generation, None);
        }
        self.generation
    }

    fn clear(&mut self) {
        self.notices.clear();
        self.chunks.clear();
        self.bytes = 0;
        self.partitions.clear();
    }
}

fn size(chunk: &Chunk) -> usize {
    chunk
        .records
        .iter()
        .map(|record| weight(record.content.len()))
        .sum()
}

/// A record costs memory even when it is empty.
pub(crate) fn weight(bytes: usize) -> usize {
    bytes + 128
}

/// About `bytes` of it, at least one record, and the rest.
fn split(mut chunk: Chunk, bytes: usize) -> (Chunk, Option<Chunk>) {
    let mut left = bytes;
    let fits = chunk.records.iter().take_while(|record| {
        let room = left > 0;
        left = left.saturating_sub(weight(record.content.len()));
        room
    });
    let at = fits.count().max(1);
    let Some(position) = chunk.records.get(at).map(|record| record.position) else {
        return (chunk, None);
    };
    let rest = Chunk {
        partition: chunk.partition,
        from: position,
        next: chunk.next,
        records: chunk.records.split_off(at),
    };
    chunk.next = position;
    (chunk, Some(rest))
}
