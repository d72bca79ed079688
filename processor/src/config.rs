//! Everything that a processor must be told. Next: [`crate::run`].

use crate::control::{Control, Requests};
use crate::enrich::Enrichment;
use crate::retention::Retention;
use crate::round::Limits;
use crate::server::Server;
use crate::suppressed::Key;
use footfall_delivery::{Config as Delivery, Mode, Tag};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// Event ids remembered at most on one machine: 48 bytes each, twice that while they are read back at a start, and all
/// of it has to fit into 512 MiB beside two rounds.
const DEDUP_IDS_ONE_MACHINE: usize = 2_000_000;

/// How the processor works. [`Config::new`] has the values of the design.
#[derive(Debug, Clone)]
pub struct Config {
    /// The rules of delivery: mode, tag, lease, windows.
    pub delivery: Delivery,
    /// How rounds are cut.
    pub round: Limits,
    /// When we stop waiting for the answer to an insert; below `delivery.max_execution`.
    pub insert_timeout: Duration,
    /// How often is asked, while something waits for an operator, whether he has spoken.
    pub heed_every: Duration,
    /// Records of a newer format go to the ledger instead of being waited for.
    pub skip_unknown_version: bool,
    /// The auditor.
    pub audit: AuditConfig,
    /// How long a shutdown may take: the insert in flight, its answer, the last commit.
    pub drain: Duration,
}

/// How the auditor works beside the processor.
#[derive(Debug, Clone, Copy)]
pub struct AuditConfig {
    /// Pause between two audits; zero: off.
    pub every: Duration,
    /// Whether it repairs what it finds.
    pub repair: bool,
}

impl Config {
    /// The values of the design. `topic` names what positions belong to: the log folder's id or the topic's.
    #[must_use]
    pub fn new(mode: Mode, server: &Server, topic: &str) -> Self {
        // A new instance at each start: a tag that comes back could hide from a fence that means its predecessor.
        let tag = Tag::new(&server.database, topic, &Uuid::new_v4().to_string());
        let (hash_key, _) = Uuid::new_v4().as_u64_pair();
        let mut delivery = Delivery::new(mode, tag, topic, &server.authority(), hash_key);
        if mode == Mode::Child {
            delivery.dedup_ids = DEDUP_IDS_ONE_MACHINE;
        }
        Self {
            delivery,
            // Longer inserts are merged less often: half a million rows cost the engine 5 µs each in inserts of 50k, 12
            // in inserts of 10k, merges counted.
            round: Limits {
                enough: 50_000,
                records: 50_000,
                bytes: 48 * 1024 * 1024,
                wait: Duration::from_millis(100),
            },
            insert_timeout: Duration::from_millis(7_500),
            heed_every: Duration::from_secs(5),
            skip_unknown_version: false,
            audit: AuditConfig {
                every: Duration::from_secs(60),
                repair: true,
            },
            drain: Duration::from_secs(15),
        }
    }
}

/// The engine must be dead and reaped, and another ready, before `done` is answered.
#[derive(Debug)]
pub struct EngineRestart {
    /// The engine that is meant was running at this time: if the one that runs now was started later, answer at once.
    pub running_at: Instant,
    /// Send when a fresh engine answers at the same address; drop to say that it could not be started yet.
    pub done: oneshot::Sender<()>,
}

/// What the processor is connected to.
pub struct Wiring {
    /// ClickHouse, with the tables in it.
    pub server: Server,
    /// Whoever supervises the engine; needed with [`Mode::Child`].
    pub engine: Option<mpsc::Sender<EngineRestart>>,
    /// Where to serve `/metrics`, `/ready`, `/version`; none if somebody else serves [`crate::admin::router`].
    pub admin: Option<TcpListener>,
    /// The recorder of this process, for `/metrics` there.
    pub metrics: Option<PrometheusHandle>,
    /// Rules and data of the enrichment; followed while the processor runs.
    pub enrichment: Arc<Enrichment>,
    /// By which those are known who were erased. Without it nothing is inserted once there are any.
    pub erasure_key: Option<Key>,
    /// What expires, and when; without it nothing does.
    pub retention: Option<Retention>,
    pub(crate) control: Control,
    pub(crate) requests: Requests,
}

impl Wiring {
    /// A server of its own life, no admin port, no enrichment but the built-in.
    #[must_use]
    pub fn new(server: Server) -> Self {
        let (control, requests) = Control::new();
        Self {
            server,
            engine: None,
            admin: None,
            metrics: None,
            enrichment: Arc::new(Enrichment::built_in()),
            erasure_key: None,
            retention: None,
            control,
            requests,
        }
    }

    /// To watch and steer the processor while it runs.
    #[must_use]
    pub fn control(&self) -> Control {
        self.control.clone()
    }
}
