//! The service over HTTP, against the real engine with the tables of this release.
//!
//! `harness` starts both; `reports` asks, `hostile` tries to get more than is offered, `doors` are passwords, tokens and
//! links, `forecast` looks ahead, `document` is what the API says of itself.

mod document;
mod doors;
mod forecast;
mod harness;
mod hostile;
mod reports;

footfall_clickhouse::process!();
