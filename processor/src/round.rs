//! A round on its way: records, decoded, enriched and encoded ahead of the machine's decision.
//!
//! While one round is being inserted the next is prepared here, so the block is built before anybody knows which of its
//! rows will stay. Those that turn out to be duplicates or known already are taken out again: a few in a thousand.
//! The machine sees [`Head`]s only; [`crate::ledger`] makes the rows of what does not stay.

use crate::decode::{DecodeError, decode};
use crate::enrich::{Enricher, Enrichment, location};
use crate::row::event_row;
use crate::source::{Chunk, Content, Record};
use crate::suppressed::List;
use crate::trace::Traced;
use crate::words::covers;
use bytes::Bytes;
use footfall_delivery::{Decision, Head, Number, Numbers, Reason, Span, Verdict};
use footfall_schemas::Event;
use footfall_tables::EventBlock;
use std::sync::Arc;
use tokio::time::Instant;
use uuid::Uuid;

/// How a round is cut.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A round starts at once with this many records.
    pub enough: usize,
    /// A round has at most this many records (one [`Chunk`] more at worst).
    pub records: usize,
    /// A round holds at most this many bytes of records; three times as much with their block and its body.
    pub bytes: usize,
    /// A round starts at the latest this long after its first record.
    pub wait: std::time::Duration,
}

/// What the decoder needs to know beyond the bytes.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Beyond this age an event id may have left the memory of the machine, ms.
    pub dedup_window: i64,
    /// The operator has said that records of a newer format are not to be waited for.
    pub skip_unknown_version: bool,
    /// The same, for these numbers only.
    pub skips: Vec<Numbers>,
    /// What enriches, replaced while we run.
    pub enrichment: Arc<Enrichment>,
    /// Who was erased, and stays so.
    pub erased: Arc<List>,
}

impl Rules {
    /// Whether nobody waits for a record of a format that is not known.
    fn skips(&self, log_id: Uuid, seq: u64) -> bool {
        self.skip_unknown_version || covers(&self.skips, Number { log_id, seq })
    }
}

/// Records of one round, and everything that is made of them.
#[derive(Debug, Default)]
pub struct Round {
    /// For the machine: one per partition.
    pub spans: Vec<Span>,
    /// For the machine: one per record, in order.
    pub heads: Vec<Head>,
    /// The records, for the ledger and for observers.
    pub records: Vec<Record>,
    /// Why a record could not be read, by index, rising.
    pub unreadable: Vec<(usize, String)>,
    /// What is traced.
    pub(crate) traced: Traced,
    /// Rows of all heads whose verdict is [`Verdict::Row`], in order.
    pub block: EventBlock,
    /// What enriches all of its rows: taken when it begins.
    pub enricher: Option<Arc<Enricher>>,
    /// Bytes of the records.
    pub bytes: usize,
    /// When the first record came.
    pub since: Option<Instant>,
}

impl Round {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Forgets everything, keeps the memory.
    pub fn clear(&mut self) {
        self.spans.clear();
        self.heads.clear();
        self.records.clear();
        self.unreadable.clear();
        self.traced.clear();
        self.block.clear();
        self.enricher = None;
        self.bytes = 0;
        self.since = None;
    }

    /// Bytes that it still has room for; 0: it is full.
    #[must_use]
    pub fn room(&self, limits: &Limits) -> usize {
        if self.records.len() >= limits.records {
            return 0;
        }
        limits.bytes.saturating_sub(self.bytes)
    }

    /// When it should start.
    #[must_use]
    pub fn due(&self, limits: &Limits) -> Option<Instant> {
        let since = self.since?;
        Some(if self.records.len() >= limits.enough || self.room(limits) == 0 {
            since
        } else {
            since + limits.wait
        })
    }

    /// Takes records in: decodes, enriches, encodes.
    pub fn take(&mut self, chunk: Chunk, rules: &Rules) {
        let enricher = self.enricher(rules);
        self.extend_span(&chunk);
        self.since.get_or_insert_with(Instant::now);
        self.records.reserve(chunk.records.len());
        for record in chunk.records {
            self.bytes += record.content.len();
            let head = self.head(chunk.partition, &record, rules, &enricher);
            self.heads.push(head);
            self.records.push(record);
        }
    }

    /// Forgets what was read of a partition: it will be read again from elsewhere. Rounds hold few partitions, and this
    /// is rare, so the rest is simply encoded again.
    pub fn drop_partition(&mut self, partition: u32, rules: &Rules) {
        self.keep(|of| of != partition, rules);
    }

    /// Encodes all of it again, because the rules are others.
    pub fn judge_again(&mut self, rules: &Rules) {
        self.keep(|_| true, rules);
    }

