//! What a machine must know before it starts. The inputs that it then lives on are in [`crate::input`].

use crate::meta::Tag;

/// Which server the machine writes to, and so what a fence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The engine is our own child and dies with us: a fresh child is the barrier. No wait and no proof of
    /// ownership; an insert in doubt is settled by a fresh child ([`crate::Output::RestartEngine`]).
    Child,
    /// A server that outlives us. The commit goes to the group's coordinator (Kafka), or to a cursor file that
    /// is fsynced under a file lock (one machine with a server of its own: a group of exactly one member).
    Fenced,
}

/// Everything that is fixed for the life of a [`crate::Machine`]. Times are milliseconds.
#[derive(Debug, Clone)]
pub struct Config {
    /// What a fence is.
    pub mode: Mode,
    /// The tag that every insert of this process carries in `log_comment`; unique to this start of the process.
    pub tag: Tag,
    /// Id of the topic (or of the log folder) that positions belong to; metadata of another topic is void.
    pub topic: String,
    /// Address of the server, for the operator who reads the metadata; not compared.
    pub address: String,
    /// L: how long an insert may start after the proof that allows it (10 s).
    pub lease: i64,
    /// M: `max_execution_time` of an insert; the client's time-out is below it, and it is below L (8 s).
    pub max_execution: i64,
    /// How far the deadline of an insert lies ahead in [`Mode::Child`] (1 h).
    pub child_lease: i64,
    /// How far back a look reads `events` (35 days): older records are never taken for new.
    pub look_horizon: i64,
    /// How long an event id is remembered, by `received_at` (2 h).
    pub dedup_window: i64,
    /// How many event ids are remembered at most (4 M; about 48 bytes each).
    pub dedup_ids: usize,
    /// How long a refused commit may wait for the next assignment before the machine leaves the group (60 s).
    pub refused_patience: u64,
    /// Random key of the event id hash, so that nobody can send ids that collide.
    pub hash_key: u64,
}

impl Config {
    /// L of the design, ms.
    pub const LEASE: i64 = 10_000;

    /// The values of the design for `mode`. `hash_key` must be random.
    #[must_use]
    pub fn new(mode: Mode, tag: Tag, topic: &str, address: &str, hash_key: u64) -> Self {
        const HOUR: i64 = 3_600_000;
        Self {
            mode,
            tag,
            topic: topic.to_owned(),
            address: address.to_owned(),
            lease: Self::LEASE,
            max_execution: 8_000,
            child_lease: HOUR,
            look_horizon: 35 * 24 * HOUR,
            dedup_window: 2 * HOUR,
            dedup_ids: 4_000_000,
            refused_patience: 60_000,
            hash_key,
        }
    }
}
