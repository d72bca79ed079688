//! The figures of the edge, as plain atomics: counting must cost nanoseconds. [`render`] writes them for Prometheus.

mod render;

pub use render::metrics_of_an_idle_edge;

pub(crate) use render::{certificate, log, proxies, secrets, sites};

use crate::identity::visit::Farewell;
use footfall_schemas::{Kind, Reject};
use std::sync::atomic::{AtomicU64, Ordering};

/// A figure that is only counted up.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A figure that goes up and down.
#[derive(Default)]
pub(crate) struct Gauge(AtomicU64);

impl Gauge {
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Statuses that are counted one by one; any other counts as its hundred.
const STATUSES: [u16; 17] = [
    200, 204, 304, 400, 403, 404, 405, 408, 413, 415, 429, 500, 503, 299, 399, 499, 599,
];

/// What becomes of visitors' cookies.
const COOKIE_FATES: [&str; 5] = ["read", "forged", "unknown_key", "malformed", "sent"];

/// Everything that is counted.
#[derive(Default)]
pub(crate) struct Metrics {
    statuses: [Counter; STATUSES.len()],
    accepted: [Counter; Kind::ALL.len()],
    rejected: [Counter; Reject::ALL.len()],
    pub(crate) unknown_fields: Counter,
    pub(crate) body_bytes: Counter,
    pub(crate) decoded_bytes: Counter,
    pub(crate) appends: Counter,
    pub(crate) panics: Counter,
    pub(crate) connections: Counter,
    pub(crate) connections_open: Gauge,
    pub(crate) refused_total: Counter,
    pub(crate) refused_address: Counter,
    pub(crate) accept_errors: Counter,
    /// Handshakes that came to nothing: bytes that are no TLS but a plain request, and everything else.
    pub(crate) tls_plain: Counter,
    pub(crate) tls_failed: Counter,
    pub(crate) tls_reloaded: Counter,
    pub(crate) tls_broken: Counter,
    pub(crate) timeout_handshake: Counter,
    pub(crate) timeout_header: Counter,
    pub(crate) timeout_idle: Counter,
    pub(crate) timeout_write: Counter,
    pub(crate) sites_reloaded: Counter,
    pub(crate) sites_broken: Counter,
    cookies: [Counter; COOKIE_FATES.len()],
    pub(crate) takeovers: Counter,
}

impl Metrics {
    pub(crate) fn answered(&self, status: u16) {
        let exact = STATUSES.iter().position(|known| *known == status);
        let at = exact.or_else(|| {
            STATUSES
                .iter()
                .position(|known| *known == status / 100 * 100 + 99)
        });
        if let Some(counter) = at.and_then(|at| self.statuses.get(at)) {
            counter.add(1);
        }
    }

    pub(crate) fn accepted(&self, kind: Kind, n: u64) {
        if let Some(counter) = self.accepted.get(usize::from(kind.code()) - 1) {
            counter.add(n);
        }
    }

    pub(crate) fn cookies(&self, farewell: &Farewell) {
        let seen = farewell.seen;
        let sent = u32::from(farewell.set_cookie.is_some());
        let counts = [seen.read, seen.forged, seen.unknown_key, seen.malformed, sent];
        for (counter, count) in self.cookies.iter().zip(counts) {
            if count > 0 {
                counter.add(u64::from(count));
            }
        }
        if farewell
            .takeover
            .is_some_and(|takeover| takeover.network || takeover.agent)
        {
            self.takeovers.add(1);
        }
    }

    pub(crate) fn rejected(&self, reason: Reject) {
        let at = Reject::ALL.iter().position(|known| *known == reason);
        if let Some(counter) = at.and_then(|at| self.rejected.get(at)) {
            counter.add(1);
        }
    }
}
