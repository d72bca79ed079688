//! The tables: the bytes of a block against the format's description, and against the real engine.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

mod books;
mod cut;
mod engine;
mod links;
mod losses;
mod migrate;
mod native;
mod path_variety;
mod reports;
mod retain;
mod round_trip;
mod said;
mod session_bots;
mod session_sources;
mod upgrade;
mod users;

footfall_clickhouse::process!();
