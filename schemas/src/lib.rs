//! The contracts of Footfall. No I/O, no runtime: anyone may depend on this crate.
//!
//! In the order in which data flows:
//! 1. [`beacon`]: what the public may send, unchecked, and its [`limits`];
//! 2. [`event`]: what is in the log, stamped by `ingest` and trusted from there on ([`kind`], [`flag`]);
//! 3. [`reserved`]: names of events that are Footfall's own; [`click_ids`]: parameters of a page's address that are the
//!    advertisers';
//! 4. [`reject`]: why something was not kept; one enum for the HTTP answer, the counter and the ledger.
//!
//! The third type of trust, the enriched row, lives with the tables in `schemas/clickhouse`.

pub mod beacon;
pub mod click_ids;
pub mod event;
pub mod flag;
pub mod kind;
pub mod limits;
pub mod reject;
pub mod reserved;
pub mod site;
pub mod timestamp;

mod object;

pub use beacon::{Beacon, BeaconEvent};
pub use click_ids::CLICK_IDS;
pub use event::Event;
pub use flag::{Flag, Flags};
pub use kind::Kind;
pub use reject::Reject;
