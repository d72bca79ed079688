//! What the tests of the whole pipeline share. They drive the built `footfall` binary from outside, as its users do:
//! over HTTP, by signals, and by what is on disk; nothing of the product is linked in.
//!
//! 1. [`footfall`]: starts, kills, freezes and restarts the real thing;
//!    [`cluster`]: the same for separate services around a real Kafka;
//! 2. [`http`]: a plain HTTP client that says honestly whether an answer came;
//! 3. [`load`]: makes events, sends them, and keeps the client's own count of what was acknowledged;
//! 4. [`books`]: compares that count, by value, with what is in ClickHouse, and reads the books;
//! 5. [`seed`]: randomness that a failure can be repeated with; [`latency`]: percentiles.

pub mod books;
pub mod cluster;
pub mod footfall;
pub mod http;
pub mod latency;
pub mod load;
pub mod proxy;
pub mod seed;
