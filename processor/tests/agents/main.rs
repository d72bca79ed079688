//! User agents, client hints and bots against sets that others wrote. Each test prints its figure.
//!
//! uap-core's own tests and iscrawl's lists lie in the sources of their crates, which Cargo.lock pins ([`crates`]).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on should stop, with its line; figures are printed"
)]

mod bots;
mod crates;
mod files;
mod foreign;
mod people;
mod properties;
mod sets;
mod uap_core;
