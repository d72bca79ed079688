//! Traces of requests by OpenTelemetry: cargo feature `otel`, on where the binary has configured an exporter. Without
//! either, nothing here costs anything.
//!
//! A chosen request gets a span; its context travels in each of its events ([`footfall_schemas::event::trace`]), through
//! Kafka, to the insert. The trace of whoever sent the request goes on only if a server key came with it: pages of the
//! public must not decide what is traced.

use crate::head::Head;
#[cfg(feature = "otel")]
use footfall_schemas::event::trace;
use hyper::StatusCode;
#[cfg(feature = "otel")]
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, TraceContextExt as _, TraceFlags, TraceId, TraceState,
    Tracer as _,
};
#[cfg(feature = "otel")]
use opentelemetry::{Context, KeyValue, global};

/// Begins traces.
pub(crate) struct Traces {
    #[cfg(feature = "otel")]
    tracer: Option<global::BoxedTracer>,
}

impl Traces {
    /// `configured`: whether the binary has set an exporter up.
    pub(crate) fn new(configured: bool) -> Self {
        #[cfg(not(feature = "otel"))]
        let _ = configured;
        Self {
            #[cfg(feature = "otel")]
            tracer: configured.then(|| global::tracer("footfall-ingest")),
        }
    }

    /// The trace of a request, if it is chosen.
    pub(crate) fn begin(&self, name: &'static str, head: &Head<'_>) -> Trace {
        #[cfg(feature = "otel")]
        if let Some(tracer) = &self.tracer {
            return Trace::begin(tracer, name, head);
        }
        let _ = (name, head);
        Trace::default()
    }
}

/// The trace of one request; it ends when this is dropped.
#[derive(Default)]
pub(crate) struct Trace {
    #[cfg(feature = "otel")]
    span: Option<global::BoxedSpan>,
    context: String,
}

impl std::fmt::Debug for Trace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.context)
    }
}

impl Trace {
    /// Its `traceparent`; empty if the request is not traced.
    pub(crate) fn context(&self) -> &str {
        &self.context
    }

    /// Notes the answer.
    pub(crate) fn answered(&mut self, status: StatusCode) {
        #[cfg(feature = "otel")]
        if let Some(span) = &mut self.span {
            let code = i64::from(status.as_u16());
            span.set_attribute(KeyValue::new("http.response.status_code", code));
            if status.is_server_error() {
                span.set_status(opentelemetry::trace::Status::error(""));
            }
        }
        #[cfg(not(feature = "otel"))]
        let _ = status;
    }
}

#[cfg(feature = "otel")]
impl Trace {
    fn begin(tracer: &global::BoxedTracer, name: &'static str, head: &Head<'_>) -> Self {
        let parent = head.key.and_then(|_| remote(head.traceparent));
        let parent = parent.map_or_else(Context::new, |one| Context::new().with_remote_span_context(one));
        let span = tracer
            .span_builder(name)
            .with_kind(SpanKind::Server)
            .start_with_context(tracer, &parent);
        let own = span.span_context();
        if !own.is_sampled() {
            return Self::default();
        }
        let context = format!("00-{}-{}-01", own.trace_id(), own.span_id());
        Self {
            span: Some(span),
            context,
        }
    }
}

#[cfg(feature = "otel")]
fn remote(traceparent: &[u8]) -> Option<SpanContext> {
    let context = trace::read(traceparent)?;
    Some(SpanContext::new(
        TraceId::from_bytes(context.trace),
        SpanId::from_bytes(context.span),
        TraceFlags::new(context.flags),
        true,
        TraceState::NONE,
    ))
}
