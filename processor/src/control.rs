//! Watching and steering a running processor: live fates, its condition, and what an operator may tell it.

use crate::source::Settled;
use footfall_delivery::{Numbers, Reason, Tag};
use footfall_schemas::Kind;
use footfall_schemas::event::{Decision, SessionReason};
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use uuid::Uuid;

/// Fates that an observer may be behind before it misses some.
const NOTICES: usize = 4_096;
/// Requests that wait.
const REQUESTS: usize = 16;

/// The fate of one record, for people who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The log that gave the number.
    pub log_id: Uuid,
    /// The number.
    pub seq: u64,
    /// `None`: it is a row. Otherwise why it is in the ledger.
    pub reason: Option<Reason>,
    /// Milliseconds from receipt at the edge to the acknowledged insert.
    pub latency_ms: i64,
    /// What it says; `None` if it could not be read, or is a mark.
    pub event: Option<NoticedEvent>,
}

/// The part of an event that a person recognises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticedEvent {
    /// The client's id.
    pub event_id: Uuid,
    /// Site key.
    pub site: String,
    /// What happened.
    pub kind: Kind,
    /// Name of a custom event.
    pub name: String,
    /// Path of the page.
    pub path: String,
    /// Who it was.
    pub visitor: Uuid,
    /// In which session.
    pub session: Uuid,
    /// Why that began.
    pub session_reason: SessionReason,
    /// How the visitor is recognised.
    pub decision: Decision,
}

/// How the processor is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// Records become rows, or would if there were any for us: the source is connected and we are one of its readers, every
    /// assigned partition has been looked at and is being read, inserts are not refused.
    pub ready: bool,
    /// Why not, one short sentence; empty when ready.
    pub why_not: String,
    /// Partitions that are assigned to us: none is fine where there are more processors than partitions.
    pub assigned: usize,
    /// Of these, looked at and being read.
    pub reading: usize,
    /// Records that wait; `None` if the source does not know.
    pub behind: Option<u64>,
    /// Rows inserted since the start.
    pub rows: u64,
    /// Ledger rows inserted since the start.
    pub ledger: u64,
    /// The last round held everything that was received before this, ms since 1970.
    pub complete_to: i64,
}

impl Condition {
    /// How old the newest record in the tables is at `now`, ms; 0 before the first round.
    #[must_use]
    pub fn age(&self, now: i64) -> i64 {
        if self.complete_to == 0 {
            0
        } else {
            (now - self.complete_to).max(0)
        }
    }
}

/// What an operator, or the auditor, may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// The server that this owner's metadata names is gone for good.
    ServerGone(Tag),
    /// These numbers are not to be waited for if their version is not known.
    Skip(Vec<Numbers>),
    /// These numbers are missing: read them again. The time is a hint, see [`crate::Source::read_again`].
    ReadAgain(Numbers, Option<i64>),
}

/// A handle on a running processor.
#[derive(Debug, Clone)]
pub struct Control {
    notices: broadcast::Sender<Notice>,
    condition: Arc<watch::Sender<Condition>>,
    requests: mpsc::Sender<Asked>,
}

/// The processor's end of [`Control`].
pub(crate) type Requests = mpsc::Receiver<Asked>;

/// What comes over the channel.
#[derive(Debug)]
pub(crate) enum Asked {
    Request(Request),
    /// [`crate::Source::settled`].
    Settled(oneshot::Sender<Option<oneshot::Receiver<Settled>>>),
}

impl Control {
    pub(crate) fn new() -> (Self, Requests) {
        let (requests, received) = mpsc::channel(REQUESTS);
        let control = Self {
            notices: broadcast::Sender::new(NOTICES),
            condition: Arc::new(watch::Sender::new(Condition::default())),
            requests,
        };
        (control, received)
    }

    /// Fates from now on, as they are acknowledged. Under load only a part is told: at most 1,000 of each round.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.notices.subscribe()
    }

    /// How the processor is, and every change of it.
    #[must_use]
    pub fn condition(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }

    /// What is waited for: it is not ready. For what comes before [`crate::run`] too.
    pub fn waiting(&self, what: &str) {
        self.update(|condition| {
            condition.ready = false;
            what.clone_into(&mut condition.why_not);
        });
    }

    /// Asks for something; false if the processor has stopped.
    pub async fn request(&self, request: Request) -> bool {
        self.requests.send(Asked::Request(request)).await.is_ok()
    }

    /// [`crate::Source::settled`], asked and waited for; `None` also if the processor has stopped.
    pub(crate) async fn settled(&self) -> Option<Settled> {
        let (answer, asked) = oneshot::channel();
        self.requests.send(Asked::Settled(answer)).await.ok()?;
        // A source that forgets the question has not said yes.
        Some(asked.await.ok()??.await.unwrap_or(Settled::NotYet))
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.notices.receiver_count() > 0
    }

    pub(crate) fn tell(&self, notice: Notice) {
        // Fails only when the last observer has just left.
        let _ = self.notices.send(notice);
    }

    /// Whoever waits for a change is woken only if `change` says that there was one.
    pub(crate) fn update_if(&self, change: impl FnOnce(&mut Condition) -> bool) {
        self.condition.send_if_modified(change);
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Condition)) {
        self.condition.send_modify(change);
    }
}
