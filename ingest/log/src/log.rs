//! The handle of an open log.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use tokio::sync::watch;
use uuid::Uuid;

use crate::catalogue::{LogEntry, Position};
use crate::config::Config;
use crate::cursor::{self, CursorFile};
use crate::disk::{Disk, RealDisk, read_up_to};
use crate::error::{OpenError, ReadError};
use crate::folder::{Layout, list};
use crate::frame::Seed;
use crate::group::Append;
use crate::queue::{Queue, lock};
use crate::reader::Reader;
use crate::recent::Recent;
use crate::record::Entry;
use crate::recovery::{self, Recovery};
use crate::shared::{Cursor, Shared};
use crate::state::{Counters, Room, State, Stats};
use crate::writer::Writer;

/// An open log; clones share it. When the last clone goes without [`Log::close`], what was queued is still written,
/// but there is no closing mark.
#[derive(Clone)]
pub struct Log {
    handle: Arc<Handle>,
}

struct Handle {
    shared: Arc<Shared>,
    closing_mark: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.queue.close();
        join(&self.thread);
    }
}

fn join(thread: &Mutex<Option<JoinHandle<()>>>) {
    let thread = lock(thread).take();
    if thread.is_some_and(|thread| thread.join().is_err()) {
        tracing::error!("the writer of the local log has panicked");
    }
}

impl Log {
    /// Takes the folder's lock, recovers what is in it, and begins a new log with a random id. Blocks for the fsyncs
    /// of its first record. A full or failing disk does not keep it from opening: see [`Log::state`].
    pub fn open(config: Config) -> Result<(Log, Recovery), OpenError> {
        Log::open_on(Arc::new(RealDisk), config)
    }

    /// The same on another file system: the tests' fault injector.
    pub fn open_on(disk: Arc<dyn Disk>, config: Config) -> Result<(Log, Recovery), OpenError> {
        config.check()?;
        let layout = Layout {
            folder: config.folder.clone(),
        };
        let io = |action, path: &Path, source: io::Error| OpenError::Io {
            action,
            path: path.to_owned(),
            source,
        };
        disk.create_dir(&layout.folder)
            .map_err(|e| io("make the folder", &layout.folder, e))?;
        let held = disk.lock(&layout.lock()).map_err(|e| match e.kind() {
            io::ErrorKind::WouldBlock => held_error(disk.as_ref(), &layout),
            _ => io("lock the folder with", &layout.lock(), e),
        })?;
        for folder in [layout.logs(), layout.cursors()] {
            disk.create_dir(&folder)
                .map_err(|e| io("make the folder", &folder, e))?;
        }
        disk.sync_dir(&layout.folder)
            .map_err(|e| io("fsync the folder", &layout.folder, e))?;
        let cursors =
            open_cursors(&disk, &layout).map_err(|e| io("list the cursors in", &layout.cursors(), e))?;
        let saved: Vec<Position> = cursors
            .values()
            .filter_map(|c| Some(c.saved.as_ref()?.0))
            .collect();
        let (mut catalogue, recovery) = recovery::recover(disk.as_ref(), &layout, &saved, true)
            .map_err(|e| io("recover the logs in", &layout.logs(), e))?;
        let id = Uuid::new_v4();
        let ordinal = catalogue.logs.last().map_or(1, |log| log.ordinal + 1);
        let (bytes, partitions) = (catalogue.bytes(), config.partitions);
        catalogue.logs.push(LogEntry {
            ordinal,
            id,
            segments: Vec::new(),
            last: 0,
        });
        let (announce, heard) = watch::channel(0);
        let shared = Arc::new(Shared {
            id,
            queue: Queue::new(Seed::of(id), &config, bytes),
            oldest: AtomicU64::new(1),
            config,
            layout,
            disk,
            counters: counters(&recovery),
            catalogue: Mutex::new(catalogue),
            recent: Recent::default(),
            cursors: Mutex::new(cursors),
            doomed: Mutex::default(),
            removing: Mutex::default(),
            durable: AtomicU64::new(0),
            partitions: AtomicU32::new(partitions),
            announce: Mutex::new(Some(announce)),
            heard,
            state: Mutex::new(State::Ready),
            reported: Mutex::new(reported(&recovery)),
            samples: Mutex::default(),
            held: Mutex::new(Some(held)),
        });
        let log = Log::start(shared, recovery.previous)?;
        Ok((log, recovery))
    }

