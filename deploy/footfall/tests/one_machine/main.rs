//! The program from outside, against the real parts. Files are named for what they promise.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its harness too")]
#![expect(clippy::print_stdout, reason = "a search says how much it has read")]

mod backup;
mod broken_doors;
mod broken_setups;
mod commands;
mod configuration;
mod cookbook;
mod dashboard;
mod dashboard_doors;
mod demo;
mod earlier_folders;
mod enrich;
mod erase;
mod export;
mod grafana;
mod growth;
mod harness;
mod https;
mod install;
mod keys;
mod ledger;
mod logins;
mod nothing_arrives;
mod paths;
mod privacy;
mod proxies;
mod release;
mod replay;
mod retention;
mod salts;
mod self_check;
#[cfg(feature = "otel")]
mod traces;
mod up_and_down;
