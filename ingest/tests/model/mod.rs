//! A reference for visitors and sessions, and a random world of browsers to try it in. Plain on purpose: names in place of
//! keyed hashes, civil dates in place of offsets, strings in place of numbers. The same files judge the pure code (a million
//! events, unit test of `identity`) and two nodes over HTTP (`promises/sessions.rs`).
//!
//! [`rule`] says what must come out of one request; [`world`] has sites, browsers, tabs and answers on their way, [`jar`]
//! a browser's cookies; [`dice`] is its randomness.

pub(crate) mod dice;
pub(crate) mod jar;
pub(crate) mod rule;
pub(crate) mod world;
