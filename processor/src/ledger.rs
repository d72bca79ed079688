//! The ledger's rows of a round: every record that gets no row in `events`, with its reason.

use crate::decode::decode;
use crate::round::Round;
use crate::source::{Content, Record};
use bytes::Bytes;
use footfall_delivery::{Decision, LostRow, Number, Reason};
use footfall_tables::{LedgerBlock, LedgerRow};

/// The detail of a record that came after its person was erased.
const KEPT_OUT: &str = "kept out: its person was erased";

/// The body of the insert into `ledger`. `lost` are the machine's ranges for [`Decision::Lost`], in order; `at` is now.
#[must_use]
pub fn body(round: &Round, decisions: &[Decision], lost: &[LostRow], at: i64, deadline: i64) -> Bytes {
    let mut block = LedgerBlock::default();
    for (index, (record, decision)) in round.records.iter().zip(decisions).enumerate() {
        match decision {
            Decision::Ledger(reason) => push(&mut block, record, *reason, why(round, index), at),
            Decision::Duplicate { of } => push_duplicate(&mut block, record, *of, at),
            Decision::Row | Decision::Lost | Decision::LeaveOut | Decision::Dropped => {}
        }
    }
    for row in lost {
        push_lost(&mut block, round, row, at);
    }
    block.set_insert_deadline(deadline);
    let mut body = Vec::new();
    block.write_native(&mut body);
    Bytes::from(body)
}

fn why(round: &Round, index: usize) -> &str {
    let found = round.unreadable.binary_search_by_key(&index, |(at, _)| *at);
    found
        .ok()
        .and_then(|at| round.unreadable.get(at))
        .map_or("", |(_, why)| why)
}

fn push(block: &mut LedgerBlock, record: &Record, reason: Reason, why: &str, at: i64) {
    let (detail, payload): (&str, &[u8]) = match &record.content {
        // Nothing of it is kept.
        _ if reason == Reason::Erased => (KEPT_OUT, &[]),
        // What a mark says is for the auditor: where the log before it ended.
        Content::Mark(text) => (std::str::from_utf8(text).unwrap_or_default(), &[]),
        Content::Event(bytes) | Content::Unreadable { bytes, .. } | Content::Unknown { bytes, .. } => {
            (why, bytes)
        }
        Content::Lost { reason, bytes, .. } => (reason, bytes),
    };
    block.push(&LedgerRow {
        log_id: record.log_id,
        first_seq: record.seq,
        last_seq: record.seq,
        reason: reason.label(),
        detail,
        payload,
        at,
        ..LedgerRow::default()
    });
}

fn push_duplicate(block: &mut LedgerBlock, record: &Record, of: Number, at: i64) {
    let Content::Event(payload) = &record.content else {
        return;
    };
    let event = decode(payload).ok();
    let detail = format!("first as {} {}", of.log_id, of.seq);
    block.push(&LedgerRow {
        log_id: record.log_id,
        first_seq: record.seq,
        last_seq: record.seq,
        reason: Reason::Duplicate.label(),
        detail: &detail,
        event_id: event.as_ref().map(|event| event.id).unwrap_or_default(),
        site: event.as_ref().map_or("", |event| &event.site),
        at,
        ..LedgerRow::default()
    });
}

fn push_lost(block: &mut LedgerBlock, round: &Round, row: &LostRow, at: i64) {
    let content = round.records.get(row.head).map(|record| &record.content);
    let (detail, payload): (&str, &[u8]) = match content {
        Some(Content::Lost { reason, bytes, .. }) => (reason, bytes),
        _ => ("", &[]),
    };
    block.push(&LedgerRow {
        log_id: row.numbers.log_id,
        first_seq: row.numbers.first,
        last_seq: row.numbers.last,
        reason: Reason::Lost.label(),
        detail,
        payload,
        at,
        ..LedgerRow::default()
    });
}
