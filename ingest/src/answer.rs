//! What the sender gets back. One shape for kept events, one for requests that failed as a whole.

use crate::cors::Cors;
use crate::events::Kept;
use axum::body::Body;
use bytes::Bytes;
use footfall_schemas::reject::Rejection;
use footfall_schemas::{Reject, limits};
use http_body_util::{Either, Full};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// Every answer of the edge; the right side is for routes that the binary adds.
pub(crate) type Answer = Response<Either<Full<Bytes>, Body>>;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ONE_ACCEPTED: Bytes = Bytes::from_static(br#"{"accepted":1,"rejected":[]}"#);

/// Why a request failed as a whole, and when to come again.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) rejection: Rejection,
    pub(crate) retry_after: Option<u32>,
    /// What the request said, as far as it was read.
    pub(crate) site: String,
}

impl Refusal {
    pub(crate) fn new(reason: Reject, detail: impl Into<String>) -> Self {
        Rejection::new(reason, detail).into()
    }

    pub(crate) const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// A refusal of a request that names this site, which there may not be.
    pub(crate) fn of_site(mut self, site: &str) -> Self {
        limits::cut(site, limits::SITE_CHARS).0.clone_into(&mut self.site);
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        let status = self.rejection.reason.status();
        status
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        let retry_after = match rejection.reason {
            Reject::LogFull => Some(30),
            Reject::LogUnavailable | Reject::Draining => Some(5),
            reason if reason.is_retryable() => Some(1),
            _ => None,
        };
        Self {
            rejection,
            retry_after,
            site: String::new(),
        }
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    error: Reject,
    detail: &'a str,
}

#[derive(Serialize)]
struct Batch<'a> {
    accepted: usize,
    rejected: Vec<Rejected<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    token: &'a str,
}

/// One event that was not kept.
#[derive(Serialize)]
pub(crate) struct Rejected<'a> {
    index: usize,
    reason: Reject,
    detail: &'a str,
}

impl<'a> Rejected<'a> {
    pub(crate) fn list(rejected: &'a [(usize, Rejection)]) -> Vec<Self> {
        let rejected = rejected.iter().map(|(index, rejection)| Self {
            index: *index,
            reason: rejection.reason,
            detail: &rejection.detail,
        });
        rejected.collect()
    }
}

/// 200 with what was kept; 400 if nothing was.
pub(crate) fn batch(kept: &Kept, cors: &Cors) -> Answer {
    if kept.accepted == 1 && kept.rejected.is_empty() {
        return json(StatusCode::OK, one_accepted(kept.farewell.token()), cors);
    }
    let body = Batch {
        accepted: kept.accepted,
        rejected: Rejected::list(&kept.rejected),
        token: kept.farewell.token(),
    };
    json(status_of(kept.accepted), to_json(&body), cors)
}

/// The usual answer. A token has no character that JSON would escape.
fn one_accepted(token: &str) -> Bytes {
    if token.is_empty() {
        return ONE_ACCEPTED;
    }
    let begin = br#"{"accepted":1,"rejected":[],"token":""#;
    [&begin[..], token.as_bytes(), b"\"}"].concat().into()
}

/// One line for each cookie.
pub(crate) fn set_cookies(cookies: impl Iterator<Item = HeaderValue>, headers: &mut HeaderMap) {
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
}

pub(crate) const fn status_of(accepted: usize) -> StatusCode {
    if accepted == 0 {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

/// The request failed as a whole.
pub(crate) fn refusal(refusal: &Refusal, cors: &Cors) -> Answer {
    let body = Whole {
        error: refusal.rejection.reason,
        detail: &refusal.rejection.detail,
    };
    let mut answer = json(refusal.status(), to_json(&body), cors);
    if let Some(seconds) = refusal.retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// A bug: says nothing but an id under which the log tells more, and closes the connection.
pub(crate) fn bug(id: uuid::Uuid) -> Answer {
    let body = Bytes::from_static(br#"{"error":"internal","detail":"a bug in the service, see its log"}"#);
    let mut answer = json(StatusCode::INTERNAL_SERVER_ERROR, body, &Cors::None);
    answer
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    mark(answer.headers_mut(), id);
    answer
}

/// Names the request for whoever reads the log beside the answer.
pub(crate) fn mark(headers: &mut HeaderMap, id: uuid::Uuid) {
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
}

/// Nobody may keep the answer.
pub(crate) fn not_stored(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// A JSON answer that nobody may keep.
pub(crate) fn json(status: StatusCode, body: Bytes, cors: &Cors) -> Answer {
    let mut answer = with_body(status, body);
    let headers = answer.headers_mut();
    headers.reserve(8);
    headers.insert(header::CONTENT_TYPE, JSON);
    cors.write(headers);
    answer
}

pub(crate) fn with_body(status: StatusCode, body: Bytes) -> Answer {
    let mut answer = Response::new(Either::Left(Full::new(body)));
    *answer.status_mut() = status;
    answer
}

/// Serialising our own structs cannot fail; should it, the answer has an empty body.
pub(crate) fn to_json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).unwrap_or_default().into()
}
