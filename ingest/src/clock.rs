//! The time of day as the edge sees it. Tests move it: a session that ends after half an hour, and a salt that is destroyed
//! after two days, are shown in a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock, or one that is moved against it.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// A clock that shows this many milliseconds more than the system's, whenever it is looked at.
    #[must_use]
    pub const fn moved_by(millis: Arc<AtomicI64>) -> Self {
        Self(Some(millis))
    }

    /// Milliseconds since 1970; a clock before that counts as 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        match &self.0 {
            None => now,
            Some(moved) => now.saturating_add(moved.load(Ordering::Relaxed)).max(0),
        }
    }
}
