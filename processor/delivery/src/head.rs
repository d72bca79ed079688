//! A record as the machine sees it (no payload), and what becomes of it. [`crate::decide`] goes from one to the other.

use uuid::Uuid;

/// `received_at` of a record that could not be read. Such a record is never new: it is looked up.
pub const UNKNOWN_TIME: i64 = i64::MIN;

/// Identity of a record, for ever: in the log, in Kafka, in `events`, in `ledger`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number {
    /// The local log that gave the number.
    pub log_id: Uuid,
    /// Place in that log, from 1.
    pub seq: u64,
}

/// Numbers `first..=last` of one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Numbers {
    /// The local log.
    pub log_id: Uuid,
    /// First number.
    pub first: u64,
    /// Last number, not below the first.
    pub last: u64,
}

impl Numbers {
    /// How many they are.
    #[must_use]
    pub const fn count(&self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    /// Whether the number is one of them.
    #[must_use]
    pub fn has(&self, number: Number) -> bool {
        self.log_id == number.log_id && (self.first..=self.last).contains(&number.seq)
    }
}

/// Why a number has a row in `ledger` instead of one in `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The event is in `events` under another number.
    Duplicate,
    /// The record could not be decoded; its bytes are kept.
    Unreadable,
    /// Written by a newer version; only after the operator has said that it is not to be waited for.
    UnknownVersion,
    /// Erased on request.
    Erased,
    /// Beyond the retention.
    Expired,
    /// No copy is left.
    Lost,
    /// A number that the log gave to itself, so that silence differs from loss.
    Mark,
}

impl Reason {
    /// The value in the column `reason`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Unreadable => "unreadable",
            Self::UnknownVersion => "unknown_version",
            Self::Erased => "erased",
            Self::Expired => "expired",
            Self::Lost => "lost",
            Self::Mark => "mark",
        }
    }
}

/// What the decoder says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A row for `events`, unless its event id is known under another number.
    Row,
    /// A row for `ledger`.
    Ledger(Reason),
    /// The log cannot read its numbers `head.seq..=last` any more. What of them is in no table becomes `lost`.
    Lost {
        /// Last number of the range.
        last: u64,
    },
    /// A schema version that this process does not know: its partition stops in front of it.
    UnknownVersion,
}

/// One record of a round. A record of Kafka that carries no number of ours gets one from the driver: a log id
/// derived from topic id and partition, and its offset + 1; so it has a fate like any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The local log that gave the number.
    pub log_id: Uuid,
    /// Place in that log, from 1.
    pub seq: u64,
    /// Partition that it was read from.
    pub partition: u32,
    /// Offset in the partition, or place in the log. Within one partition of a round they rise.
    pub position: u64,
    /// Milliseconds by the edge's clock, or [`UNKNOWN_TIME`].
    pub received_at: i64,
    /// The client's id of the event; nil and all-ones count as missing.
    pub event_id: Uuid,
    /// What the decoder says.
    pub verdict: Verdict,
    /// Look the event id up in the table, not only in memory: the event says that it was retried, or that it was
    /// queued for longer than the window.
    pub check_table: bool,
}

/// What becomes of a record in this round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Into `events`.
    Row,
    /// Into `ledger`.
    Ledger(Reason),
    /// Into `ledger` as [`Reason::Duplicate`] of this number.
    Duplicate {
        /// The number that the event is known under.
        of: Number,
    },
    /// Into `ledger`, as the ranges that [`crate::Machine::lost`] says for this head (perhaps none).
    Lost,
    /// Nothing to do: its number is in a table already, or came earlier in this round.
    LeaveOut,
    /// Not in this round any more (revoked, or behind an unknown version): its position does not move.
    Dropped,
}

/// A row of `ledger` for numbers that no copy has any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostRow {
    /// Index of the head in the round.
    pub head: usize,
    /// The numbers.
    pub numbers: Numbers,
}

/// How far a round reaches in one partition: it holds *every* record from `from` up to, not including, `next`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The partition.
    pub partition: u32,
    /// Where the partition stood: must equal what [`crate::Output::Start`] or the last round said, or the whole
    /// span is dropped (it was read before a rebalance).
    pub from: u64,
    /// Where it stands when the round is done.
    pub next: u64,
}
