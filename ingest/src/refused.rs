//! What was turned away, for people who watch: `footfall tail` shows it beside the fates of what was kept.
//!
//! A refusal is told while somebody listens, and stands nowhere afterwards but in the counters: what anybody may send
//! without being known must not fill a disk.

use crate::clock::Clock;
use footfall_schemas::reject::Rejection;
use footfall_schemas::{Reject, limits};
use tokio::sync::broadcast;

/// Refusals that a listener may be behind before it misses some.
const BEHIND: usize = 1_024;

/// One request, or one event of a request, that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// When, ms since 1970.
    pub at: i64,
    /// The site that the request named, there or not; empty if it was not read that far.
    pub site: String,
    /// The origin of the page; empty if nothing says it.
    pub origin: String,
    /// Why.
    pub reason: Reject,
    /// What exactly.
    pub detail: String,
}

/// Where refusals are told; clones are the same place.
#[derive(Debug, Clone)]
pub struct Refusals(broadcast::Sender<Refused>);

impl Default for Refusals {
    fn default() -> Self {
        Self(broadcast::Sender::new(BEHIND))
    }
}

impl Refusals {
    /// Refusals from now on.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Refused> {
        self.0.subscribe()
    }

    /// Nothing is made while nobody listens.
    pub(crate) fn tell(&self, site: &str, origin: &str, rejection: &Rejection) {
        if self.0.receiver_count() == 0 {
            return;
        }
        // Fails only when the last listener has just left.
        let _ = self.0.send(Refused {
            at: Clock::default().now_ms(),
            site: limits::cut(site, limits::SITE_CHARS).0.to_owned(),
            origin: limits::cut(origin, limits::HEADER_BYTES).0.to_owned(),
            reason: rejection.reason,
            detail: rejection.detail.clone(),
        });
    }
}
