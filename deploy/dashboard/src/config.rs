//! What the service is told. The binary fills it from its settings.

use footfall_processor::Server;
use footfall_processor::retention::Retention;
use serde::Serialize;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The ClickHouse to ask, as somebody who may only read.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Address, user, database.
    pub server: Server,
    /// Whether `readonly=2` has to be asked for, because the user could do more.
    pub hold_back: bool,
}

/// A site as the page offers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SiteInfo {
    /// Key.
    pub key: String,
    /// Name for people; the key if there is none.
    pub name: String,
    /// IANA name of the zone in which its days are counted.
    pub timezone: String,
}

/// Gives the sites that are configured now; they may change while the service runs.
pub type Sites = Arc<dyn Fn() -> Vec<SiteInfo> + Send + Sync>;

/// What one question may take, and all together.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time of a question in ClickHouse.
    pub time: Duration,
    /// Memory of a question in ClickHouse, bytes.
    pub memory_bytes: u64,
    /// Rows of an answer.
    pub rows: u32,
    /// Questions at the same time; others wait for up to [`Limits::wait`].
    pub questions: usize,
    /// Cores of a ClickHouse that is asked on this machine: those who ask share them. `None`: it shares its own.
    pub cores: Option<usize>,
    /// How long a question waits for its turn.
    pub wait: Duration,
    /// Bytes of answers that are kept for a moment.
    pub cache_bytes: u64,
    /// Open connections.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            time: Duration::from_secs(30),
            memory_bytes: 2 << 30,
            rows: 100_000,
            // More at once on a small machine make each of them slow enough to be stopped.
            questions: cores.clamp(2, 8),
            cores: None,
            wait: Duration::from_secs(60),
            cache_bytes: 48 << 20,
            connections: 512,
        }
    }
}

/// Everything that [`Dashboard`](crate::Dashboard) needs beside its listener.
#[derive(Clone)]
pub struct Config {
    /// Where ClickHouse is; `None` while it is being started.
    pub reader: watch::Receiver<Option<Reader>>,
    /// The sites.
    pub sites: Sites,
    /// For how long what is kept, as the processors know it.
    pub retention: Retention,
    /// The file with segments, goals, tokens and links.
    pub kept: PathBuf,
    /// Password that opens everything. Needed off loopback, unless the file has tokens.
    pub password: Option<String>,
    /// Host names beside loopback's own under which the service is reached.
    pub hosts: Vec<String>,
    /// Where pages find the beacon, for the script tag of the first run: `http://127.0.0.1:8000/beacon.js`.
    pub beacon: Option<String>,
    /// Address of the demo page, if there is one.
    pub demo: Option<String>,
    /// What is allowed.
    pub limits: Limits,
    /// What requests in flight get at the end.
    pub drain: Duration,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The file cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Kept {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Anybody could read everything.
    #[error("the dashboard would show everything to whoever reaches {0}, without a password")]
    Open(SocketAddr),
}

impl StartError {
    /// What to do.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Kept { .. } => {
                "correct the file, or move it away: segments, goals, tokens and links are kept in it"
            }
            Self::Open(_) => {
                "set a password (`dashboard.password`, FOOTFALL_DASHBOARD_PASSWORD_FILE), or listen on loopback and reach it through \
                 an SSH tunnel"
            }
        }
    }
}
