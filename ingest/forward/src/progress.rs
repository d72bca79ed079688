//! How far the forwarder is: counters for whoever renders metrics, and its trouble in one sentence.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

/// Shared with the forwarder while it runs; reading costs a few loads. How deep and how old the log is that waits
/// for it, the log knows: [`footfall_log::Stats::cursors`], by the name of [`crate::CURSOR`].
#[derive(Debug, Default)]
pub struct Progress {
    sent: AtomicU64,
    acknowledged: AtomicU64,
    acknowledged_bytes: AtomicU64,
    restarts: AtomicU64,
    recreated: AtomicU64,
    partitions: AtomicU64,
    in_flight: AtomicU64,
    last_acknowledged_ms: AtomicU64,
    connected: AtomicBool,
    trouble: Mutex<Option<String>>,
}

/// The figures at one moment. Counters count from the start of the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Records given to the producer, those sent again included.
    pub sent: u64,
    /// Records that the brokers have acknowledged.
    pub acknowledged: u64,
    /// Bytes of their payloads.
    pub acknowledged_bytes: u64,
    /// Producers given up after an error, and begun anew.
    pub restarts: u64,
    /// Times that the topic was found to be another one of the same name.
    pub recreated: u64,
    /// Partitions of the topic, 0 before the first answer.
    pub partitions: u64,
    /// Records under way.
    pub in_flight: u64,
    /// When the last acknowledgement came, unix ms; 0: none yet.
    pub last_acknowledged_ms: u64,
    /// Whether the topic has been found and nothing has failed since.
    pub connected: bool,
    /// What is wrong, for the operator.
    pub trouble: Option<String>,
}

impl Progress {
    /// All figures.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Snapshot {
            sent: count(&self.sent),
            acknowledged: count(&self.acknowledged),
            acknowledged_bytes: count(&self.acknowledged_bytes),
            restarts: count(&self.restarts),
            recreated: count(&self.recreated),
            partitions: count(&self.partitions),
            in_flight: count(&self.in_flight),
            last_acknowledged_ms: count(&self.last_acknowledged_ms),
            connected: self.connected.load(Ordering::Relaxed),
            trouble: self.lock().clone(),
        }
    }

    pub(crate) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn acknowledged(&self, records: u64, bytes: u64) {
        self.acknowledged.fetch_add(records, Ordering::Relaxed);
        self.acknowledged_bytes.fetch_add(bytes, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        self.last_acknowledged_ms.store(now, Ordering::Relaxed);
    }

    pub(crate) fn in_flight(&self, records: usize) {
        self.in_flight.store(records as u64, Ordering::Relaxed);
    }

    pub(crate) fn restarted(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn recreated(&self) {
        self.recreated.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connected(&self, partitions: u32) {
        self.partitions.store(u64::from(partitions), Ordering::Relaxed);
        self.connected.store(true, Ordering::Relaxed);
        self.well();
    }

    pub(crate) fn well(&self) {
        *self.lock() = None;
    }

    pub(crate) fn trouble(&self, text: String) {
        *self.lock() = Some(text);
    }

    pub(crate) fn disconnected(&self, text: String) {
        self.connected.store(false, Ordering::Relaxed);
        self.trouble(text);
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
