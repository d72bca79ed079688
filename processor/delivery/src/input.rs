//! What happens to a machine. Every answer names the operation that it answers; an answer to an operation that
//! was given up in the meantime is ignored, so a driver need not cancel anything. What it asks for: [`crate::output`].

use uuid::Uuid;

use crate::head::{Number, Numbers};
use crate::meta::Tag;

/// Names one operation of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Op(pub u64);

/// The server gave no usable answer to a question (never used for inserts or commits, where not knowing matters).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unanswered;

/// Answer to a question that may be asked again.
pub type Answer<T> = Result<T, Unanswered>;

/// One partition of an assignment, with what the coordinator (or the cursor file) says *now*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The partition.
    pub partition: u32,
    /// Committed position and metadata; `None` when there is none.
    pub committed: Option<(u64, String)>,
    /// First position that can be read.
    pub earliest: u64,
    /// One past the last position that can be read; `u64::MAX` if that is not known.
    pub end: u64,
}

/// The server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// `now64(3)` in milliseconds.
    pub now: i64,
    /// `serverUUID()`.
    pub server: Uuid,
}

/// Answer to [`crate::Output::Look`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looked {
    /// Per log the greatest number over `events` with `received_at >= rows_from` and over all of `ledger`
    /// (`last_seq`). A log may stand here several times; the greatest counts.
    pub highs: Vec<Number>,
    /// Event ids of `events` with `received_at >= ids_from`, in rising `received_at`, the newest `max_ids` of them.
    pub ids: Vec<RecentId>,
}

/// An event id in `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentId {
    /// The client's id.
    pub event_id: Uuid,
    /// The number that has it.
    pub number: Number,
    /// Milliseconds by the edge's clock.
    pub received_at: i64,
}

/// Answer to [`crate::Output::LookUp`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookedUp {
    /// Which of the asked numbers have a row in `events` (single numbers or ranges, in any order).
    pub events: Vec<Numbers>,
    /// The rows of `ledger` that touch an asked number.
    pub ledger: Vec<Numbers>,
    /// Rows of `events` with one of the asked event ids.
    pub ids: Vec<RecentId>,
}

/// What came of a commit. One bad element means that the whole is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommitOutcome {
    /// All partitions, in our generation; for a cursor file: fsynced.
    Accepted,
    /// The coordinator said no (unknown member, old generation, rebalance in progress).
    Refused,
    /// Anything else. It may be in, or come in later.
    Unknown,
}

/// What came of an insert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertOutcome {
    /// A clean answer with this `written_rows`.
    Written(u64),
    /// Code 469: the constraint refused it, nothing was written.
    Late,
    /// The server itself said that the statement has failed (code); blocks before the failing one may be in.
    Refused(i32),
    /// Time-out, cut connection, a proxy's error page, an answer that makes no sense.
    InDoubt,
}

/// An event in the life of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Time has passed; see [`crate::Machine::wake_at`].
    Tick,
    /// A rebalance is over and these were added (perhaps none: then a refused commit may be tried again).
    Assigned(Vec<Assignment>),
    /// These are being taken away in good order. The driver stays in its callback, feeding answers, until
    /// [`crate::Output::Released`].
    Revoke(Vec<u32>),
    /// The assignment is gone; others own the partitions already.
    Lost,
    /// Stop: as a revoke of everything; ends with [`crate::Output::Stopped`].
    Shutdown,
    /// The operator says that the server which this owner's metadata names is gone for good.
    ServerGone(Tag),
    /// The operator says that the unknown record in front of this partition is not to be waited for: it is read again,
    /// and the driver's decoder has another verdict on it now.
    Resume(u32),
    /// Answer to [`crate::Output::ReadClock`].
    Clock(Op, Answer<Clock>),
    /// Answer to [`crate::Output::Commit`].
    Committed(Op, CommitOutcome),
    /// Answer to [`crate::Output::List`]: the ids of the running queries.
    Listed(Op, Answer<Vec<String>>),
    /// Answer to [`crate::Output::Kill`].
    Killed(Op, Answer<()>),
    /// Answer to [`crate::Output::Look`].
    Looked(Op, Answer<Looked>),
    /// Answer to [`crate::Output::LookUp`].
    LookedUp(Op, Answer<LookedUp>),
    /// Answer to [`crate::Output::InsertLedger`] and [`crate::Output::InsertEvents`].
    Inserted(Op, InsertOutcome),
    /// Answer to [`crate::Output::RestartEngine`].
    EngineFresh(Op, Answer<()>),
}
