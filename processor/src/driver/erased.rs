//! The list of whom no insert may bring back ([`crate::suppressed`]), kept fresh while there is something to insert, and held
//! against every body that leaves. Nothing is read on a machine on which nothing happens.
//!
//! The list may grow while a round is in hand. Its heads have been decided then, so what the list covers now is taken out of
//! the bodies: a ledger row `erased` goes first, by the same deadline, then the others. To the machine that is one insert.

use super::{Done, Driver, InHand};
use crate::decode::decode;
use crate::source::{Content, Source};
use crate::suppressed::{Key, LEASE, List, ListError, read};
use bytes::Bytes;
use footfall_delivery::{Decision, Input, InsertOutcome, Op, Reason};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// It is read again when it is older than this and there is something to insert.
const REFRESH: Duration = Duration::from_secs(1);
/// No round begins with an older one: there must be time for its inserts before their deadline.
const FRESH: Duration = Duration::from_secs(3);
/// No insert leaves with an older one: it would be refused.
const USABLE: Duration = Duration::from_millis(LEASE.unsigned_abs() / 2);

/// What is known of the list, beside the list itself, which is among the rules of a round.
#[derive(Debug)]
pub(super) struct Erased {
    key: Option<Key>,
    /// The server's clock before it was read.
    clock: i64,
    /// When it was begun to be read.
    begun: Option<Instant>,
    is_reading: bool,
    /// After a failure not before then.
    retry_at: Option<Instant>,
    /// Why it is not known; told once.
    pub(super) trouble: Option<String>,
}

/// An answer of the table.
pub(super) struct Read {
    begun: Instant,
    answer: Result<(i64, Option<List>), ListError>,
}

impl Erased {
    pub(super) fn new(key: Option<Key>) -> Self {
        Self {
            key,
            clock: 0,
            begun: None,
            is_reading: false,
            retry_at: None,
            trouble: None,
        }
    }

    fn is_younger(&self, age: Duration) -> bool {
        self.begun.is_some_and(|begun| begun.elapsed() <= age)
    }

    /// Whether a round may begin.
    pub(super) fn is_fresh(&self) -> bool {
        self.is_younger(FRESH)
    }

    /// When to look again why it is not fresh; nothing if an answer is awaited.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry_at.filter(|_| !self.is_reading && !self.is_fresh())
    }

    /// The deadline of an insert that is built with this list.
    fn deadline(&self, of_machine: i64) -> i64 {
        of_machine.min(self.clock + LEASE)
    }
}

impl<S: Source> Driver<S> {
    /// Reads the list again if it is time to.
    pub(super) fn keep_list(&mut self) {
        let is_needed = !self.ahead.is_empty() || self.in_hand.is_some();
        let may = self.erased.retry_at.is_none_or(|at| at <= Instant::now());
        if !is_needed || self.erased.is_reading || !may || self.erased.is_younger(REFRESH) {
            return;
        }
        self.read_list(None);
    }

    /// `instead`: an insert that is not sent, because it would be refused. The machine asks for it again.
    fn read_list(&mut self, instead: Option<Op>) {
        let (client, key, known) = (
            self.client.clone(),
            self.erased.key.clone(),
            Arc::clone(&self.rules.erased),
        );
        let is_first = self.erased.begun.is_none();
        self.erased.is_reading = true;
        self.ops.spawn(async move {
            let begun = Instant::now();
            let known = (!is_first).then_some(known.as_ref());
            let answer = read(&client, key.as_ref(), known).await;
            Done {
                // Nothing has been sent, which is what `Late` says.
                input: instead.map(|op| Input::Inserted(op, InsertOutcome::Late)),
                list: Some(Read { begun, answer }),
                inserter: None,
                body: Bytes::new(),
            }
        });
    }

    pub(super) fn list_read(&mut self, read: Read) {
        self.erased.is_reading = false;
        match read.answer {
            Ok((clock, list)) => {
                if self.erased.begun.is_none_or(|begun| begun <= read.begun) {
                    self.erased.begun = Some(read.begun);
                    self.erased.clock = clock;
                }
                self.erased.retry_at = None;
                if self.erased.trouble.take().is_some() {
                    tracing::info!("the list of erased persons is read again");
                }
                if let Some(list) = list {
                    self.rules.erased = Arc::new(list);
                    self.ahead.judge_again(&self.rules);
                }
            }
            Err(error) => {
                self.erased.retry_at = Some(Instant::now() + REFRESH);
                let trouble = error.to_string();
                if self.erased.trouble.as_ref() != Some(&trouble) {
                    tracing::error!(
                        error = trouble,
                        "nothing is inserted before it is known who was erased"
                    );
                    self.erased.trouble = Some(trouble);
                }
            }
        }
    }

    /// The deadline for an insert that leaves now; without one it does not leave, and the list is read.
    pub(super) fn list_deadline(&mut self, op: Op, of_machine: i64) -> Option<i64> {
        if !self.erased.is_younger(USABLE) {
            self.read_list(Some(op));
            return None;
        }
        Some(self.erased.deadline(of_machine))
    }
}

impl InHand {
    /// Holds the list against the round again, if it is another one than the round was decided with.
    pub(super) fn hold_against(&mut self, list: &Arc<List>) {
        if Arc::ptr_eq(&self.list, list) {
            return;
        }
        self.list = Arc::clone(list);
        let records = self.round.records.iter().enumerate();
        self.erased = records
            .filter(|(_, record)| match &record.content {
                Content::Event(payload) => decode(payload).is_ok_and(|event| list.covers(&event)),
                Content::Mark(_)
                | Content::Lost { .. }
                | Content::Unreadable { .. }
                | Content::Unknown { .. } => false,
            })
            .map(|(index, _)| index)
            .collect();
    }

    /// Duplicates that are covered now have that fate instead.
    pub(super) fn erase_duplicates(&mut self) {
        for index in &self.erased {
            if let Some(decision @ Decision::Duplicate { .. }) = self.decisions.get_mut(*index) {
                *decision = Decision::Ledger(Reason::Erased);
            }
        }
    }

    /// Takes rows that are covered now out of the decisions; gives those alone, as ledger rows, and how many they are.
    pub(super) fn erase_rows(&mut self) -> (Vec<Decision>, u64) {
        let mut fates = vec![Decision::LeaveOut; self.decisions.len()];
        let mut rows = 0;
        for index in &self.erased {
            let (Some(decision), Some(fate)) = (self.decisions.get_mut(*index), fates.get_mut(*index)) else {
                continue;
            };
            if *decision == Decision::Row {
                *decision = Decision::Ledger(Reason::Erased);
                *fate = Decision::Ledger(Reason::Erased);
                rows += 1;
            }
        }
        (fates, rows)
    }
}
