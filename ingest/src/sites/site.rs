//! One site, field by field as the file says it.

use super::SitesError;
use super::host::HostPattern;
use super::origin::Origin;
use crate::config::duration;
use crate::scrub::Scrub;
use serde::Deserialize;
use std::time::Duration;

/// One tenant. Every field but the key has a default.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// 1 to 64 of `[a-z0-9_-]`; part of the cookie's name and of the table's sort key.
    pub key: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    /// Origins of pages that may send.
    #[serde(default)]
    pub origins: Vec<Origin>,
    /// Hosts on which the site's pages lie; empty: any. Events of other pages are refused, such as of a copy of the site
    /// on a test server, whose origin may well be allowed. Servers with a key may name any page.
    #[serde(default)]
    pub hostnames: Vec<HostPattern>,
    /// Whether a request without `Origin` and `Referer` is refused (unless it has a server key).
    #[serde(default)]
    pub require_origin: bool,
    /// What is kept of an address.
    #[serde(default)]
    pub ip: IpPolicy,
    /// Whether and how visitors are recognised again.
    #[serde(default)]
    pub cookie: CookiePolicy,
    /// What ends a session.
    #[serde(default)]
    pub session: SessionCuts,
    /// IANA time zone of reports and of midnight.
    #[serde(default = "utc")]
    pub timezone: String,
    /// Events per second; none: unlimited.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
    /// Events per second of one address (IPv6: one /64); none: unlimited. Servers with a key are exempt.
    #[serde(default)]
    pub address_rate_limit: Option<RateLimit>,
    /// The part of the local log's quota that the site may fill, 1 to 100; none: four times what is free, so that one site
    /// stops at 80 and leaves the rest to others.
    #[serde(default)]
    pub log_percent: Option<u8>,
    /// For how long its events and their addresses are kept; what is not said is as for all sites (`[retention]`).
    #[serde(default)]
    pub keep: Keep,
    /// What is taken out of addresses before they are written.
    #[serde(default)]
    pub scrub: Scrub,
    /// SHA-256 of each secret server key, 64 hex digits. The keys themselves are written nowhere.
    #[serde(default, with = "digests")]
    pub server_keys: Vec<[u8; 32]>,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Site {
    /// A site with everything at its default.
    ///
    /// # Errors
    /// If the key is not a site key.
    pub fn new(key: &str) -> Result<Self, SitesError> {
        let site = Self {
            key: key.to_owned(),
            name: String::new(),
            origins: Vec::new(),
            hostnames: Vec::new(),
            require_origin: false,
            ip: IpPolicy::default(),
            cookie: CookiePolicy::default(),
            session: SessionCuts::default(),
            timezone: utc(),
            rate_limit: None,
            address_rate_limit: None,
            log_percent: None,
            keep: Keep::default(),
            scrub: Scrub::default(),
            server_keys: Vec::new(),
        };
        site.check()?;
        Ok(site)
    }

    /// What the types alone cannot say.
    pub(super) fn check(&self) -> Result<(), SitesError> {
        if !footfall_schemas::site::is_key(&self.key) {
            return Err(SitesError::Key(self.key.clone()));
        }
        if jiff::tz::TimeZone::get(&self.timezone).is_err() {
            return Err(SitesError::Timezone(self.key.clone(), self.timezone.clone()));
        }
        let host = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
        if !self.cookie.domain.bytes().all(host) {
            return Err(SitesError::Domain(self.key.clone(), self.cookie.domain.clone()));
        }
        let limits = [self.rate_limit, self.address_rate_limit];
        if limits.into_iter().flatten().any(|limit| limit.per_second == 0) {
            return Err(SitesError::Rate(self.key.clone()));
        }
        if self
            .log_percent
            .is_some_and(|percent| !(1..=100).contains(&percent))
        {
            return Err(SitesError::Percent(self.key.clone()));
        }
        let mut kept = [self.keep.events, self.keep.addresses].into_iter().flatten();
        if kept.any(|kept| kept.subsec_nanos() > 0 || !kept.as_secs().is_multiple_of(24 * 3600)) {
            return Err(SitesError::Keep(self.key.clone()));
        }
        Ok(())
    }
}

