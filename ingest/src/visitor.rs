//! `DELETE /v1/visitor?site=…`: takes the visitor's cookies away, for a page's "do not recognise me again". What has been
//! recorded stays; the device's own wish not to be counted at all is the beacon's (`optOut`).

use crate::admit;
use crate::answer::{self, Answer, set_cookies, with_body};
use crate::cors::Cors;
use crate::edge::Edge;
use crate::events::refuse;
use crate::head::Head;
use crate::server::Link;
use bytes::Bytes;
use hyper::{Request, StatusCode};
use std::borrow::Cow;

/// 204 with the end of each cookie that the request brought, also if there was none; 403 if the site or the page's origin is unknown.
pub(crate) fn forget<B>(edge: &Edge, link: &Link, request: &Request<B>) -> Answer {
    let mut head = Head::read(request.headers());
    head.tls = link.tls;
    let query = request.uri().query().unwrap_or_default();
    let site = form_urlencoded::parse(query.as_bytes())
        .find_map(|(name, value)| (name == "site").then_some(value))
        .unwrap_or(Cow::Borrowed(""));
    let table = edge.table.load();
    let live = match admit::site_of_page(&table, &site, &head) {
        Ok(live) => live,
        Err(refusal) => return refuse(edge, &head, &refusal.of_site(&site)),
    };
    let mut answer = with_body(StatusCode::NO_CONTENT, Bytes::new());
    let headers = answer.headers_mut();
    Cors::readable(head.origin).write(headers);
    let brought = live.jar.cookies(head.cookies());
    set_cookies(
        brought.flat_map(|(tag, _)| live.jar.delete(tag, head.is_secure())),
        headers,
    );
    answer::not_stored(headers);
    answer
}