    fn start(shared: Arc<Shared>, previous: Option<(Uuid, u64)>) -> Result<Log, OpenError> {
        let closing_mark = Arc::new(AtomicBool::new(false));
        let mut writer = Writer::new(Arc::clone(&shared), previous);
        writer.begin();
        let asked = Arc::clone(&closing_mark);
        let thread = thread::Builder::new()
            .name("footfall-log".to_owned())
            .spawn(move || writer.run(move || asked.load(Ordering::Acquire)))
            .map_err(|source| OpenError::Io {
                action: "start the writer of",
                path: shared.layout.folder.clone(),
                source,
            })?;
        Ok(Log {
            handle: Arc::new(Handle {
                shared,
                closing_mark,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }

    /// This start's log.
    pub fn id(&self) -> Uuid {
        self.handle.shared.id
    }

    /// Appends entries (a `Vec`, a slice, an array) under consecutive numbers, and resolves to those numbers after
    /// the fdatasync of their group. Nothing happens before the first poll. Dropped after it, the entries are still
    /// written; nobody hears of it.
    pub fn append<E: AsRef<[Entry]> + Unpin>(&self, entries: E) -> Append<'_, E> {
        Append::new(&self.handle.shared.queue, entries)
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.handle.shared.layout.folder
    }

    /// The number of Kafka partitions that the headers of segments to come say; that of the current segment stays.
    pub fn set_partitions(&self, partitions: u32) {
        self.handle.shared.partitions.store(partitions, Ordering::Relaxed);
    }

    /// Whether new entries are taken, and if not, why.
    pub fn state(&self) -> State {
        self.handle.shared.state()
    }

    /// How much room there is; cheap enough for every request.
    pub fn room(&self) -> Room {
        self.handle.shared.room()
    }

    /// The figures; cheap enough for a scrape, not for a request.
    pub fn stats(&self) -> Stats {
        self.handle.shared.stats()
    }

    /// A reader with a registered cursor, at its saved position: nothing that the cursor has not passed is ever
    /// removed. A new name begins at the oldest record. One reader per cursor at a time.
    pub fn reader(&self, cursor: &str) -> Result<Reader, ReadError> {
        if !cursor::valid_name(cursor) {
            return Err(ReadError::Name(cursor.to_owned()));
        }
        let shared = &self.handle.shared;
        let mut cursors = lock(&shared.cursors);
        let registered = cursors.entry(cursor.to_owned()).or_insert_with(|| {
            let path = shared.layout.cursors().join(cursor);
            let (file, saved) = CursorFile::open(shared.disk.as_ref(), path, Position::OLDEST);
            Cursor {
                file: Arc::new(Mutex::new(file)),
                saved,
                has_reader: false,
            }
        });
        if std::mem::replace(&mut registered.has_reader, true) {
            return Err(ReadError::Taken(cursor.to_owned()));
        }
        let position = registered
            .saved
            .as_ref()
            .map_or(Position::OLDEST, |(position, _)| *position);
        drop(cursors);
        Ok(Reader::live(Arc::clone(shared), cursor.to_owned(), position))
    }

    /// Takes no new entries, writes what is queued and the closing mark; resolves when they are durable, or the disk
    /// has refused them. Readers go on to the mark and save their positions, until [`Log::close`]. Appends fail with
    /// [`crate::AppendError::Closed`] from now on.
    pub async fn seal(&self) {
        let shared = &self.handle.shared;
        self.handle.closing_mark.store(true, Ordering::Release);
        shared.queue.seal();
        let mut heard = shared.heard.clone();
        while shared.state() != State::Closed && heard.changed().await.is_ok() {}
    }

    /// [`Log::seal`], if that was not done; then trims, frees the folder, ends the thread.
    pub async fn close(self) {
        self.seal().await;
        let shared = &self.handle.shared;
        shared.queue.close();
        let mut heard = shared.heard.clone();
        while heard.changed().await.is_ok() {}
        // The thread's last act was to drop the sender.
        join(&self.handle.thread);
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log")
            .field("id", &self.id())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

fn held_error(disk: &dyn Disk, layout: &Layout) -> OpenError {
    let pid = disk
        .open(&layout.lock(), false)
        .and_then(|file| read_up_to(file.as_ref(), 0, 20));
    let pid = pid.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pid = pid.map(|pid| pid.trim().to_owned()).filter(|pid| !pid.is_empty());
    let holder = pid.map_or("its pid is unknown".to_owned(), |pid| format!("pid {pid}"));
    OpenError::Held {
        folder: layout.folder.clone(),
        holder,
    }
}

/// Every cursor that was ever registered, whether it gets a reader or not.
fn open_cursors(disk: &Arc<dyn Disk>, layout: &Layout) -> io::Result<BTreeMap<String, Cursor>> {
    let mut cursors = BTreeMap::new();
    for name in list(disk.as_ref(), &layout.cursors())?
        .into_iter()
        .filter(|name| cursor::valid_name(name))
    {
        let (file, saved) = CursorFile::open(disk.as_ref(), layout.cursors().join(&name), Position::OLDEST);
        cursors.insert(
            name,
            Cursor {
                file: Arc::new(Mutex::new(file)),
                saved,
                has_reader: false,
            },
        );
    }
    Ok(cursors)
}

fn counters(recovery: &Recovery) -> Counters {
    let numbers = |ranges: &[(Uuid, u64, u64)]| {
        ranges
            .iter()
            .map(|(_, first, last)| last + 1 - first)
            .sum::<u64>()
    };
    let counters = Counters::default();
    Counters::add(&counters.torn_tails, recovery.torn_tails.len() as u64);
    Counters::add(&counters.quarantined, numbers(&recovery.quarantined));
    Counters::add(&counters.acked_lost, numbers(&recovery.acked_lost));
    counters
}

fn reported(recovery: &Recovery) -> std::collections::BTreeSet<(Uuid, u64)> {
    recovery
        .quarantined
        .iter()
        .chain(&recovery.acked_lost)
        .map(|(log, first, _)| (*log, *first))
        .collect()
}
