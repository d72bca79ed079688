//! The enrichment that is in force, replaced as a whole while the processor runs.

use super::enricher::Enricher;
use super::folder::{DataError, Folder, PARTS};
use arc_swap::ArcSwap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often the folder's times and sizes are looked at.
const EVERY: Duration = Duration::from_millis(500);

/// Holds the [`Enricher`] of the moment.
pub struct Enrichment {
    current: ArcSwap<Enricher>,
    folder: Option<Mutex<Folder>>,
}

impl fmt::Debug for Enrichment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Enrichment").field(&self.now().versions()).finish()
    }
}

impl Enrichment {
    /// Without files of the operator's.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            current: ArcSwap::from_pointee(Enricher::built_in()),
            folder: None,
        }
    }

    /// With the files of `folder`, as they are now; [`Enrichment::watch`] follows them. The folder need not exist. What
    /// cannot be used is told here and left out: events wait for nobody's data.
    #[must_use]
    pub fn open(folder: PathBuf) -> (Self, Vec<DataError>) {
        let mut enrichment = Self::built_in();
        enrichment.folder = Some(Mutex::new(Folder::new(folder, PARTS)));
        let errors = enrichment.refresh(true);
        (enrichment, errors)
    }

    /// What is in force. Take it once for whatever belongs together.
    #[must_use]
    pub fn now(&self) -> Arc<Enricher> {
        self.current.load_full()
    }

    /// Looks at the folder once; blocks while files are read.
    fn refresh(&self, at_once: bool) -> Vec<DataError> {
        let Some(folder) = &self.folder else {
            return Vec::new();
        };
        let mut folder = folder.lock().unwrap_or_else(PoisonError::into_inner);
        let (fresh, errors) = folder.refresh(&self.current.load(), at_once);
        if let Some(fresh) = fresh {
            tracing::info!(versions = fresh.versions(), "enrichment data in force");
            self.current.store(Arc::new(fresh));
        }
        for error in &errors {
            tracing::error!(%error, "an enrichment file cannot be used: what was in force before stays");
        }
        errors
    }

    /// Follows the folder for ever; ends only by being dropped.
    pub async fn watch(self: Arc<Self>) {
        if self.folder.is_none() {
            return std::future::pending().await;
        }
        let mut tick = tokio::time::interval(EVERY);
        loop {
            tick.tick().await;
            let enrichment = Arc::clone(&self);
            // A database of places is tens of megabytes: read beside the runtime.
            let _ = tokio::task::spawn_blocking(move || enrichment.refresh(false)).await;
        }
    }
}
