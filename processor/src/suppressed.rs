//! Erased, and to stay so: the list of whom no insert may bring back. It stands in the table `suppressed`, as keyed hashes
//! ([`Key`]), and the driver holds every record against it ([`List`]) before each insert. What it covers gets the fate
//! `erased`, without a byte of it.
//!
//! # Why nothing slips through
//!
//! The list is read again and again while there is something to insert: first the server's clock `c`, then the table. Every
//! insert is built with the newest list, and its deadline, which the server checks (`CONSTRAINT fresh`), is at most
//! `c + LEASE`. `footfall erase` writes its rows, and only when they are answered reads the server's clock `w`. An insert
//! that does not know them was built with a list that was read before they were there, so its `c` is not after `w`, and
//! it cannot begin after `w + LEASE`. So erase waits until the server's clock has passed that, and then until the
//! inserts that are still running by then have ended. From there on no insert that does not know the rows can succeed,
//! whoever sends it, however long it lay in a queue or a socket. No processor is asked for anything, so none can be missed.
//!
//! This holds on one machine, with a server of one's own, and in a cluster alike. What it needs: a clock of the server that does
//! not go back, as the rest of delivery does, and that no processor of a release before the list is running any more.
//!
//! A record that cannot be decoded belongs to nobody that we know of: it is not covered. A processor without the key refuses
//! to insert once there are rows.

mod key;
mod list;

pub use key::{Key, KeyError, Kind};
pub use list::{List, ListError, Span, read};

use footfall_delivery::Config;

/// How long after its list was read an insert may begin, by the server's clock, ms: that of delivery.
pub const LEASE: i64 = Config::LEASE;
