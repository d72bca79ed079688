//! The table `ledger`: the numbers that did not become a row of `events`, each with its reason.
//!
//! It is the dead-letter store too: `payload` has the bytes of what could not be read. `books` adds both tables up.

use crate::native::{Bytes, Code, Fixed, Id, Millis, Number, Text};
use crate::table::table;

/// Name of the table.
pub const LEDGER: &str = "ledger";

table! {
    /// One range of numbers of one log and its fate.
    row LedgerRow;
    /// Ledger rows on their way into one insert.
    block LedgerBlock;
    /// Log that gave the numbers.
    log_id: Fixed<Id>, "CODEC(ZSTD(1))";
    /// First number of the range.
    first_seq: Fixed<Number>, "CODEC(Delta(8), ZSTD(1))";
    /// Last number of the range, itself included; the first again for a single record.
    last_seq: Fixed<Number>, "CODEC(Delta(8), ZSTD(1))";
    /// Why the numbers are not in `events`: a label of `footfall_schemas::Reject` from `unreadable` on.
    reason: Code, "CODEC(ZSTD(1))";
    /// What exactly, for a person.
    detail: Text, "CODEC(ZSTD(1))";
    /// The record's bytes where it could not be read; else empty.
    payload: Bytes, "CODEC(ZSTD(1))";
    /// Id of the event; nil if it is not known or not one event.
    event_id: Fixed<Id>, "CODEC(ZSTD(1))";
    /// Site of the event; empty if it is not known or not one site.
    site: Code, "CODEC(ZSTD(1))";
    /// When the fate was decided.
    at: Fixed<Millis>, "CODEC(T64, ZSTD(1))";
    /// Until when the server may accept this row; `DELIVERY` rule 3.
    insert_deadline: Fixed<Millis>, "CODEC(ZSTD(1))";
}
