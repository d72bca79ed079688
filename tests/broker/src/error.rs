//! Why there is no broker.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Every text says what was being tried, and what to install where that is the way out.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// A program is not installed.
    #[error("cannot {action}: {program} is not installed; apt-get install openjdk-17-jre-headless maven")]
    Missing {
        /// `java` or `mvn`.
        program: &'static str,
        /// What it was needed for.
        action: &'static str,
    },
    /// A program ended with an error.
    #[error("cannot {action}: it ended with {status}:\n{output}")]
    Failed {
        /// What it was started for.
        action: &'static str,
        /// Its exit status.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// The broker runs, but does not answer as it should.
    #[error("cannot start the broker: not ready after {waited:?}:\n{output}")]
    NotReady {
        /// How long was waited.
        waited: Duration,
        /// The end of what it printed.
        output: String,
    },
    /// A file or a process could not be handled.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// Neither `XDG_CACHE_HOME` nor `HOME` is set.
    #[error("cannot find the cache folder: neither XDG_CACHE_HOME nor HOME is set")]
    NoCache,
    /// All tried ports were taken.
    #[error("cannot find a free loopback port below 32768")]
    NoPort,
}

impl BrokerError {
    /// For `map_err` on file operations.
    pub(crate) fn io(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> BrokerError {
        let path = path.into();
        move |source| BrokerError::Io { action, path, source }
    }
}
