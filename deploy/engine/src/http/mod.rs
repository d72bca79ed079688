//! ClickHouse's HTTP interface: `serve.rs` accepts, `handle.rs` answers a request with the help of `asked.rs`
//! (what it says), `access.rs` (who it is), `run.rs` (what the engine makes of it) and `answer.rs` (headers).
//! Bytes come in through `input.rs` and go out through `output.rs`; `blocks.rs` is ClickHouse's own framing.

pub(crate) mod access;
pub(crate) mod answer;
pub(crate) mod asked;
pub(crate) mod blocks;
pub(crate) mod cancel;
pub(crate) mod handle;
pub(crate) mod input;
pub(crate) mod multipart;
pub(crate) mod output;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod select;
pub(crate) mod serve;
