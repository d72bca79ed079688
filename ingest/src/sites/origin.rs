//! Patterns of allowed origins: `https://a.example`, `https://*.a.example`, `null` (sandboxed frames) and `*`.
//!
//! An origin is scheme, host and port as browsers send them in `Origin`: lower case, no path, no default port.

use super::SitesError;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Every origin. The answer still echoes the one that asks, never `*`.
    Any,
    /// This one alone.
    Exact(String),
    /// Subdomains at any depth: what stands before and after the star, such as `https://` and `.a.example:8443`.
    Subdomains(String, String),
}

impl Origin {
    /// Whether a page of `origin` matches.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact == origin,
            Self::Subdomains(scheme, suffix) => origin
                .strip_prefix(scheme.as_str())
                .and_then(|rest| rest.strip_suffix(suffix.as_str()))
                .is_some_and(is_host),
        }
    }
}

fn is_host(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

/// Whether `text` is `host`, `host:port` or `[v6]:port`.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_ok = v6.map_or_else(|| is_host(host), |v6| v6.parse::<std::net::Ipv6Addr>().is_ok());
    host_ok && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

impl FromStr for Origin {
    type Err = SitesError;

    fn from_str(text: &str) -> Result<Self, SitesError> {
        let wrong = || SitesError::Origin(text.to_owned());
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "*" => return Ok(Self::Any),
            "null" => return Ok(Self::Exact(lower)),
            _ => {}
        }
        let (scheme, authority) = lower.split_once("://").ok_or_else(wrong)?;
        if scheme.is_empty()
            || !scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            return Err(wrong());
        }
        let default_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => "",
        };
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        if let Some(parent) = authority.strip_prefix("*.") {
            let pattern = Self::Subdomains(format!("{scheme}://"), format!(".{parent}"));
            return is_authority(parent).then_some(pattern).ok_or_else(wrong);
        }
        let exact = Self::Exact(format!("{scheme}://{authority}"));
        is_authority(authority).then_some(exact).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn a_pattern_allows_what_it_says_and_nothing_else() {
        let cases = [
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "https://a.example:8443", false),
            ("https://a.example", "https://a.example.evil", false),
            ("https://A.example:443", "https://a.example", true),
            ("http://localhost:8000", "http://localhost:8000", true),
            ("http://[::1]:8000", "http://[::1]:8000", true),
            ("https://*.a.example", "https://x.a.example", true),
            ("https://*.a.example", "https://x.y.a.example", true),
            ("https://*.a.example", "https://a.example", false),
            ("https://*.a.example", "https://evil.example/.a.example", false),
            ("https://*.a.example", "https://evila.example", false),
            ("https://*.a.example", "https://u@x.a.example", false),
            ("https://*.a.example", "https://.a.example", false),
            ("https://*.a.example:8443", "https://x.a.example:8443", true),
            ("https://*.a.example:8443", "https://x.a.example", false),
            ("null", "null", true),
            ("*", "null", true),
            ("capacitor://localhost", "capacitor://localhost", true),
        ];
        for (pattern, origin, allowed) in cases {
            assert_eq!(
                pattern.parse::<Origin>().unwrap().allows(origin),
                allowed,
                "{pattern} {origin}"
            );
        }
    }

    #[test]
    fn what_is_not_an_origin_is_refused() {
        for bad in [
            "",
            "a.example",
            "https://",
            "https://a.example/",
            "https://*",
            "https://*.",
            "https://a b",
            "://a",
            "https://a:99999",
            "https://u@a.example",
            "https://a.*.example",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }
}
