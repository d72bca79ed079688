//! What is to run here, and so what must be well.

use super::Findings;
use crate::cli::Service;
use crate::config::Config;
use crate::up;

/// What is to run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// Everything, without Kafka.
    Up,
    /// The edge of a cluster.
    Ingest,
    /// A processor of a cluster.
    Processor,
    /// The dashboard of a cluster.
    Dashboard,
    /// Ingest or processor, and nobody said which: what only one of them lacks is a note.
    Cluster,
}

impl Plan {
    /// As the operator says it; otherwise settings for Kafka mean a cluster.
    #[must_use]
    pub fn of(config: &Config, service: Option<Service>) -> Self {
        match service {
            Some(Service::Up) => Self::Up,
            Some(Service::Ingest) => Self::Ingest,
            Some(Service::Processor) => Self::Processor,
            Some(Service::Dashboard) => Self::Dashboard,
            // Without Kafka in this build the settings are a problem of their own.
            None if config.kafka.bootstrap_servers.is_empty() || !cfg!(feature = "kafka") => Self::Up,
            None => Self::Cluster,
        }
    }

    /// Whether there is an edge with its log.
    #[must_use]
    pub const fn takes_events(self) -> bool {
        !matches!(self, Self::Processor | Self::Dashboard)
    }

    /// Whether ClickHouse is needed.
    #[must_use]
    pub const fn writes_rows(self) -> bool {
        !matches!(self, Self::Ingest | Self::Dashboard)
    }

    /// Whether Kafka is needed.
    #[must_use]
    pub const fn has_kafka(self) -> bool {
        !matches!(self, Self::Up | Self::Dashboard)
    }

    /// Whether the dashboard is served here.
    #[must_use]
    pub const fn has_dashboard(self, config: &Config) -> bool {
        matches!(self, Self::Dashboard) || (matches!(self, Self::Up) && config.dashboard.enabled)
    }

    /// Whether the built-in engine runs here.
    #[must_use]
    pub const fn has_engine(self, config: &Config) -> bool {
        matches!(self, Self::Up) && config.clickhouse.url.is_none()
    }

    /// The settings, as the service of this plan takes them.
    pub(super) fn settings(self, config: &Config) -> Config {
        #[cfg(feature = "kafka")]
        if matches!(self, Self::Ingest | Self::Cluster) {
            return crate::cluster::ingest::settings(config);
        }
        config.clone()
    }

    /// What no service of this plan starts without, or starts with.
    pub(super) fn refuse(self, config: &Config, findings: &mut Findings) {
        match self {
            // Without Kafka in this build its settings are a problem already.
            Self::Up if cfg!(feature = "kafka") => findings.problems.extend(up::refuse_kafka(config).err()),
            Self::Ingest | Self::Processor if !cfg!(feature = "kafka") => findings.problem(
                "this build has no Kafka, which the services of a cluster need",
                "build it with `--features kafka` (images have it)",
            ),
            #[cfg(feature = "kafka")]
            Self::Ingest | Self::Cluster => {
                if let Err(problem) = crate::cluster::ingest::check_identity(config) {
                    findings.need(self, problem.what, problem.remedy);
                }
            }
            _ => {}
        }
    }
}
