//! `POST /v1/events`, step by step: limit, decode, identify, stamp, append, answer.

use crate::admit::over_share;
use crate::answer::{self, Answer, Refusal};
use crate::batch::{self, Batch};
use crate::body::{Encoding, collect, decode};
use crate::cors::Cors;
use crate::debug::{self, Asked};
use crate::edge::Edge;
use crate::head::Head;
use crate::identity::visit::Farewell;
use crate::server::Link;
use crate::sites::live::Memory;
use footfall_log::{AppendError, Entry};
use footfall_schemas::Reject;
use footfall_schemas::reject::Rejection;
use hyper::Request;
use hyper::body::Incoming;
use std::ops::Range;
use uuid::Uuid;

/// What became of a request's events.
pub(crate) struct Kept {
    pub(crate) accepted: usize,
    pub(crate) rejected: Vec<(usize, Rejection)>,
    /// The number of the first that was accepted; the others follow it.
    pub(crate) first: u64,
    /// What was accepted, if the sender asked.
    pub(crate) asked: Vec<Asked>,
    /// Nothing, unless events were kept: what is sent again meets the cookie that it met before.
    pub(crate) farewell: Farewell,
}

/// Answers one request.
pub(crate) async fn receive(edge: &Edge, link: &Link, request: Request<Incoming>) -> Answer {
    let (parts, body) = request.into_parts();
    let mut head = Head::read(&parts.headers);
    head.tls = link.tls;
    head.trace = edge.traces.begin("POST events", &head);
    head.debug = debug::is_asked(parts.uri.query());
    let answer = match keep(edge, link, &head, body).await {
        Ok(kept) => {
            let cors = Cors::readable(head.origin);
            let mut answer = if head.debug {
                debug::answer(edge.log.id(), &kept, &cors)
            } else {
                answer::batch(&kept, &cors)
            };
            answer::set_cookies(kept.farewell.set_cookies(), answer.headers_mut());
            answer
        }
        Err(refusal) => refuse(edge, &head, &refusal),
    };
    head.trace.answered(answer.status());
    answer
}

async fn keep(edge: &Edge, link: &Link, head: &Head<'_>, body: Incoming) -> Result<Kept, Refusal> {
    check_media_type(head.content_type)?;
    let encoding = Encoding::of(head.content_encoding)?;
    let mut held = edge.budget.hold();
    let wire = collect(body, head, &edge.config.timeouts, &link.progress, &mut held).await?;
    edge.metrics.body_bytes.add(wire.len() as u64);
    let body = decode(wire, encoding)?;
    edge.metrics.decoded_bytes.add(body.len() as u64);
    // The events that are made of the body wait for the disk in its place.
    held.grow(body.len())?;
    let batch = Batch::make(edge, link.peer, head, &body)?;
    drop(body);
    append(edge, batch).await
}

/// Appends what a batch has to keep, and counts it.
pub(crate) async fn append(edge: &Edge, batch: Batch) -> Result<Kept, Refusal> {
    let (accepted, mut first) = (batch.entries.len() - batch.own, 0);
    edge.metrics.cookies(&batch.farewell);
    if accepted > 0 {
        let numbers = into_log(edge, batch.entries, batch.memory.as_deref()).await?;
        first = numbers.start;
        edge.metrics.appends.add(1);
        batch.counts.add_to(&edge.metrics);
        for login in &batch.logins {
            login.say();
        }
    }
    for (_, rejection) in &batch.rejected {
        edge.metrics.rejected(rejection.reason);
    }
    Ok(Kept {
        accepted,
        rejected: batch.rejected,
        first,
        asked: batch.asked,
        farewell: if accepted > 0 {
            batch.farewell
        } else {
            Farewell::default()
        },
    })
}

/// Appends entries, as far as their site has a right to it; none: it is alone, and has every right.
async fn into_log(edge: &Edge, entries: Vec<Entry>, memory: Option<&Memory>) -> Result<Range<u64>, Refusal> {
    let append = async |entries| {
        let numbers = edge.log.append(entries).await;
        numbers.map_err(|error| not_appended(&error))
    };
    let Some(memory) = memory else {
        return append(entries).await;
    };
    let bytes = batch::bytes(&entries);
    let room = edge.log.room();
    let waiting = memory.share.wait(&edge.waiting, bytes, room.queue);
    let waiting = waiting
        .ok_or_else(|| over_share("too much of the site waits to be written").of_site(&memory.site))?;
    let numbers = append(entries).await?;
    drop(waiting);
    memory.share.took(numbers.end - 1, bytes, &room);
    Ok(numbers)
}

/// A JSON or plain text body; nothing said counts as plain text (`sendBeacon` of old browsers).
fn check_media_type(header: Option<&[u8]>) -> Result<(), Refusal> {
    let media = header
        .unwrap_or_default()
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let known = [&b""[..], b"text/plain", b"application/json"];
    if known.iter().any(|known| known.eq_ignore_ascii_case(media)) {
        return Ok(());
    }
    Err(Refusal::new(
        Reject::MediaType,
        "`content-type` must be application/json or text/plain",
    ))
}

/// The log's refusal as the sender sees it; its cause is for the operator alone.
fn not_appended(error: &AppendError) -> Refusal {
    let (reason, detail) = match error {
        AppendError::Busy { .. } => (Reject::Busy, "too much is waiting to be written"),
        AppendError::Full { .. } => (Reject::LogFull, "there is no room for new events"),
        AppendError::Unavailable { .. } | AppendError::Kind(_) => {
            (Reject::LogUnavailable, "events cannot be written at the moment")
        }
        AppendError::TooLarge { .. } => (
            Reject::BodyTooLargeDecoded,
            "the batch is too large to be written at once",
        ),
        AppendError::Closed => (Reject::Draining, "the service is shutting down"),
    };
    tracing::debug!(%error, "could not append a request's events");
    Refusal::new(reason, detail)
}

/// Counts and answers a request that failed as a whole; a server's error gets an id to look for in the log.
pub(crate) fn refuse(edge: &Edge, head: &Head<'_>, refusal: &Refusal) -> Answer {
    let reason = refusal.rejection.reason;
    edge.metrics.rejected(reason);
    edge.config
        .extra
        .refusals
        .tell(&refusal.site, head.page_origin(), &refusal.rejection);
    let mut answer = answer::refusal(refusal, &Cors::readable(head.origin));
    if answer.status().is_server_error() {
        let id = Uuid::new_v4();
        tracing::warn!(request = %id, %reason, "refused a request");
        answer::mark(answer.headers_mut(), id);
    }
    answer
}
