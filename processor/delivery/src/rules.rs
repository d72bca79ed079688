//! The rules of delivery that the simulation breaks, one at a time, to show that each is needed and that its checker
//! sees it. Production knows only [`Strict`], a type without size whose answer is a constant: no switch is left in
//! the compiled code.

/// A rule of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Fence: wait L after an assignment before the barrier.
    WaitLease,
    /// Fence: kill what the old owner left running, and see that it is gone.
    Barrier,
    /// Fence: absent metadata needs the wait, and the barrier for everybody else's tag.
    FenceAbsent,
    /// Fence: look only after it.
    FenceBeforeLook,
    /// Fence: the first `open` only after it, or it hides the old owner's tag.
    FenceBeforeOpen,
    /// Look at all.
    Look,
    /// Look again after a fence or doubt.
    LookAgain,
    /// A record older than the look's horizon is never new.
    Horizon,
    /// A number that is not new is looked up, never dropped on a guess.
    LookUp,
    /// Only the first copy of a number in a round counts.
    FirstCopy,
    /// Prove ownership before inserting.
    Prove,
    /// A newly assigned partition needs a proof of its own.
    ProveNewPartition,
    /// Inserts into `events` have a deadline.
    Deadline,
    /// Inserts into `ledger` have a deadline.
    LedgerDeadline,
    /// An insert in doubt is settled before anything is sent again.
    SettleDoubt,
    /// Doubt: wait for the deadline first.
    WaitInDoubt,
    /// Doubt: barrier for our own tag.
    OwnBarrier,
    /// Doubt about an engine of our own: only a fresh child settles it, a kill by tag does not.
    FreshChild,
    /// `written_rows` must be what was sent.
    WrittenRows,
    /// `closed` only when the fence is over and `open` was accepted.
    ClosedOnlyIfOpen,
    /// `closed` only with nothing in doubt.
    ClosedOnlyIfCertain,
    /// A revoked partition's records leave a round that goes on.
    RemoveRevoked,
    /// Event ids are known with their numbers, and those of a round that is given up are taken back: a record is not
    /// a duplicate of itself.
    IdsWithNumbers,
    /// The position moves only when the round is in both tables.
    PositionAfterTables,
    /// After a commit of unknown outcome the machine leaves the group.
    LeaveOnUnknown,
}

/// Says which rules are kept.
pub trait Rules {
    /// Whether `rule` is kept.
    fn keeps(&self, rule: Rule) -> bool;
}

/// All of them: what production runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Strict;

impl Rules for Strict {
    #[inline(always)]
    fn keeps(&self, _rule: Rule) -> bool {
        true
    }
}
