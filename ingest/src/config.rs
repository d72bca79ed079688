//! What the operator may set, one plain struct per concern. The binary fills them from its file and the environment.
//!
//! Durations read as text with a unit (`"5s"`, `"250ms"`, `"2m"`), see [`duration`]. Sites have a file of their own:
//! [`crate::sites`].

pub mod duration;

use crate::clock::Clock;
use crate::identity::daily::DailySalts;
use crate::identity::ring::KeyRing;
use crate::refused::Refusals;
use crate::sites::Sites;
use axum::Router;
use ipnet::IpNet;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Everything that [`run`](crate::run) needs beside its listeners and its log.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of `identity.key` and `ip-salt`, both made at first start, mode 0600.
    pub data: PathBuf,
    /// The keys behind visitors and sessions; none: those of `identity.key`, which is read again when it changes. Nodes of
    /// one cluster must have the same.
    #[serde(skip)]
    pub identity: Option<KeyRing>,
    /// Salts of the days that come from outside; none: those of `ip-salt`. Nodes of one cluster must have the same.
    #[serde(skip)]
    pub salts: Option<Arc<DailySalts>>,
    /// What time it is.
    #[serde(skip)]
    pub clock: Clock,
    /// Where the sites come from.
    pub sites: SitesConfig,
    /// What one sender, or all together, may take.
    pub limits: Limits,
    /// How long anything may take.
    pub timeouts: Timeouts,
    /// Whose word about the client's address is taken.
    pub proxies: Proxies,
    /// Paths on the public port.
    pub paths: Paths,
    /// What the binary adds to the listeners; not from a file.
    #[serde(skip)]
    pub extra: Extra,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("footfall-data"),
            identity: None,
            salts: None,
            clock: Clock::default(),
            sites: SitesConfig::default(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            proxies: Proxies::default(),
            paths: Paths::default(),
            extra: Extra::default(),
        }
    }
}

/// Where the sites come from: the file's win over built-in ones of the same key. One of the two must have a site.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SitesConfig {
    /// The TOML file, watched for changes.
    pub file: Option<PathBuf>,
    /// Sites that exist without a file, such as [`Sites::demo`].
    #[serde(skip)]
    pub builtin: Sites,
}

/// What one sender, or all together, may take. Beyond it the answer is 503, or 431 for headers.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections on the public port.
    pub connections: usize,
    /// Connections of one address (IPv6: one /64) on the public port. Trusted proxies are exempt.
    pub connections_per_address: usize,
    /// Bytes of a request's head. Cookies and two long URLs fit.
    pub header_bytes: usize,
    /// Bytes of all bodies in memory at one moment: what thousands of slow senders may cost together.
    pub body_memory_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            connections_per_address: 256,
            header_bytes: 32 * 1024,
            body_memory_bytes: 48 * 1024 * 1024,
        }
    }
}

/// How long anything may take.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timeouts {
    /// From the first byte of a request's head (or from accepting the connection) to its last.
    #[serde(with = "duration")]
    pub header_read: Duration,
    /// From the end of the head to the end of the body.
    #[serde(with = "duration")]
    pub body: Duration,
    /// Between two pieces of a body.
    #[serde(with = "duration")]
    pub body_stall: Duration,
    /// Between two requests of one connection.
    #[serde(with = "duration")]
    pub idle: Duration,
    /// Until an answer that the client does not read is given up.
    #[serde(with = "duration")]
    pub write: Duration,
    /// What requests in flight get at shutdown.
    #[serde(with = "duration")]
    pub drain: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            header_read: Duration::from_secs(5),
            body: Duration::from_secs(10),
            body_stall: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            write: Duration::from_secs(10),
            drain: Duration::from_secs(10),
        }
    }
}

/// Whose word about the client's address is taken.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxies {
    /// Networks of our own proxies and balancers; their forwarding headers are believed, nobody else's.
    pub trusted: Vec<IpNet>,
    /// Which header they write.
    pub header: ProxyHeader,
}

/// Which forwarding header counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For` if it is there, else `Forwarded`. A proxy that writes only `Forwarded` and lets a client's
    /// `X-Forwarded-For` through needs [`ProxyHeader::Forwarded`], or its clients can choose their address.
    #[default]
    Auto,
    /// Only `X-Forwarded-For`.
    XForwardedFor,
    /// Only `Forwarded` (RFC 7239).
    Forwarded,
}

/// Paths on the public port. Ad blockers know the usual names, so each can be changed.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// `POST`: events.
    pub events: String,
    /// `GET`: one page view from a page without JavaScript.
    pub pixel: String,
    /// `DELETE`: the visitor's cookie.
    pub visitor: String,
    /// `GET`: the beacon script; its debug texts lie beside it (`/beacon-debug.js`).
    pub beacon: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            events: "/v1/events".to_owned(),
            pixel: "/v1/pixel.gif".to_owned(),
            visitor: "/v1/visitor".to_owned(),
            beacon: "/beacon.js".to_owned(),
        }
    }
}

/// Adds lines in Prometheus' text format to what `/metrics` says.
pub type MetricsSource = Arc<dyn Fn(&mut String) + Send + Sync>;

/// What the binary adds: routes, other parts' metrics.
#[derive(Clone, Default)]
pub struct Extra {
    /// Routes of the public port that this crate does not have, such as the demo page at `/`.
    /// Bodies reach them whole, under the limits of events.
    pub public: Router,
    /// Routes of the admin port.
    pub admin: Router,
    /// Metrics of the other parts of this process.
    pub metrics: Option<MetricsSource>,
    /// Where refusals are told, for people who watch.
    pub refusals: Refusals,
    /// Whether an exporter of traces has been set up; without the feature `otel` it counts for nothing.
    pub traced: bool,
}

impl std::fmt::Debug for Extra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extra").finish_non_exhaustive()
    }
}
