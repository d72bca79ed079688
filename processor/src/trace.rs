//! Traces by OpenTelemetry (cargo feature `otel`): the last steps of events whose requests were chosen to be traced.
//!
//! Each gets a span from its receipt to its fate, in the trace of its request; the insert that carried them gets one with a
//! link to each. A record without a context costs nothing, so whoever traces decides at the edge.

use crate::insert::Inserted;
use footfall_delivery::{Decision, Head};
#[cfg(feature = "otel")]
use footfall_schemas::event::trace;
#[cfg(feature = "otel")]
use opentelemetry::trace::{
    Link, Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId,
    TraceState, Tracer as _,
};
#[cfg(feature = "otel")]
use opentelemetry::{Context, KeyValue, global};

/// `traceparent` of the records of a round that have one, by index.
pub(crate) type Traced = Vec<(usize, Box<str>)>;

/// The span of an insert into `events`, or of nothing; it ends when this is dropped.
#[derive(Default)]
pub(crate) struct InsertSpan {
    #[cfg(feature = "otel")]
    span: Option<global::BoxedSpan>,
}

impl InsertSpan {
    /// Begins one if anything in the round is traced.
    pub(crate) fn begin(rows: u64, traced: &Traced) -> Self {
        #[cfg(feature = "otel")]
        if let Some(first) = traced.first().and_then(|(_, context)| remote(context)) {
            let links = traced.iter().filter_map(|(_, context)| remote(context));
            let tracer = global::tracer(TRACER);
            // Of the first one's trace: a trace of its own might not be chosen.
            let span = tracer
                .span_builder("insert")
                .with_kind(SpanKind::Client)
                .with_links(links.map(|context| Link::new(context, Vec::new(), 0)).collect())
                .with_attributes([
                    KeyValue::new("db.system.name", "clickhouse"),
                    KeyValue::new("db.collection.name", "events"),
                    KeyValue::new("footfall.rows", i64::try_from(rows).unwrap_or(i64::MAX)),
                ])
                .start_with_context(&tracer, &Context::new().with_remote_span_context(first));
            return Self { span: Some(span) };
        }
        let _ = (rows, traced);
        Self::default()
    }

    /// Notes what came of it.
    pub(crate) fn end(self, inserted: &Inserted) {
        #[cfg(feature = "otel")]
        if let Some(mut span) = self.span {
            span.set_status(match inserted {
                Inserted::Written(_) => Status::Ok,
                Inserted::Late => Status::error("refused by its deadline"),
                Inserted::Refused { code, .. } => Status::error(format!("refused: code {code}")),
                Inserted::InDoubt(_) => Status::error("in doubt"),
            });
        }
        #[cfg(not(feature = "otel"))]
        let _ = inserted;
    }
}

/// Writes a span for each traced record whose round is in the tables.
pub(crate) fn settled(traced: &Traced, heads: &[Head], decisions: &[Decision]) {
    #[cfg(feature = "otel")]
    for (index, context) in traced {
        if let (Some(head), Some(context)) = (heads.get(*index), remote(context)) {
            // A round of which nothing had to be inserted has no decisions.
            write(
                head,
                decisions.get(*index).unwrap_or(&Decision::LeaveOut),
                context,
            );
        }
    }
    #[cfg(not(feature = "otel"))]
    let _ = (traced, heads, decisions);
}

#[cfg(feature = "otel")]
const TRACER: &str = "footfall-processor";

#[cfg(feature = "otel")]
fn write(head: &Head, decision: &Decision, parent: SpanContext) {
    use std::time::{Duration, UNIX_EPOCH};
    let fate = match decision {
        Decision::Row => "row",
        Decision::Ledger(_) | Decision::Duplicate { .. } | Decision::Lost => "ledger",
        Decision::LeaveOut => "there already",
        Decision::Dropped => "given up",
    };
    let tracer = global::tracer(TRACER);
    // Its end is its drop, now.
    drop(
        tracer
            .span_builder("edge to fate")
            .with_kind(SpanKind::Consumer)
            .with_start_time(UNIX_EPOCH + Duration::from_millis(head.received_at.unsigned_abs()))
            .with_attributes([
                KeyValue::new("footfall.partition", i64::from(head.partition)),
                KeyValue::new("footfall.log_id", head.log_id.to_string()),
                KeyValue::new("footfall.log_seq", i64::try_from(head.seq).unwrap_or(i64::MAX)),
                KeyValue::new("footfall.fate", fate),
            ])
            .start_with_context(&tracer, &Context::new().with_remote_span_context(parent)),
    );
}

#[cfg(feature = "otel")]
fn remote(traceparent: &str) -> Option<SpanContext> {
    let context = trace::read(traceparent.as_bytes())?;
    Some(SpanContext::new(
        TraceId::from_bytes(context.trace),
        SpanId::from_bytes(context.span),
        TraceFlags::new(context.flags),
        true,
        TraceState::NONE,
    ))
}
