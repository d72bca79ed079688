//! The durable local log: every event goes through it before it is acknowledged.
//!
//! [`Log::append`] resolves after the fdatasync of its group. Each start of a node opens a new log with a random id in
//! the same folder; a record's number in it ([`Record::log_id`], [`Record::seq`]) is its identity for ever. A
//! [`Reader`] delivers all logs of the folder, oldest first, up to what is durable; numbers that can no longer be read
//! come as [`Item::Lost`], in their place. What every registered cursor has passed is removed, nothing else ever is.
//!
//! The way of an entry, and the module of each step:
//! 1. `queue`: the caller frames its entries (`frame`) into the waiting group, and waits (`group`).
//! 2. `writer`: one thread takes the group, adds a mark when one is due, writes it with one call, one fdatasync.
//! 3. `segment`: the file it goes to (`header`); a failed write or fsync poisons it, and the group goes to a new
//!    segment that supersedes it, with the same numbers.
//! 4. `catalogue`: what is durable, for everybody to see; `shared` ties it together, and trims.
//! 5. `reader`: goes through segments (`walk`) past damage, from memory where it can (`recent`), and saves its position
//!    (`cursor`).
//! 6. `recovery`: what an earlier start left in the folder (`folder`; torn ends go aside, and after a while: `corrupt`); [`Folder`] shows it without touching it.
//!
//! All I/O goes through the [`disk`] seam, so that the tests can refuse, forget and stop at every call.

mod blocks;
mod catalogue;
mod config;
mod corrupt;
mod cursor;
pub mod disk;
mod error;
mod folder;
mod frame;
mod group;
mod header;
mod inspect;
mod log;
mod queue;
mod reader;
mod recent;
mod record;
mod recovery;
mod segment;
mod shared;
mod state;
mod walk;
mod writer;

pub use catalogue::Position;
pub use config::Config;
pub use corrupt::expire_corrupt;
pub use cursor::META_BYTES;
pub use error::{AppendError, OpenError, ReadError};
pub use frame::{FRAME_BYTES, KIND_GROUP, KIND_MARK};
pub use group::Append;
pub use header::{HEADER_BYTES, SegmentHeader};
pub use inspect::{Folder, LogReport, SegmentReport, inspect};
pub use log::Log;

pub use reader::Reader;
pub use record::{Entry, Item, LOST_BYTES, Record};
pub use recovery::{Recovery, TornTail};
pub use state::{CursorStats, Room, State, Stats};
