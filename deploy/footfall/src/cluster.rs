//! Footfall as separate services, with Kafka between them: `footfall ingest` and `footfall processor`, any number of each.
//!
//! The services are the very parts that `footfall up` runs in one process; only what lies between them differs. In the
//! order of an event's way:
//! 1. [`kafka`]: the settings as the Kafka crates want them;
//! 2. [`ingest`]: edge → log → forwarder;
//! 3. [`processor`]: Kafka → tables;
//! 4. [`topics`]: the topic made and compared with its settings;
//! 5. `positions`: how far the group is, without joining it;
//! 6. `missing`: what the auditor misses and the topic may have; [`lost`]: what nobody has any more;
//! 7. [`kept`]: `footfall drain` and `footfall resend`, for logs that are kept on a node.

pub mod ingest;
pub mod kafka;
pub mod kept;
pub mod lost;
pub(crate) mod missing;
pub(crate) mod positions;
pub mod processor;
pub mod topics;
