//! Security headers: what every answer of the public port says of itself, unless it says otherwise already.

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Whoever has come by TLS once comes by TLS for a year. Not for subdomains, which are not ours to speak for.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// Script, pixel and answers are for pages of other sites, also of those that ask every part for its consent
/// (`Cross-Origin-Embedder-Policy`).
const FOR_ALL: HeaderValue = HeaderValue::from_static("cross-origin");
const POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Adds them. `tls`: the answer goes by TLS; elsewhere browsers ignore HSTS, and a proxy says its own.
pub(crate) fn dress(tls: bool, headers: &mut HeaderMap) {
    let plain = [
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (POLICY, FOR_ALL),
    ];
    for (name, value) in plain {
        headers.entry(name).or_insert(value);
    }
    if tls {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(HSTS);
    }
}
