//! What a round means for people once it is in the tables: counters, latencies, the condition, and live fates for
//! whoever watches. Costs one pass over the heads; fates are made only if somebody listens.

use super::{Driver, InHand, wall_clock};
use crate::control::{Notice, NoticedEvent};
use crate::decode::decode;
use crate::enrich::location;
use crate::measure::{self, Latencies};
use crate::source::{Content, Record, Source};
use crate::trace;
use footfall_delivery::{Decision, Head, Input, InsertOutcome, Reason, Verdict};
use metrics::counter;
use serde::Deserialize;
use uuid::Uuid;

/// Fates of one round that are told: people read no faster, and a decode for each costs a microsecond.
const TOLD: usize = 1_000;

impl<S: Source> Driver<S> {
    /// Latencies end when the insert into `events` is acknowledged, not when the round is.
    pub(super) fn note(&mut self, input: &Input) {
        let Input::Inserted(_, InsertOutcome::Written(written)) = input else {
            return;
        };
        self.refusing = false;
        let Some(in_hand) = self.in_hand.as_ref().filter(|round| round.into_events) else {
            return;
        };
        let rows = in_hand
            .decisions
            .iter()
            .filter(|decision| **decision == Decision::Row)
            .count();
        if rows as u64 != *written {
            return;
        }
        let now = wall_clock();
        let mut latencies = Latencies::default();
        for (head, _) in in_hand
            .outcomes()
            .filter(|(_, decision)| **decision == Decision::Row)
        {
            latencies.add(now.saturating_sub(head.received_at));
        }
        latencies.record();
    }

    pub(super) fn round_done(&mut self, positions: &[(u32, u64)]) {
        let Some(in_hand) = self.in_hand.take() else {
            return;
        };
        counter!(measure::ROUNDS).increment(1);
        self.count(&in_hand);
        self.note_newest(&in_hand);
        self.close_marks(&in_hand, positions);
        trace::settled(&in_hand.round.traced, &in_hand.round.heads, &in_hand.decisions);
        if self.control.is_watched() {
            self.tell(&in_hand);
        }
        let mut round = in_hand.round;
        round.clear();
        self.spare = Some(round);
    }

    fn count(&mut self, in_hand: &InHand) {
        let (mut rows, mut fates) = (0_u64, 0_u64);
        for (_, decision) in in_hand.outcomes() {
            match decision {
                Decision::Row => rows += 1,
                Decision::Ledger(_) | Decision::Duplicate { .. } | Decision::Lost => {
                    fates += 1;
                    let reason = reason(decision).map_or("", Reason::label);
                    counter!(measure::LEDGER, "reason" => reason).increment(1);
                }
                Decision::LeaveOut | Decision::Dropped => {}
            }
        }
        let left_out = in_hand.round.heads.len() as u64 - rows - fates;
        counter!(measure::ROWS).increment(rows);
        counter!(measure::LEFT_OUT).increment(left_out);
        self.control.update(|condition| {
            condition.rows += rows;
            condition.ledger += fates;
        });
    }

    fn note_newest(&mut self, in_hand: &InHand) {
        let newest = in_hand
            .round
            .records
            .iter()
            .map(|record| record.time_ms)
            .max()
            .unwrap_or_default();
        self.control
            .update(|condition| condition.complete_to = condition.complete_to.max(newest));
    }

    /// A mark whose round is in both tables closes its log up to itself: its partition is read in order.
    fn close_marks(&mut self, in_hand: &InHand, positions: &[(u32, u64)]) {
        let heads = in_hand.round.heads.iter().zip(&in_hand.round.records);
        for (head, record) in heads.filter(|(head, _)| head.verdict == Verdict::Ledger(Reason::Mark)) {
            let done = |(partition, next): &(u32, u64)| *partition == head.partition && head.position < *next;
            if !positions.iter().any(done) {
                continue;
            }
            self.close(head.log_id, head.seq);
            if let Some((log_id, through)) = previous(record) {
                self.close(log_id, through);
            }
        }
    }

    fn tell(&self, in_hand: &InHand) {
        let now = wall_clock();
        let outcomes = in_hand.round.records.iter().zip(in_hand.outcomes());
        let told =
            outcomes.filter(|(_, (_, decision))| !matches!(decision, Decision::LeaveOut | Decision::Dropped));
        for (record, (head, decision)) in told.take(TOLD) {
            self.control.tell(Notice {
                log_id: head.log_id,
                seq: head.seq,
                reason: reason(decision),
                latency_ms: now.saturating_sub(head.received_at),
                event: noticed(record).filter(|_| reason(decision) != Some(Reason::Erased)),
            });
        }
    }
}

impl InHand {
    /// Heads with their decisions. A round that needed no insert has none: all of it was known.
    fn outcomes(&self) -> impl Iterator<Item = (&Head, &Decision)> {
        self.round.heads.iter().zip(&self.decisions)
    }
}

fn reason(decision: &Decision) -> Option<Reason> {
    match decision {
        Decision::Ledger(reason) => Some(*reason),
        Decision::Duplicate { .. } => Some(Reason::Duplicate),
        Decision::Lost => Some(Reason::Lost),
        Decision::Row | Decision::LeaveOut | Decision::Dropped => None,
    }
}

/// Where the log before this one ended, as the first mark of a log says.
fn previous(mark: &Record) -> Option<(Uuid, u64)> {
    #[derive(Deserialize)]
    struct Mark {
        previous: Option<Previous>,
    }
    #[derive(Deserialize)]
    struct Previous {
        log: Uuid,
        through: u64,
    }
    let Content::Mark(text) = &mark.content else {
        return None;
    };
    let previous = serde_json::from_slice::<Mark>(text).ok()?.previous?;
    Some((previous.log, previous.through))
}

fn noticed(record: &Record) -> Option<NoticedEvent> {
    let Content::Event(payload) = &record.content else {
        return None;
    };
    let event = decode(payload).ok()?;
    Some(NoticedEvent {
        event_id: event.id,
        site: event.site.to_string(),
        kind: event.kind,
        name: event.name.to_string(),
        path: location::split(&event.url).path.to_string(),
        visitor: event.visitor,
        session: event.session,
        session_reason: event.session_reason,
        decision: event.decision,
    })
}
