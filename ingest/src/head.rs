//! The head of a request in one pass over its headers: who sends, in which form, with which hints.

use crate::client_ip::Forwarding;
use crate::identity::header::is_local;
use crate::trace::Trace;
use footfall_schemas::event::ClientHints;
use footfall_schemas::limits;
use hyper::HeaderMap;
use hyper::header::HeaderValue;
use std::borrow::Cow;

/// Lines of `Cookie` that are looked at. HTTP/1.1 allows one; some proxies split it.
const COOKIE_LINES: usize = 4;

/// What the steps need of a request's headers. Text is cut to its limit; empty means absent.
#[derive(Debug, Default)]
pub(crate) struct Head<'a> {
    pub(crate) origin: Option<&'a HeaderValue>,
    pub(crate) host: &'a str,
    /// Whether it came by TLS to this process; set by whoever read the head.
    pub(crate) tls: bool,
    cookies: [&'a [u8]; COOKIE_LINES],
    cookie_lines: usize,
    pub(crate) referer: Cow<'a, str>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) content_type: Option<&'a [u8]>,
    pub(crate) content_encoding: Option<&'a [u8]>,
    pub(crate) content_length: Option<u64>,
    pub(crate) expects_continue: bool,
    pub(crate) forwarding: Forwarding<'a>,
    pub(crate) user_agent: Cow<'a, str>,
    pub(crate) user_agent_cut: bool,
    pub(crate) accept_language: Cow<'a, str>,
    pub(crate) hints: ClientHints<'a>,
    pub(crate) gpc: bool,
    pub(crate) dnt: bool,
    pub(crate) traceparent: &'a [u8],
    /// Begun by whoever read the head.
    pub(crate) trace: Trace,
    /// Whether the sender wants to know what became of each event (`debug`); set by whoever read the head.
    pub(crate) debug: bool,
}

impl<'a> Head<'a> {
    /// Reads the headers. A server key stands in `X-Footfall-Key`, or in `Authorization: Bearer`.
    pub(crate) fn read(headers: &'a HeaderMap) -> Self {
        let mut head = Self::default();
        for (name, value) in headers {
            match name.as_str() {
                "origin" => head.origin = Some(value),
                "host" => head.host = value.to_str().unwrap_or_default(),
                "cookie" => {
                    if let Some(line) = head.cookies.get_mut(head.cookie_lines) {
                        *line = value.as_bytes();
                        head.cookie_lines += 1;
                    }
                }
                "referer" => head.referer = text(value, limits::URL_BYTES).0,
                "user-agent" => {
                    (head.user_agent, head.user_agent_cut) = text(value, limits::USER_AGENT_BYTES);
                }
                "accept-language" => head.accept_language = text(value, limits::HEADER_BYTES).0,
                "content-type" => head.content_type = Some(value.as_bytes()),
                "content-encoding" => head.content_encoding = Some(value.as_bytes()),
                "content-length" => {
                    head.content_length = value.to_str().ok().and_then(|text| text.parse().ok());
                }
                "expect" => head.expects_continue = true,
                "x-footfall-key" => head.key = Some(value.as_bytes()),
                "authorization" if head.key.is_none() => head.key = bearer(value.as_bytes()),
                "x-forwarded-for" => head.forwarding.xff.extend(value.to_str()),
                "forwarded" => head.forwarding.forwarded.extend(value.to_str()),
                "sec-gpc" => head.gpc = value == "1",
                "dnt" => head.dnt = value == "1",
                "traceparent" => head.traceparent = value.as_bytes(),
                name => head.hint(name, value),
            }
        }
        head
    }

    fn hint(&mut self, name: &str, value: &'a HeaderValue) {
        let Some(name) = name.strip_prefix("sec-ch-ua") else {
            return;
        };
        let target = match name {
            "" => &mut self.hints.ua,
            "-full-version-list" => &mut self.hints.full,
            "-mobile" => &mut self.hints.mobile,
            "-platform" => &mut self.hints.platform,
            "-platform-version" => &mut self.hints.platform_version,
            "-model" => &mut self.hints.model,
            _ => return,
        };
        *target = text(value, limits::HEADER_BYTES).0;
    }

    /// The lines of `Cookie`.
    pub(crate) fn cookies(&self) -> &[&'a [u8]] {
        self.cookies.get(..self.cookie_lines).unwrap_or_default()
    }

    /// Whether cookies can be `Secure`: it came by TLS, to us or, as far as the name says, to a proxy of ours.
    pub(crate) fn is_secure(&self) -> bool {
        self.tls || !is_local(self.host)
    }

    /// The origin of the page: `Origin`, or else that of `Referer`; empty if neither says.
    pub(crate) fn page_origin(&self) -> &str {
        match self.origin {
            Some(origin) => origin.to_str().unwrap_or("null"),
            None => origin_of(&self.referer),
        }
    }
}

/// Scheme and authority of a URL; empty if it has none.
pub(crate) fn origin_of(url: &str) -> &str {
    let Some(scheme) = url.find("://") else { return "" };
    let authority = scheme + 3;
    let end = url[authority..]
        .find(['/', '?', '#'])
        .map_or(url.len(), |at| authority + at);
    &url[..end]
}

/// Header bytes as text (bytes that are not UTF-8 replaced), cut, and whether they were.
fn text(value: &HeaderValue, bytes: usize) -> (Cow<'_, str>, bool) {
    let (all, long) = (value.as_bytes(), value.len() > bytes);
    match std::str::from_utf8(all) {
        Ok(all) => (Cow::Borrowed(limits::cut(all, bytes).0), long),
        Err(_) => {
            let replaced = String::from_utf8_lossy(all);
            let (kept, cut) = limits::cut(&replaced, bytes);
            (Cow::Owned(kept.to_owned()), cut)
        }
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750). Other schemes are not for us.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::{Head, origin_of};
    use hyper::HeaderMap;
    use hyper::header::HeaderValue;

    #[test]
    fn the_origin_of_a_page_is_scheme_and_authority() {
        assert_eq!(
            origin_of("https://a.example:8443/x?y#z"),
            "https://a.example:8443"
        );
        assert_eq!(origin_of("https://a.example?y"), "https://a.example");
        assert_eq!(origin_of("a.example"), "");
    }

    #[test]
    fn long_and_broken_headers_are_cut_and_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert("user-agent", HeaderValue::from_str(&"a".repeat(600)).unwrap());
        headers.insert("accept-language", HeaderValue::from_bytes(b"de\xff").unwrap());
        headers.insert("authorization", HeaderValue::from_static("Basic abc"));
        let head = Head::read(&headers);
        assert_eq!((head.user_agent.len(), head.user_agent_cut), (512, true));
        assert_eq!(head.accept_language, "de\u{fffd}");
        assert_eq!(head.key, None);
        headers.insert("authorization", HeaderValue::from_static("Bearer abc"));
        assert_eq!(Head::read(&headers).key, Some(&b"abc"[..]));
    }
}
