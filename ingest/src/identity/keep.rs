//! The secrets of a running node: its key ring and the salts of the days, and what has to be done for them in time.

use super::daily::DailySalts;
use super::ring::KeyRing;
use crate::clock::Clock;
use crate::config::Config;
use crate::run::IngestError;
use crate::secret;
use arc_swap::ArcSwap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How often the ring's file and the age of salts are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Both, as requests use them.
pub(crate) struct Secrets {
    pub(crate) ring: ArcSwap<KeyRing>,
    pub(crate) salts: Arc<DailySalts>,
    /// The ring's file, where it is ours.
    file: Option<PathBuf>,
}

impl Secrets {
    /// Takes up what is there; makes a key and a salt where none was given.
    pub(crate) fn open(config: &Config, clock: &Clock) -> Result<Self, IngestError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| IngestError::Secret { path, source }
        };
        std::fs::create_dir_all(&config.data).map_err(failed(&config.data))?;
        let (key_file, salt_file) = (config.data.join("identity.key"), config.data.join("ip-salt"));
        let (ring, file) = match &config.identity {
            Some(given) => (given.clone(), None),
            None => {
                let ring = read_or_make(&key_file).map_err(failed(&key_file))?;
                (ring, Some(key_file))
            }
        };
        let salts = match &config.salts {
            Some(shared) => Arc::clone(shared),
            None => Arc::new(DailySalts::open(&salt_file, clock.now_ms()).map_err(failed(&salt_file))?),
        };
        Ok(Self {
            ring: ArcSwap::from_pointee(ring),
            salts,
            file,
        })
    }

    /// For ever: destroys salts in time, and takes up a ring that `footfall keys` has changed. A ring that cannot be read
    /// leaves the one before it in force.
    pub(crate) async fn watch(&self, clock: &Clock) {
        let mut tick = tokio::time::interval(EVERY);
        let mut broken = false;
        loop {
            tick.tick().await;
            self.salts.tick(clock.now_ms());
            let Some(file) = &self.file else { continue };
            match read(file) {
                Ok(Some(ring)) => {
                    broken = false;
                    if ring.to_text() != self.ring.load().to_text() {
                        tracing::info!(keys = ring.len(), "read the key ring again");
                        self.ring.store(Arc::new(ring));
                    }
                }
                problem if !broken => {
                    broken = true;
                    let error = problem
                        .err()
                        .map_or_else(|| "it is gone".to_owned(), |e| e.to_string());
                    tracing::error!(%error, "the key ring cannot be read: the one before it stays in force");
                }
                _ => {}
            }
        }
    }
}

fn read(path: &Path) -> io::Result<Option<KeyRing>> {
    let Some(text) = secret::read(path)? else {
        return Ok(None);
    };
    KeyRing::parse(&text)
        .map(Some)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a key ring: 64 hex digits a line"))
}

fn read_or_make(path: &Path) -> io::Result<KeyRing> {
    if let Some(ring) = read(path)? {
        return Ok(ring);
    }
    let ring = KeyRing::random();
    secret::write(path, &ring.to_text())?;
    Ok(ring)
}
