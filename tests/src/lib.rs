//! What the tests of the whole pipeline share. They drive the built `footfall` binary from outside, as its users do:
//! over HTTP, by signals, and by what is on disk; nothing of the product is linked in.
//!
//! 1. [`footfall`]: starts, kills, freezes and restarts the real thing, [`server`] the engine alone;
//!    [`cluster`] and [`service`]: the same for separate services around a real Kafka, and `kafka`: what an operator or a
//!    stranger does to it;
//! 2. [`http`]: a plain HTTP client that says honestly whether an answer came;
//! 3. [`load`]: makes events, sends them, and keeps the client's own count of what was acknowledged;
//!    [`steady`]: the same at a rate, for as long as a cluster lives;
//! 4. [`proxy`] and [`gate`]: the way to ClickHouse, cut, delayed, or with an insert held back;
//! 5. [`books`]: compares that count, by value, with what is in ClickHouse, and reads the books;
//!    [`account`]: the same bit by bit, for more events than memory holds;
//! 6. [`seed`]: randomness that a failure can be repeated with; [`latency`]: percentiles.

pub mod account;
pub mod books;
pub mod cluster;
pub mod footfall;
pub mod gate;
pub mod http;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod latency;
pub mod load;
pub mod proxy;
pub mod seed;
pub mod server;
pub mod service;
pub mod steady;
