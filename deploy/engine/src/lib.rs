//! The real ClickHouse engine on one machine, without a server to install: libchdb behind ClickHouse's HTTP
//! interface, in a process of its own.
//!
//! ```text
//! parent:  library::locate ─► Engine::spawn ─────────────── stdin (password, lifeline) ┐   ┌ "ready 127.0.0.1:8123"
//! child:   process::main ─► sandbox ─► session (engine, folder) ─► http::serve ◄───────┘───┘
//! request: serve ─► handle ─► asked, access ─► plan (sql: lexer, statement, guard) ─► run ─► ffi ─► answer
//! ```
//!
//! Invariants. One fresh engine connection per request, none reused. `unsafe` is in `ffi.rs` only. SQL reads
//! and writes the data folder and nothing else: grants, guard and sandbox each hold by themselves what they
//! can. An insert is acknowledged with the number of rows that the engine has written, never with another.

mod base64;
mod config;
mod ffi;
mod http;
pub mod library;
pub mod npm;
mod process;
mod sandbox;
mod session;
mod sql;
mod status;
mod supervise;
mod values;

pub use config::{Config, ConfigError, Secret};
pub use process::main;
pub use session::StartError;
pub use sql::harmless;
pub use supervise::{Engine, SpawnError};
