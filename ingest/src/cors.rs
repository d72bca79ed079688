//! Cross-origin answers (the Fetch standard, "CORS protocol"), by hand: the hot path has no layers.
//!
//! Every origin is echoed with credentials, also with a refusal: the beacon asks with credentials, and without the header
//! its page would see a bare network error in place of the reason. The reason says nothing that the page does not know,
//! and a refusal sets no cookie. Never `*`, and always `Vary: Origin`.

use crate::answer::{Answer, with_body};
use crate::sites::live::Table;
use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Request, StatusCode};

/// Who may read an answer.
pub(crate) enum Cors {
    /// The request has no `Origin`.
    None,
    /// The page of this origin.
    Readable(HeaderValue),
}

impl Cors {
    /// For the page that asked.
    pub(crate) fn readable(origin: Option<&HeaderValue>) -> Self {
        origin.map_or(Self::None, |origin| Self::Readable(origin.clone()))
    }

    /// Adds the headers.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        let Self::Readable(origin) = self else { return };
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("retry-after, x-request-id"),
        );
    }
}

/// Answers `OPTIONS`. The site stands in a body that has not been sent yet, so an origin passes that any site allows.
pub(crate) fn preflight<B>(request: &Request<B>, table: &Table, methods: &'static str) -> Answer {
    let asked = request.headers();
    let Some(origin) = asked
        .get(header::ORIGIN)
        .filter(|origin| origin.to_str().is_ok_and(|o| table.any_allows(o)))
    else {
        let mut answer = with_body(StatusCode::FORBIDDEN, Bytes::new());
        Cors::None.write(answer.headers_mut());
        return answer;
    };
    let mut answer = with_body(StatusCode::NO_CONTENT, Bytes::new());
    let headers = answer.headers_mut();
    Cors::Readable(origin.clone()).write(headers);
    headers.insert(
        header::VARY,
        HeaderValue::from_static("origin, access-control-request-method, access-control-request-headers"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(methods),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    answer
}
