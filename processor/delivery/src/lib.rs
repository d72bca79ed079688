//! Delivery: every number of every local log ends once in `events`, or once in `ledger` with a reason, whatever crashes,
//! freezes, lies or comes twice on the way. This crate is the state machine that decides it, without clock, I/O, threads
//! or payloads. The processor drives it against real servers, the simulation in `tests/` against hostile ones; both run
//! this very code.
//!
//! The driver feeds [`Input`]s and does what the [`Output`]s say; at most one operation is open at a time. In order:
//!
//! 1. **Fence** (`fence`, `barrier`): [`Input::Assigned`] brings the committed [`Meta`]. `closed` needs nothing; `open`
//!    or absent: read the *server's* clock, wait until it has advanced by L, kill what the old owner left running.
//!    With an engine of our own ([`Mode::Child`]) the fresh child is the fence.
//! 2. **Look** (`look`, `classify`): the greatest number per log in both tables, and the recent event ids. Then
//!    [`Output::Start`]: the driver reads from there and [`Machine::offer`]s rounds of [`Head`]s.
//! 3. **Prove** (`proof`): server's clock, one accepted commit `open`; inserts may start for L from then.
//! 4. **Decide** (`classify`, `judge`, `known`): new numbers go in, others are looked up ([`Output::LookUp`]), an event
//!    id that is known under another number goes to the ledger. The result is [`Machine::decisions`].
//! 5. **Insert** (`work`, `doubt`): [`Output::InsertLedger`], then [`Output::InsertEvents`]. Any answer but a clean one
//!    with the right count is in doubt: wait for the deadline, barrier, look, prove, decide anew.
//! 6. **Position** (`work`): [`Output::RoundDone`] when both tables have the round; saved with the next proof.
//! 7. **Revoke** (`revoke`): [`Input::Revoke`] until [`Output::Released`]; `closed` is committed only if it is true.
//!
//! The auditor asks and repairs by itself, in the processor; it shares [`ranges`].
//!
//! # Decisions
//! - One operation at a time. A revoke gives up an open question, but waits for an open insert or commit; a round whose
//!   last insert is answered is finished at once, so a revoke never decides it anew.
//! - "Taken" and event ids are undone by number of the deciding and by a mark in the map, not by copying.
//! - An absent or foreign metadata is fenced by *database* ([`Tag::prefix`]): the owners of a topic that was made anew insert
//!   the same numbers under another topic id.
//! - An engine of our own that leaves an insert in doubt is replaced ([`Output::RestartEngine`]): a request that waits in
//!   its socket is seen by no list, killed by no tag, and an hour from its deadline.
//! - A refusal that the server itself states has ended: the tables are looked at without waiting for the deadline.
//! - After a commit of unknown outcome, `closed` included, the machine leaves the group: the client may still send it,
//!   stamped with a generation of then.
//! - A range that the log cannot read is always looked up; only what no table has becomes `lost`.
//!
//! # What a driver must do
//! - Answer every operation exactly once; never repeat an insert by itself; give inserts the tag, `max_execution_time`
//!   M and a client time-out below M. Call [`Input::Tick`] at [`Machine::wake_at`].
//! - Commit and serve group callbacks on one thread. Send [`Input::Assigned`] at the end of *every* rebalance, with
//!   metadata read after it, also when nothing was added. Stay in the revoke callback until [`Output::Released`].
//! - Build a [`Span`] from records read without a gap since [`Output::Start`] or the last round; drop what is buffered of
//!   a partition when it is released, lost, or started again.
//! - Encode what [`Machine::decisions`] says at *each* insert output: after doubt it may differ.
//! - Drain by no longer offering; send [`Input::Shutdown`] when [`Machine::wants_round`] is true again.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable
    )
)]

mod answer;
mod barrier;
mod classify;
mod config;
mod doubt;
mod fence;
mod head;
mod input;
mod judge;
mod known;
mod look;
mod machine;
mod meta;
mod output;
mod partition;
mod present;
mod proof;
pub mod ranges;
mod revoke;
mod round;
mod rules;
mod work;

pub use config::{Config, Mode};
pub use head::{Decision, Head, LostRow, Number, Numbers, Reason, Span, UNKNOWN_TIME, Verdict};
pub use input::{
    Answer, Assignment, Clock, CommitOutcome, Input, InsertOutcome, Looked, LookedUp, Op, RecentId,
    Unanswered,
};
pub use machine::{Machine, Offer, Status};
pub use meta::{MAX_BYTES, Meta, Tag};
pub use output::{Alarm, Entry, Output, Targets};
pub use rules::{Rule, Rules, Strict};
