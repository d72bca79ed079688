//! Whether a request is meant for this server and comes from a page of ours: a page elsewhere must neither reach it through
//! a name of its own (DNS rebinding) nor change anything with its visitor's cookie.

use crate::refusal::Refusal;
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use std::net::IpAddr;

/// A header that no form and no plain link can send: changes need it.
pub(crate) const HEADER: &str = "x-footfall";

/// The names of this server.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    loopback: bool,
    hosts: Vec<String>,
}

impl Names {
    /// `loopback`: the listener is bound to a loopback address.
    pub(crate) fn new(loopback: bool, hosts: &[String]) -> Self {
        let hosts = hosts.iter().map(|host| host.trim().to_ascii_lowercase());
        Self {
            loopback,
            hosts: hosts.filter(|host| !host.is_empty()).collect(),
        }
    }

    /// Refuses a foreign `Host` or `Origin`. Off loopback names are compared if some are configured; an `Origin` always has
    /// to be that of the `Host`.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        if (self.loopback || !self.hosts.is_empty()) && !self.own(host) {
            return Err(Refusal::Forbidden(
                "the Host header names another server: set `dashboard.hosts` to the name under which this one is reached".to_owned(),
            ));
        }
        let Some(origin) = headers.get(ORIGIN) else {
            return Ok(());
        };
        let authority = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        if !authority.is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host)) {
            return Err(Refusal::Forbidden(
                "the request comes from a page of another origin".to_owned(),
            ));
        }
        Ok(())
    }

    fn own(&self, authority: &str) -> bool {
        let name = name_of(authority);
        let address = name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        // Loopback's own always: probes of the service's own container come over it.
        address || name == "localhost" || self.hosts.contains(&name)
    }
}

/// `name`, `name:port`, `1.2.3.4:port`, `[::1]:port` -> the name.
fn name_of(authority: &str) -> String {
    let authority = authority.to_ascii_lowercase();
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address.to_owned(),
        None => authority.split(':').next().unwrap_or_default().to_owned(),
    }
}

/// Refuses a change that no page of ours could have sent: JSON with a header of our own, which other origins' pages may not
/// send without being asked, and we never say yes.
pub(crate) fn check_change(method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let json = kind
        .split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if json && headers.contains_key(HEADER) {
        return Ok(());
    }
    Err(Refusal::Forbidden(format!(
        "a change is sent as application/json with the header `{HEADER}: 1`"
    )))
}

/// Whether the browser came over https, as far as it or the proxy says.
pub(crate) fn is_https(headers: &HeaderMap) -> bool {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    text("origin").starts_with("https://") || text("x-forwarded-proto").eq_ignore_ascii_case("https")
}

#[cfg(test)]
mod tests {
    use super::Names;
    use axum::http::{HeaderMap, HeaderValue};

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", HeaderValue::from_str(origin).unwrap());
        }
        headers
    }

    #[test]
    fn a_page_with_a_name_of_its_own_does_not_reach_a_loopback_listener() {
        let names = Names::new(true, &[]);
        for host in ["127.0.0.1:8003", "localhost:8003", "[::1]:8003", "LOCALHOST"] {
            assert!(names.check(&headers(host, None)).is_ok(), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example:8003", "", "192.0.2.1"] {
            assert!(names.check(&headers(host, None)).is_err(), "{host}");
        }
    }

    #[test]
    fn only_pages_of_the_same_origin_may_ask() {
        let names = Names::new(true, &["stats.example".to_owned()]);
        assert!(
            names
                .check(&headers("stats.example", Some("https://stats.example")))
                .is_ok()
        );
        for origin in ["https://evil.example", "null", "http://127.0.0.1:8000"] {
            assert!(
                names.check(&headers("127.0.0.1:8003", Some(origin))).is_err(),
                "{origin}"
            );
        }
    }
}
