//! Where records come from: the local log of one machine, or Kafka. Next: [`crate::decode`].
//!
//! The processor knows neither: `deploy/footfall` wires the log in, `processor/kafka` the broker. A source speaks of
//! partitions and positions as [`footfall_delivery`] does; a local log is one partition, 0, assigned once.

use bytes::Bytes;
use footfall_delivery::{Assignment, CommitOutcome, Entry, Numbers};
use std::fmt;
use std::future::Future;
use tokio::sync::oneshot;
use uuid::Uuid;

/// What a record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// An event, as `ingest` wrote it: JSON.
    Event(Bytes),
    /// The log's own record: every lower number of this log has been acknowledged. JSON:
    /// `{"through":17,…,"previous":{"log":"…","through":9}}`.
    Mark(Bytes),
    /// The log cannot read its numbers from this one to `last` any more.
    Lost {
        /// Last number of the range, included.
        last: u64,
        /// One sentence for the ledger.
        reason: String,
        /// What stands in their place, if anything.
        bytes: Bytes,
    },
    /// A record that the source itself cannot make sense of: a stranger's, with a number that the source has derived from
    /// its place. It goes to the ledger as it is.
    Unreadable {
        /// One sentence for the ledger.
        reason: String,
        /// The record.
        bytes: Bytes,
    },
    /// Of a newer release: it is waited for, as for an event of a newer format.
    Unknown {
        /// What is not known, for the ledger.
        what: String,
        /// The record.
        bytes: Bytes,
    },
}

impl Content {
    /// Bytes that the record keeps in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Event(bytes)
            | Self::Mark(bytes)
            | Self::Lost { bytes, .. }
            | Self::Unreadable { bytes, .. }
            | Self::Unknown { bytes, .. } => bytes.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One record, with its identity and its place in the transport.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Offset in the partition; within a [`Chunk`] they do not fall.
    pub position: u64,
    /// The local log that gave the number.
    pub log_id: Uuid,
    /// The number, from 1; of a lost range the first.
    pub seq: u64,
    /// When it was received, ms since 1970 by the edge's clock, as the frame (or Kafka's timestamp) says.
    pub time_ms: i64,
    /// What it holds.
    pub content: Content,
}

/// Consecutive records of one partition: all that it has from `from` up to, not including, `next`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The partition.
    pub partition: u32,
    /// Position of the first record, or where the last chunk ended.
    pub from: u64,
    /// Position after the last record.
    pub next: u64,
    /// The records.
    pub records: Vec<Record>,
}

/// What a source has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// A rebalance is over and these partitions were added. Nothing is read of them before [`Source::start`].
    Assigned(Vec<Assignment>),
    /// These are being taken away in good order; the source waits for [`Source::released`].
    Revoke(Vec<u32>),
    /// The assignment is gone.
    Lost,
    /// Records.
    Records(Chunk),
}

/// Answer to [`Source::read_again`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Again {
    /// The partition that they belong to; it must be one that is assigned.
    pub partition: u32,
    /// The records that are still here, of any position.
    pub records: Vec<Record>,
    /// Numbers that provably no copy has any more; they become `lost`.
    pub gone: Vec<Numbers>,
}

/// Answer to [`Source::settled`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// All of it.
    Yes,
    /// Not within the time that the source gives itself, or nobody knows.
    NotYet,
    /// Another processor audits this source.
    NotOurs,
}

/// A source that cannot go on. One that can (a broker that is away) waits instead.
#[derive(Debug)]
pub struct SourceError(pub Box<dyn std::error::Error + Send + Sync>);

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "read records: {}", self.0)
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}

/// The two sources have this in common.
pub trait Source: Send {
    /// Waits for the next thing to happen. At most about `bytes` of records at once. Cancel-safe: what a dropped
    /// future had taken comes again with the next call.
    fn next(&mut self, bytes: usize) -> impl Future<Output = Result<Arrival, SourceError>> + Send;

    /// Commits all entries with their metadata, or says that it could not. A local log saves and fsyncs its cursor.
    fn commit(&mut self, entries: &[Entry]) -> impl Future<Output = CommitOutcome> + Send;

    /// Reads `partition` from `position` on; whatever was read ahead of it is dropped.
    fn start(&mut self, partition: u32, position: u64);

    /// Stops reading `partition`; it stays assigned.
    fn pause(&mut self, partition: u32);

    /// The partitions of a [`Arrival::Revoke`] have no state here any more.
    fn released(&mut self, partitions: &[u32]);

    /// Leaves the group and joins again: what was assigned comes as a new [`Arrival::Assigned`].
    fn rejoin(&mut self);

    /// Finds records again that the auditor misses. `since`: rows with lower numbers of that log were received until then,
    /// ms since 1970; a hint for where to begin. A shared source may also send them to itself: then they come like any
    /// other record, to whoever reads their partition.
    fn read_again(
        &mut self,
        numbers: Numbers,
        since: Option<i64>,
    ) -> impl Future<Output = Result<Again, SourceError>> + Send;

    /// For a source that several processors share: asks whether everything that it has at this moment is in the tables,
    /// whoever has read it. `None`: a mark says so by itself, because its reader has read all lower numbers.
    fn settled(&mut self) -> Option<oneshot::Receiver<Settled>> {
        None
    }

    /// How many records wait behind what [`Source::next`] has given; `None` if it does not know.
    fn behind(&self) -> Option<u64>;

    /// Whether records could come: false while there is nobody to ask for them.
    fn is_connected(&self) -> bool {
        true
    }
}