/// What is kept of an address, decided before the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IpPolicy {
    /// The network: /24 of IPv4, /48 of IPv6.
    #[default]
    Truncate,
    /// All of it.
    Full,
    /// A keyed hash under a random salt of the day: tells visitors apart for a day, has no place.
    Hash,
    /// Nothing.
    None,
}

/// Whether and how visitors are recognised again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CookiePolicy {
    /// When a cookie may be set.
    pub mode: CookieMode,
    /// The cookie's `SameSite`.
    pub same_site: SameSite,
    /// The cookie's `Domain`; empty: the host of the edge alone.
    pub domain: String,
    /// The cookie's `Secure`.
    pub secure: Secure,
    /// Whether `Sec-GPC: 1` stands for a refusal, unless the visitor has consented.
    pub gpc: bool,
    /// Whether `DNT: 1` does.
    pub dnt: bool,
    /// What recognises visitors who have no cookie and get none.
    pub without: Without,
}

impl Default for CookiePolicy {
    fn default() -> Self {
        Self {
            mode: CookieMode::default(),
            same_site: SameSite::default(),
            domain: String::new(),
            secure: Secure::default(),
            gpc: true,
            dnt: true,
            without: Without::default(),
        }
    }
}

/// When the cookie has `Secure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secure {
    /// But on `localhost`, where plain http is usual.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never: for plain http in a network of one's own.
    Never,
}

/// What recognises a visitor without a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    /// A keyed hash of address and user agent under the salt of the day.
    #[default]
    Daily,
    /// Nothing: each page load is a visitor.
    Page,
}

/// When a cookie may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CookieMode {
    /// From the first request on.
    #[default]
    Always,
    /// After consent.
    Consent,
    /// Never.
    Never,
}

/// The `SameSite` attribute (RFC 6265bis).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameSite {
    /// Sent with requests of the same site and top-level navigation.
    #[default]
    Lax,
    /// Sent only with requests of the same site.
    Strict,
    /// Sent everywhere, needs `Secure`.
    None,
}

/// What ends a session.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionCuts {
    /// Time without events; 0: without end.
    #[serde(with = "duration")]
    pub idle: Duration,
    /// Greatest length; 0: any.
    #[serde(with = "duration")]
    pub length: Duration,
    /// A new campaign.
    pub campaign: bool,
    /// Midnight in the site's time zone.
    pub midnight: bool,
    /// A login or logout.
    pub login: bool,
}

impl Default for SessionCuts {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(30 * 60),
            length: Duration::from_secs(24 * 3600),
            campaign: true,
            midnight: false,
            login: false,
        }
    }
}

/// For how long something is kept, from its receipt: whole days; `0d`: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Keep {
    /// Events.
    #[serde(with = "duration::optional")]
    pub events: Option<Duration>,
    /// Full addresses of events (`ip = "full"`); the event stays.
    #[serde(with = "duration::optional")]
    pub addresses: Option<Duration>,
}

/// A token bucket of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Events per second in the long run, 1 or more.
    pub per_second: u32,
    /// Events at once; 0: ten seconds' worth.
    #[serde(default)]
    pub burst: u32,
}

/// Lists of SHA-256 digests as hex text.
mod digests {
    use serde::de::{Deserialize, Deserializer, Error};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<[u8; 32]>, D::Error> {
        let list = Vec::<String>::deserialize(deserializer)?;
        list.iter()
            .map(|text| crate::secret::from_hex(text))
            .collect::<Option<_>>()
            .ok_or_else(|| D::Error::custom("a server key stands here as its SHA-256: 64 hex digits"))
    }
}
