//! What a record looks like in the topic. Next: [`crate::Outgoing`] writes it, [`crate::decode`] reads it.
//!
//! ```text
//! key       visitor id; of a mark or a lost range: the log id. 36 characters of lower-case UUID
//! payload   the event's JSON as it stands in the log; of a mark its JSON; of a lost range what stood in its place
//! header    footfall   1 <log> <seq> <received> <type>
//!                      1 <log> <seq> <received> $lost <last> <reason>
//! ```
//! One line of words, one space between two:
//! - `1`, the format of the record: of this line, and of what the payload is. Decimal;
//! - the local log (UUID) and the number there (decimal, from 1): the record's identity, whatever the offset;
//! - when the edge received it, unix ms, decimal. It stands here because the topic is made with `LogAppendTime`:
//!   retention shall count from the arrival, not by an edge's clock or by the age of what a drained node still had;
//! - what it is: `page_view`, …, whose payload is JSON; the log's own records: `$mark` (JSON), `$lost` (any bytes). Any
//!   other word that begins with `$` is of a newer release;
//! - of a lost range: its last number (`<seq>` is the first), and why, which goes to the end of the line. Elsewhere
//!   words that follow are ignored.
//!
//! **In every format to come the first three words stay what they are**, so that a record that is not understood can
//! still be named, and waited for.
//!
//! One header, because librdkafka makes three allocations for the first one and one more for each other, on both sides.
//! Only a record whose request is traced has a second one, `traceparent` (W3C), for tools; our own reader finds the same
//! in the payload. Other headers (a mirror's) are let be.
//!
//! # The format before
//! Up to November 2026 the same stood in headers of its own; records of it are read for as long as a topic, a mirror
//! or a drained log may have them:
//!
//! ```text
//! headers   log             the local log, UUID
//!           seq             its number there, decimal, from 1
//!           received        when the edge received it, unix ms, decimal
//!           schema-version  `1`
//!           event-type      `page_view`, …, `$mark`, `$lost`
//!           content-type    `application/json`; of `$lost`: `application/octet-stream`
//!           last, reason    only of `$lost`
//! ```
//! A record with both is read by its `footfall`.

use uuid::Uuid;

/// The one header.
pub const HEADER: &str = "footfall";

/// `HEADER` as C has it.
pub const HEADER_C: &std::ffi::CStr = c"footfall";

/// The header of a record whose request is traced.
pub const TRACEPARENT: &str = "traceparent";

/// The format that this release writes.
pub const FORMAT: &str = "1";

/// Type of a log's mark.
pub const MARK_TYPE: &str = "$mark";

/// Type of a range that the log cannot read.
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
