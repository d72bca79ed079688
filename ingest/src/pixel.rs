//! `GET /v1/pixel.gif?site=…&url=…&title=…&referrer=…&consent=…`: one page view from a page without JavaScript. It sets the
//! visitor's cookie as the endpoint for events does.
//!
//! Always a GIF, also when the view was not kept, so that no page shows a broken image: browsers look at the image, who
//! debugs looks at the status and at the header `x-footfall-reason`.

use crate::answer::{Answer, Refusal, set_cookies, with_body};
use crate::batch::{Batch, Request};
use crate::edge::Edge;
use crate::events::{append, refuse};
use crate::head::Head;
use crate::identity::visit::Farewell;
use crate::server::Link;
use bytes::Bytes;
use footfall_schemas::beacon::Stamp;
use footfall_schemas::{BeaconEvent, Kind};
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Request as HttpRequest, StatusCode};
use std::borrow::Cow;

/// One transparent pixel, GIF89a.
const GIF: Bytes = Bytes::from_static(
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
);

/// Answers one request.
pub(crate) async fn receive(edge: &Edge, link: &Link, request: &HttpRequest<Incoming>) -> Answer {
    let mut head = Head::read(request.headers());
    head.tls = link.tls;
    let query = request.uri().query().unwrap_or_default();
    match keep(edge, link, &head, query).await {
        Ok(farewell) => {
            let mut answer = gif(StatusCode::OK);
            set_cookies(farewell.set_cookies(), answer.headers_mut());
            answer
        }
        Err(refusal) => {
            // Counts, and logs what is ours.
            let json = refuse(edge, &head, &refusal);
            let mut answer = gif(refusal.status());
            let headers = answer.headers_mut();
            for name in [header::RETRY_AFTER, HeaderName::from_static("x-request-id")] {
                if let Some(value) = json.headers().get(&name) {
                    headers.insert(name, value.clone());
                }
            }
            let reason = HeaderValue::from_static(refusal.rejection.reason.label());
            headers.insert(HeaderName::from_static("x-footfall-reason"), reason);
            answer
        }
    }
}

async fn keep(edge: &Edge, link: &Link, head: &Head<'_>, query: &str) -> Result<Farewell, Refusal> {
    let mut site = Cow::Borrowed("");
    let mut event = BeaconEvent::of(Kind::PageView);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match key.as_ref() {
            "site" => site = value,
            "url" => event.url = value,
            "title" => event.title = value,
            "referrer" => event.referrer = value,
            "consent" => event.consent = value,
            _ => event.unknown_fields += 1,
        }
    }
    if event.url.is_empty() {
        event.url = Cow::Borrowed(&head.referer);
    }
    let request = Request {
        site: &site,
        sent_at: Stamp::Missing,
        pixel: true,
        bytes: query.len(),
    };
    let batch = Batch::stamp(edge, link.peer, head, &request, std::iter::once(Ok(event)), 1)?;
    let kept = append(edge, batch).await?;
    Ok(kept.farewell)
}

fn gif(status: StatusCode) -> Answer {
    let mut answer = with_body(status, GIF);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/gif"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        "cross-origin-resource-policy",
        HeaderValue::from_static("cross-origin"),
    );
    answer
}
