//! What the local log promises, one file per promise, against the real file system and against one that fails.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::cast_possible_truncation, reason = "the files of the tests are small")]

mod damage;
mod durable_and_ordered;
mod faults;
mod harness;
mod limits;
mod marks;
mod model;
mod owner;
mod sim;
mod witness;
