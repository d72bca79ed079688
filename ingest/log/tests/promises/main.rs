//! What the local log promises, one file per promise, against the real file system and against one that fails.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod durable_and_ordered;
mod harness;
mod marks;
