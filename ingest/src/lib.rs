//! The HTTP edge of Footfall: every event that it acknowledges is on disk.
//!
//! [`run`] is the only way to start. A request of the public port goes through these steps, one module each:
//! 1. limit: `server` (connections, TLS, deadlines, drain; `tls` has the certificate), `body` (size, pace, shared memory, decompression);
//! 2. decode: `batch` reads the body with the types of `footfall-schemas`; `admit` finds the [`sites`] entry and checks
//!    key, origin (`cors`) and rate, `share` what it may take of the log;
//! 3. identify: `identity` (visitor, session, cookie), `client_ip` and `address` (whose address, and what is kept of it;
//!    `unbelieved`: the alarm that all share one);
//! 4. stamp: `stamp` makes the `Event`: ids, times, cuts, flags (`names`, `hints`);
//! 5. append: `events` waits for the log's group fdatasync;
//! 6. answer: `answer`, with the headers of `dress`, or `debug` for who asked what became of each event; `auth_log` says who logged in, `refused` tells
//!    who watches what was turned away.
//!
//! `edge` holds what all requests share and sends each to its step; `pixel`, `visitor`, `script` and `probes` are the other
//! endpoints; `metrics` counts; `secret` keeps keys on disk; `parts` splits texts. Nothing here knows of ClickHouse.

pub mod config;
pub mod preview;
pub mod sites;

mod address;
mod admit;
mod answer;
mod auth_log;
mod batch;
mod body;
mod client_ip;
mod clock;
mod cors;
mod debug;
mod dress;
mod edge;
mod events;
mod head;
mod hints;
mod identity;
mod metrics;
mod names;
mod parts;
mod pixel;
mod probes;
mod rate;
mod refused;
mod run;
mod script;
mod scrub;
mod secret;
mod server;
mod share;
mod stamp;
mod stream;
mod takeover;
mod tls;
mod trace;
mod unbelieved;
mod visitor;

pub use auth_log::AUTH;
pub use clock::Clock;
pub use config::{Config, Extra, Limits, MetricsSource, Paths, Proxies, ProxyHeader, SitesConfig, Timeouts};
pub use identity::daily::{DailySalts, random_salt};
pub use identity::ring::{KeyInfo, KeyRing};
pub use metrics::metrics_of_an_idle_edge;
pub use refused::{Refusals, Refused};
pub use run::{IngestError, Listeners, TlsListener, run};
pub use sites::{Site, Sites, SitesError};
pub use tls::{Certificate, TlsError, TlsFiles};
