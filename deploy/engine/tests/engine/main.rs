//! The engine process, seen from outside: every test starts the real one and talks HTTP to it.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod access;
mod clients;
mod compression;
mod escape;
mod inserts;
mod kill;
mod library;
mod life;
mod selects;
mod server;
