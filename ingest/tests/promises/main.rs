//! What the edge promises, through its real port and its real log; one file per promise, the harness in `server.rs`
//! (starts everything in a temporary folder), `http.rs` (a client that can misbehave) and `secure_client.rs` (TLS, HTTP/2). `../model` is the reference for
//! visitors and sessions.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod answers;
mod auth_log;
mod cookies;
mod cors;
mod debug;
mod drain;
mod examples;
mod fairness;
mod fields;
mod hostile_bodies;
mod http;
mod http2;
mod https;
mod https_pairs;
mod late;
mod limits;
mod log_full;
#[path = "../model/mod.rs"]
mod model;
mod pixel;
mod privacy;
mod probes;
mod proxies;
mod refusals;
mod rotation;
mod script;
mod secure_client;
mod server;
mod server_key;
mod sessions;
mod site_limits;
mod sites_file;
mod slow;
mod spoof;
mod takeover;
mod unbelieved;
