//! The forwarder: local log -> Kafka. It sends every number in order, again after every doubt, and never another one
//! in its place.
//!
//! **A number has one partition for ever**: murmur2 of its key over N, where N stands in the header of its segment or,
//! when the segment was begun before there was a Kafka, in the file `partitions` beside the logs, fixed and fsynced
//! before the first record of the segment is sent. More partitions count from the next segment on.
//!
//! The position that is saved (the log's cursor [`CURSOR`]) is behind every record that is not acknowledged. Every error
//! of the producer counts as "possibly persisted": a new producer begins again at the last acknowledged position, with
//! the same numbers. Without a broker the log grows, and nothing else happens.
//!
//! 1. `feed`: items from the log's reader, with the number of partitions of their segment (`fixed`);
//! 2. `sender`: the idempotent producer (`handle`: the call; `reports`: its answers; `bell`: how it wakes us);
//! 3. `window`: what is under way, and up to where everything is acknowledged;
//! 4. `pump`: the loop around them; [`run`] for a node, [`drain`] for the log of a node that is gone, [`resend`] for
//!    numbers that are still kept; [`Progress`]: how far it is.
//!
//! Beside it [`share`] gives all nodes the same salts of the days, through a topic of their own.

mod bell;
mod config;
mod drain;
mod error;
mod feed;
mod fixed;
mod handle;
mod progress;
mod pump;
mod reports;
mod resend;
mod run;
mod salts;
mod sender;
mod window;

pub use config::Config;
pub use drain::{Drained, drain};
pub use error::ForwardError;
pub use progress::{Progress, Snapshot};
pub use resend::{Range, Resent, resend};
pub use run::run;
pub use salts::{SALT_PARTITIONS, Salts, share};

/// Name of the forwarder's cursor in the log's folder.
pub const CURSOR: &str = "forward";
