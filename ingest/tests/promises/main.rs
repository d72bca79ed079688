//! What the edge promises, through its real port and its real log; one file per promise, the harness in `server.rs`
//! (starts everything in a temporary folder) and `http.rs` (a client that can misbehave).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod answers;
mod auth_log;
mod cors;
mod debug;
mod drain;
mod examples;
mod fields;
mod hostile_bodies;
mod http;
mod limits;
mod log_full;
mod pixel;
mod probes;
mod proxies;
mod refusals;
mod script;
mod server;
mod server_key;
mod sites_file;
mod slow;
