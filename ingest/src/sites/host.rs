//! Patterns of host names on which a site's pages may lie: `shop.example`, `*.shop.example` (subdomains at any depth).

use super::SitesError;
use serde::{Deserialize, Deserializer};
use std::str::FromStr;

/// One pattern, lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// This host alone.
    Exact(String),
    /// What ends in this, such as `.shop.example`.
    Subdomains(String),
}

impl HostPattern {
    /// Whether `host` matches, in whatever case it is written.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        match self {
            Self::Exact(exact) => exact.eq_ignore_ascii_case(host),
            Self::Subdomains(end) => host
                .len()
                .checked_sub(end.len())
                .filter(|at| *at > 0)
                .and_then(|at| host.get(at..))
                .is_some_and(|tail| tail.eq_ignore_ascii_case(end)),
        }
    }
}

impl FromStr for HostPattern {
    type Err = SitesError;

    fn from_str(text: &str) -> Result<Self, SitesError> {
        let lower = text.to_ascii_lowercase();
        let name = lower.strip_prefix("*.").unwrap_or(&lower);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if name.is_empty() || name.starts_with('.') || !name.bytes().all(fits) {
            return Err(SitesError::Host(text.to_owned()));
        }
        Ok(match lower.strip_prefix('*') {
            Some(end) => Self::Subdomains(end.to_owned()),
            None => Self::Exact(lower),
        })
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The host of an address, without user and port; empty if there is none.
pub(crate) fn host_of(url: &str) -> &str {
    let origin = crate::head::origin_of(url);
    let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{HostPattern, host_of};

    #[test]
    fn a_pattern_allows_its_host_and_nothing_that_looks_like_it() {
        let allows = |pattern: &str, host: &str| pattern.parse::<HostPattern>().unwrap().allows(host);
        assert!(allows("Shop.example", "shop.EXAMPLE"));
        assert!(!allows("shop.example", "m.shop.example"));
        assert!(allows("*.shop.example", "a.b.shop.example"));
        for not in [
            "shop.example",
            ".shop.example",
            "xshop.example",
            "shop.example.evil.example",
            "é.example",
            "",
        ] {
            assert!(!allows("*.shop.example", not), "{not}");
        }
        for bad in ["", "*", "*.", "https://shop.example", "shop.example:8000", "a b"] {
            assert!(bad.parse::<HostPattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_host_of_an_address_has_neither_user_nor_port() {
        assert_eq!(host_of("https://shop.example:8443/x?y"), "shop.example");
        assert_eq!(host_of("https://shop.example@evil.example/"), "evil.example");
        assert_eq!(host_of("http://[::1]:8000/"), "[::1]");
        assert_eq!(host_of("file:///home/x"), "");
        assert_eq!(host_of("shop.example"), "");
    }
}
