//! Watches certificate and key, and shows the new pair once both are there. A pair that cannot be used leaves the old one in
//! force.

use super::{Pair, TlsFiles};
use crate::clock::Clock;
use crate::metrics::Metrics;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How often the files' times and sizes are looked at.
const EVERY: Duration = Duration::from_millis(500);
/// How often a certificate that ends soon is warned about: a day, in looks.
const WARN_EVERY: u32 = 2 * 24 * 3600;

/// What tells one state of a file from another; links and replaced files have another inode.
pub(super) type Mark = Option<(SystemTime, u64, u64)>;

fn mark(path: &Path) -> Mark {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.modified().ok()?, meta.len(), meta.ino()))
}

/// Both files as they are now.
pub(super) fn marks(files: &TlsFiles) -> [Mark; 2] {
    [mark(&files.certificate), mark(&files.key)]
}

impl Pair {
    /// Watches for ever; ends only by being dropped.
    pub(crate) async fn watch(&self, clock: &Clock, metrics: &Metrics) {
        let (mut seen, mut before) = (self.opened, self.opened);
        let mut tick = tokio::time::interval(EVERY);
        let mut looks = 0;
        loop {
            tick.tick().await;
            if looks == 0 {
                self.warn(clock);
            }
            looks = (looks + 1) % WARN_EVERY;
            let now = marks(&self.files);
            // Both files are renewed one after the other, and written piece by piece: read once nothing moves any more.
            let still = now == before;
            before = now;
            if still && now != seen {
                seen = now;
                self.renew(metrics);
                looks = 0;
            }
        }
    }

    fn renew(&self, metrics: &Metrics) {
        match self.files.read() {
            Ok((shown, facts)) => {
                self.shown.store(Arc::new(shown));
                metrics.tls_reloaded.add(1);
                tracing::info!(names = ?facts.names, "read certificate and key again");
                self.facts.store(Arc::new(facts));
            }
            Err(error) => {
                metrics.tls_broken.add(1);
                tracing::error!(%error, remedy = error.remedy(), "certificate and key have changed and cannot be used: the pair before them stays in use");
            }
        }
    }

    fn warn(&self, clock: &Clock) {
        let (facts, now) = (self.facts(), clock.now_ms() / 1000);
        if facts.ends_soon(now) {
            let days = facts.days_left(now);
            tracing::warn!(certificate = %self.files.certificate.display(), days, "the certificate has expired or is about to: renew it, it is read again by itself");
        }
    }
}