    fn keep(&mut self, is_kept: impl Fn(u32) -> bool, rules: &Rules) {
        let enricher = self.enricher(rules);
        let heads = std::mem::take(&mut self.heads);
        let records = std::mem::take(&mut self.records);
        let spans = std::mem::take(&mut self.spans);
        let since = self.since.take();
        self.block.clear();
        self.unreadable.clear();
        self.traced.clear();
        self.bytes = 0;
        self.spans
            .extend(spans.into_iter().filter(|span| is_kept(span.partition)));
        for (head, record) in heads
            .into_iter()
            .zip(records)
            .filter(|(head, _)| is_kept(head.partition))
        {
            self.bytes += record.content.len();
            let head = self.head(head.partition, &record, rules, &enricher);
            self.heads.push(head);
            self.records.push(record);
        }
        self.since = since.filter(|_| !self.spans.is_empty());
    }

    /// The body of the insert into `events`: the rows that `decisions` keep. It is written into the memory of an earlier
    /// one: 30 MB anew from the system would cost a twentieth of the processor's time.
    #[must_use]
    pub fn body(&mut self, decisions: &[Decision], deadline: i64, memory: Vec<u8>) -> Bytes {
        let keep: Vec<bool> = (self.heads.iter().zip(decisions))
            .filter(|(head, _)| head.verdict == Verdict::Row)
            .map(|(_, decision)| *decision == Decision::Row)
            .collect();
        let mut body = memory;
        body.clear();
        if keep.iter().all(|keep| *keep) {
            self.block.set_insert_deadline(deadline);
            self.block.write_native(&mut body);
        } else {
            // The whole block stays: a doubt decides anew, and a row that is left out now may have to go then.
            let mut some = self.block.clone();
            some.retain(&keep);
            some.set_insert_deadline(deadline);
            some.write_native(&mut body);
        }
        Bytes::from(body)
    }

    /// The one with which the round began.
    fn enricher(&mut self, rules: &Rules) -> Arc<Enricher> {
        Arc::clone(self.enricher.get_or_insert_with(|| rules.enrichment.now()))
    }

    fn extend_span(&mut self, chunk: &Chunk) {
        match self
            .spans
            .iter_mut()
            .find(|span| span.partition == chunk.partition)
        {
            Some(span) => span.next = chunk.next,
            None => self.spans.push(Span {
                partition: chunk.partition,
                from: chunk.from,
                next: chunk.next,
            }),
        }
    }

    fn head(&mut self, partition: u32, record: &Record, rules: &Rules, enricher: &Enricher) -> Head {
        let mut head = Head {
            log_id: record.log_id,
            seq: record.seq,
            partition,
            position: record.position,
            received_at: record.time_ms,
            event_id: Uuid::nil(),
            verdict: Verdict::Row,
            check_table: false,
        };
        match &record.content {
            Content::Mark(_) => head.verdict = Verdict::Ledger(Reason::Mark),
            Content::Lost { last, .. } => head.verdict = Verdict::Lost { last: *last },
            Content::Event(payload) => match decode(payload) {
                Ok(event) if rules.erased.covers(&event) => head.verdict = Verdict::Ledger(Reason::Erased),
                Ok(event) => self.row(&event, &mut head, rules, enricher),
                Err(error) => head.verdict = self.broken(error, rules.skips(record.log_id, record.seq)),
            },
            Content::Unreadable { reason, .. } => {
                head.verdict = self.without_row(Reason::Unreadable, reason.clone());
            }
            Content::Unknown { .. } if !rules.skips(record.log_id, record.seq) => {
                head.verdict = Verdict::UnknownVersion;
            }
            Content::Unknown { what, .. } => {
                head.verdict = self.without_row(Reason::UnknownVersion, what.clone());
            }
        }
        head
    }

    fn row(&mut self, event: &Event<'_>, head: &mut Head, rules: &Rules, enricher: &Enricher) {
        head.received_at = event.received_at;
        head.event_id = event.id;
        head.check_table = may_be_old(event, rules.dedup_window);
        if !event.traceparent.is_empty() {
            self.traced
                .push((self.heads.len(), event.traceparent.as_ref().into()));
        }
        let page = location::split(&event.url);
        let enriched = enricher.enrich(event, &page);
        self.block
            .push(&event_row(event, &enriched, head.log_id, head.seq));
    }

    #[cold]
    fn broken(&mut self, error: DecodeError, skip: bool) -> Verdict {
        match error {
            DecodeError::UnknownVersion(_) if !skip => Verdict::UnknownVersion,
            DecodeError::UnknownVersion(version) => {
                self.without_row(Reason::UnknownVersion, format!("format {version}"))
            }
            DecodeError::Unreadable(why) => self.without_row(Reason::Unreadable, why),
        }
    }

    /// Notes why the next head gets no row.
    fn without_row(&mut self, reason: Reason, why: String) -> Verdict {
        self.unreadable.push((self.heads.len(), why));
        Verdict::Ledger(reason)
    }
}

/// Whether the event says that it was sent before, or lay in a queue for longer than ids are remembered. Both times are
/// of the client's clock, so its error does not matter.
fn may_be_old(event: &Event<'_>, window: i64) -> bool {
    let queued = match (event.ts, event.sent_at) {
        (Some(ts), Some(sent_at)) => sent_at.saturating_sub(ts),
        _ => 0,
    };
    event.attempt > 1 || queued > window
}
