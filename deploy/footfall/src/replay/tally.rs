//! What became of each entry, or would, counted by reason; and why some can never be sent again.

use crate::cli::Filter;
use crate::ledger::ask;
use crate::ledger::filter::{Condition, REASONS};
use crate::replay::candidates::REPLAYABLE;
use crate::terminal::{Colour, count, paint, say};
use ::clickhouse::{Client, Row};
use anyhow::Result;
use footfall_delivery::Reason;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// It goes again.
    Sent,
    /// Its event is in the table.
    Row,
    /// Another entry of its event goes.
    Twice,
    /// This release cannot read it either.
    StillUnreadable,
    /// Nor know its version.
    StillUnknown,
    /// Its bytes were not kept.
    NoPayload,
    /// Its event was erased.
    Erased,
    /// Entries of this reason are never sent again.
    Refused,
}

impl Outcome {
    fn label(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Row => "is_a_row",
            Self::Twice => "twice",
            Self::StillUnreadable => "still_unreadable",
            Self::StillUnknown => "still_unknown",
            Self::NoPayload => "no_payload",
            Self::Erased => "erased",
            Self::Refused => "refused",
        }
    }

    fn words(self, reason: Reason, dry: bool) -> &'static str {
        match self {
            Self::Sent if dry => "would be sent again",
            Self::Sent => "sent again",
            Self::Row => "left out: the event is in the table already",
            Self::Twice => "left out: another entry of the same event goes",
            Self::StillUnreadable => "refused: this release cannot read it either",
            Self::StillUnknown => "refused: this release does not know its version either",
            Self::NoPayload => "refused: no payload",
            Self::Erased => "refused: the event was erased on request, and stays so",
            Self::Refused => refusal(reason),
        }
    }
}

/// Why entries of this reason have nothing to send.
fn refusal(reason: Reason) -> &'static str {
    match reason {
        Reason::Duplicate => "refused: the event is in the table, under the number that the detail names",
        Reason::Erased => "refused: erased on request, and stays so",
        Reason::Expired => "refused: beyond the retention",
        Reason::Lost => "refused: no copy is left",
        Reason::Mark => "refused: a record of the log's own, no event",
        Reason::Unreadable | Reason::UnknownVersion => "refused",
    }
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<(Reason, Outcome), u64>,
}

impl Tally {
    pub(super) fn add(&mut self, reason: Reason, outcome: Outcome, entries: u64) {
        *self.counts.entry((reason, outcome)).or_default() += entries;
    }

    pub(super) fn of(&self, outcome: Outcome) -> u64 {
        let counts = self.counts.iter().filter(|((_, one), _)| *one == outcome);
        counts.map(|(_, count)| count).sum()
    }

    /// Something went, or nothing had to.
    pub(super) fn is_good(&self) -> bool {
        let needless = |outcome: &Outcome| matches!(outcome, Outcome::Row | Outcome::Twice);
        self.of(Outcome::Sent) > 0 || self.counts.keys().all(|(_, outcome)| needless(outcome))
    }

    pub(super) fn print(&self, dry: bool) {
        if self.counts.is_empty() {
            return say("nothing: no such entry is in the ledger");
        }
        for ((reason, outcome), entries) in &self.counts {
            say(format_args!(
                "{:<16}{:>12}  {}",
                reason.label(),
                count(*entries),
                outcome.words(*reason, dry)
            ));
        }
        let sent = self.of(Outcome::Sent);
        if sent > 0 && !dry {
            let text = "each has a new number now and becomes a row with the event's id and times of then; `footfall audit` shows the books";
            say(paint(Colour::Green, text));
        }
    }

    pub(super) fn as_json(&self, dry: bool) -> serde_json::Value {
        let outcomes: Vec<_> = (self.counts.iter())
            .map(|((reason, outcome), entries)| {
                serde_json::json!({ "reason": reason.label(), "outcome": outcome.label(), "entries": entries })
            })
            .collect();
        serde_json::json!({ "dry_run": dry, "sent": self.of(Outcome::Sent), "outcomes": outcomes })
    }
}

/// Counts what is meant and can never be sent again. Marks only if they are asked for.
pub(super) async fn refused(client: &Client, filter: &Filter, tally: &mut Tally) -> Result<()> {
    #[derive(Row, Deserialize)]
    struct Count {
        reason: String,
        entries: u64,
    }
    let never = |reason: &Reason| !REPLAYABLE.contains(reason);
    let asked: Vec<Reason> = if filter.reasons.is_empty() {
        let events = |reason: &Reason| never(reason) && *reason != Reason::Mark;
        REASONS.into_iter().filter(events).collect()
    } else {
        filter.reasons.iter().copied().filter(never).collect()
    };
    if asked.is_empty() {
        return Ok(());
    }
    let meant = Filter {
        reasons: asked,
        ..filter.clone()
    };
    let condition = Condition::new(&meant, &[]);
    let sql = format!(
        "SELECT toString(reason) AS reason, count() AS entries FROM ledger WHERE {} GROUP BY reason",
        condition.sql()
    );
    let query = condition.bind(client.query(&sql));
    for found in ask("count the ledger", query.fetch_all::<Count>()).await? {
        if let Some(reason) = REASONS.into_iter().find(|reason| reason.label() == found.reason) {
            tally.add(reason, Outcome::Refused, found.entries);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Tally};
    use footfall_delivery::Reason;

    #[test]
    fn it_is_good_if_something_went_or_nothing_had_to() {
        let of = |outcomes: &[Outcome]| {
            let mut tally = Tally::default();
            for outcome in outcomes {
                tally.add(Reason::Unreadable, *outcome, 1);
            }
            tally.is_good()
        };
        assert!(of(&[]) && of(&[Outcome::Row]) && of(&[Outcome::Sent, Outcome::Refused]));
        assert!(!of(&[Outcome::StillUnreadable]) && !of(&[Outcome::Row, Outcome::Refused]));
    }
}
