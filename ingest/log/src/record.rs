//! What goes in and what comes out: entries, records, and the numbers that are lost.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

/// Most bytes of a damaged place that an [`Item::Lost`] carries.
pub const LOST_BYTES: usize = 1 << 20;

/// What to append. The frame carries all but the payload, so a forwarder never parses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Opaque to the log; 0xFE and 0xFF are its own.
    pub kind: u8,
    /// When it was received, unix milliseconds.
    pub time_ms: u64,
    /// Visitor id: the key in Kafka.
    pub key: [u8; 16],
    /// The event, as JSON.
    pub payload: Vec<u8>,
}

/// A record as it was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The log it is in.
    pub log_id: Uuid,
    /// Its number there, from 1.
    pub seq: u64,
    /// As appended, or [`crate::KIND_MARK`].
    pub kind: u8,
    /// As appended.
    pub time_ms: u64,
    /// As appended; of a mark: the log id.
    pub key: [u8; 16],
    /// As appended: a slice of one read buffer, shared with its neighbours.
    pub payload: Bytes,
}

/// What a reader finds, in the order of the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A record whose CRC holds.
    Record(Record),
    /// Numbers that were given and can no longer be read: quarantined, or known to be durable and gone.
    Lost {
        /// The log they are of.
        log_id: Uuid,
        /// The first of them.
        first: u64,
        /// The last of them, included.
        last: u64,
        /// One sentence for the ledger.
        reason: String,
        /// What stands in their place on disk, at most [`LOST_BYTES`]; empty when nothing does.
        bytes: Bytes,
    },
}

/// Text of a mark's payload. `through` = the number before the mark: all of 1..=through have been given and, like the
/// mark itself, are durable. `previous` stands in the first record of a log and says where the one before it ended.
///
/// `{"through":17,"node":"edge-1","closing":false,"previous":{"log":"…","through":9}}`
pub(crate) fn mark(through: u64, node: &Arc<str>, closing: bool, previous: Option<(Uuid, u64)>) -> String {
    let previous = previous.map_or(String::new(), |(log, through)| {
        format!(",\"previous\":{{\"log\":\"{log}\",\"through\":{through}}}")
    });
    // `Config::check` admits no character in a node name that JSON would have to escape.
    format!("{{\"through\":{through},\"node\":\"{node}\",\"closing\":{closing}{previous}}}")
}

/// Whether a mark is the last record of a log that was closed in order.
pub(crate) fn is_closing(mark: &[u8]) -> bool {
    const CLOSING: &[u8] = b"\"closing\":true";
    mark.windows(CLOSING.len()).any(|window| window == CLOSING)
}
