//! What a record looks like in the topic. Next: [`crate::Outgoing`] writes it, [`crate::decode`] reads it.
//!
//! ```text
//! key       visitor id; of a mark or a lost range: the log id. 36 characters of lower-case UUID
//! payload   the event's JSON as it stands in the log; of a mark its JSON; of a lost range what stood in its place
//! headers   log             the local log, UUID                           \ the record's identity,
//!           seq             its number there, decimal, from 1             / whatever the offset
//!           received        when the edge received it, unix ms, decimal
//!           schema-version  format of the payload, decimal
//!           event-type      `page_view`, …; the log's own records: `$mark`, `$lost`
//!           content-type    `application/json`; of `$lost`: `application/octet-stream`
//!           last, reason    only of `$lost`: last number of the range (`seq` is the first), and why
//! ```
//! `received` repeats the timestamp that the record is sent with, because the topic is made with `LogAppendTime`:
//! retention shall count from the arrival, not by an edge's clock or by the age of what a drained node still had.

use uuid::Uuid;

/// The format that this release writes and reads.
pub const VERSION: u16 = footfall_schemas::event::VERSION;

/// Of events and marks.
pub const CONTENT_TYPE: &str = "application/json";

/// `event-type` of a log's mark.
pub const MARK_TYPE: &str = "$mark";

/// `event-type` of a range that the log cannot read.
pub const LOST_TYPE: &str = "$lost";

/// Most bytes that stand in a lost range's place: under the least that a broker takes (1 MB).
pub const LOST_BYTES: usize = 512 << 10;

/// A record's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number {
    /// The local log that gave it.
    pub log_id: Uuid,
    /// From 1.
    pub seq: u64,
}

/// [`VERSION`] as the header has it.
pub(crate) const VERSION_TEXT: &str = "1";
const _: () = assert!(VERSION == 1, "VERSION_TEXT has to say the same");
