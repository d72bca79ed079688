//! Cross-origin answers (the Fetch standard, "CORS protocol"), by hand: the hot path has no layers.
//!
//! An allowed origin is echoed with credentials. For an unknown site or origin the refusal is made readable to the page
//! that asked, without credentials: it says nothing that the page does not know, and its author sees the reason instead
//! of a bare network error. Never `*`, and always `Vary: Origin`.

use crate::answer::{Answer, with_body};
use crate::sites::live::Table;
use bytes::Bytes;
use footfall_schemas::Reject;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Request, StatusCode};

/// What a page may read of an answer.
pub(crate) enum Cors {
    /// The request has no `Origin`.
    None,
    /// The origin is allowed.
    Allowed(HeaderValue),
    /// The origin is not, but may read why.
    Readable(HeaderValue),
}

impl Cors {
    /// For an answer to events that were taken: the site has allowed the origin, or a server key has.
    pub(crate) fn allowed(origin: Option<&HeaderValue>) -> Self {
        origin.map_or(Self::None, |origin| Self::Allowed(origin.clone()))
    }

    /// For a refusal.
    pub(crate) fn refused(origin: Option<&HeaderValue>, reason: Reject, table: &Table) -> Self {
        let Some(origin) = origin else { return Self::None };
        let about_the_page = matches!(reason, Reject::UnknownSite | Reject::OriginNotAllowed);
        let known = origin.to_str().is_ok_and(|origin| table.any_allows(origin));
        if known && !about_the_page {
            Self::Allowed(origin.clone())
        } else {
            Self::Readable(origin.clone())
        }
    }

    /// Adds the headers.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        let origin = match self {
            Self::None => return,
            Self::Allowed(origin) => {
                headers.insert(
                    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                    HeaderValue::from_static("true"),
                );
                origin
            }
            Self::Readable(origin) => origin,
        };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("retry-after, x-request-id"),
        );
    }
}

/// Answers `OPTIONS`. The site stands in a body that has not been sent yet, so an origin passes that any site allows.
pub(crate) fn preflight<B>(request: &Request<B>, table: &Table) -> Answer {
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
    Cors::Allowed(origin.clone()).write(headers);
    headers.insert(
        header::VARY,
        HeaderValue::from_static("origin, access-control-request-method, access-control-request-headers"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("POST, GET"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    answer
}
