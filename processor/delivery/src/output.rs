//! What a machine wants done. At most one operation (an output with an [`Op`]) is open at a time; the others are
//! notices. The answers are in [`crate::input`].

use uuid::Uuid;

use crate::head::{Number, Numbers};
use crate::input::Op;
use crate::meta::{Meta, Tag};

/// Whose queries a barrier is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Targets {
    /// Exactly these tags.
    pub tags: Vec<Tag>,
    /// And every tag that begins with [`Tag::prefix`] of the given one, but that one itself.
    pub all_but: Option<Tag>,
}

/// One element of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The partition.
    pub partition: u32,
    /// First position that is not done.
    pub position: u64,
    /// What to write beside it ([`Meta::encode`]).
    pub meta: Meta,
}

/// Something that a person should know. The machine goes on by itself where it can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// The metadata of this partition names another server: held until [`crate::Input::ServerGone`] of its tag.
    OtherServer {
        /// The partition.
        partition: u32,
        /// The server that the metadata names.
        server: Uuid,
        /// Whose metadata it is.
        tag: Tag,
    },
    /// The address answers as another server than before: everything is fenced again, and held.
    ServerChanged {
        /// The server that we knew.
        was: Uuid,
        /// The server that answers now.
        is: Uuid,
    },
    /// A record of a newer version: the partition waits in front of it, until [`crate::Input::Resume`].
    UnknownVersion {
        /// The partition.
        partition: u32,
        /// Where it waits.
        position: u64,
        /// What it waits in front of.
        number: Number,
    },
    /// The server has refused the same round this many times (its code); nothing is thrown away.
    Refusing {
        /// ClickHouse's error code.
        code: i32,
        /// Times in a row.
        times: u32,
    },
    /// Queries that were killed are still there after this many polls.
    BarrierStuck {
        /// Polls so far.
        polls: u32,
    },
    /// A refused commit saw no assignment for too long: the machine leaves the group.
    NoAssignment,
}

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Ask for `now64(3)` and `serverUUID()`.
    ReadClock(Op),
    /// One synchronous commit of all entries, on the poll thread.
    Commit(Op, Vec<Entry>),
    /// Ids of the running queries of these tags, from `system.processes`.
    List(Op, Targets),
    /// `KILL QUERY` of these tags, without SYNC. Answered when the statement was taken.
    Kill(Op, Targets),
    /// Read the tables, see [`crate::input::Looked`].
    Look {
        /// The operation.
        op: Op,
        /// r: `events` counts from this `received_at` (milliseconds).
        rows_from: i64,
        /// Event ids count from this `received_at` (milliseconds).
        ids_from: i64,
        /// At most so many event ids, the newest.
        max_ids: usize,
    },
    /// Ask both tables for these numbers, and `events` for these event ids (any `received_at`).
    LookUp {
        /// The operation.
        op: Op,
        /// Single numbers, and ranges that may be lost.
        numbers: Vec<Numbers>,
        /// Event ids.
        event_ids: Vec<Uuid>,
    },
    /// Insert what [`crate::Machine::decisions`] sends to `ledger`, with the tag, in one statement.
    InsertLedger {
        /// The operation.
        op: Op,
        /// How many rows that must be.
        rows: u64,
        /// `insert_deadline` of each, milliseconds of the server's clock.
        deadline: i64,
    },
    /// Insert what [`crate::Machine::decisions`] sends to `events`, with the tag, in one statement.
    InsertEvents {
        /// The operation.
        op: Op,
        /// How many rows that must be.
        rows: u64,
        /// `insert_deadline` of each, milliseconds of the server's clock.
        deadline: i64,
    },
    /// The child that took the last insert must be dead and reaped, and another ready. A driver that has already
    /// started another since then answers at once.
    RestartEngine(Op),
    /// Read this partition from here; its records may be offered now.
    Start {
        /// The partition.
        partition: u32,
        /// First position to read.
        position: u64,
    },
    /// Stop reading this partition; it stays assigned.
    Pause {
        /// The partition.
        partition: u32,
    },
    /// The round is in both tables; these are the new positions. Its payloads may be dropped.
    RoundDone(Vec<(u32, u64)>),
    /// These partitions have no state here any more; the revoke callback may return.
    Released(Vec<u32>),
    /// Leave the group and join again; all state is dropped already.
    LeaveAndRejoin,
    /// A person should know.
    Alarm(Alarm),
    /// Nothing more will come.
    Stopped,
}
