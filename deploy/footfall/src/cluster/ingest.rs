//! `footfall ingest`: the edge, its log, and the forwarder that brings the log to Kafka.
//!
//! Kafka is not needed to start, and not to take events: without it the log grows. Stop, under one deadline: edge drains
//! → log sealed with its closing mark → forwarder sends what is there and saves its position → log closed.

use super::kafka;
use crate::config::Config;
use crate::data::{self, Held};
use crate::live::Live;
use crate::metrics::forwarder;
use crate::parts;
use crate::problem::{Problem, Problems};
use crate::self_check::keys;
use crate::sites;
use crate::terminal::{count, note};
use crate::up::late::Late;
use crate::up::sockets::Sockets;
use crate::up::{self, signals};
use anyhow::{Context as _, Result, bail};
use footfall_forward::{ForwardError, Progress};
use footfall_ingest::{Clock, DailySalts, IngestError, KeyRing, Listeners};
use footfall_log::Log;
use footfall_schemas::reserved::SELF_SITE;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What is kept on a node after Kafka has it, unless the operator says otherwise.
const KEEP: Duration = Duration::from_secs(24 * 3600);

struct Ingest {
    config: Config,
    held: Held,
    log: Log,
    edge: JoinSet<Result<(), IngestError>>,
    stop_edge: CancellationToken,
    forward: JoinSet<Result<(), ForwardError>>,
    salts: JoinSet<Result<(), ForwardError>>,
    stop_forward: CancellationToken,
    progress: Arc<Progress>,
    beside: JoinSet<()>,
}

/// Runs until a signal, or until a part cannot go on; then drains.
///
/// # Errors
/// What keeps it from starting, with the remedy; or which part could not go on.
pub async fn run(config: &Config) -> Result<()> {
    let stop = CancellationToken::new();
    let mut ingest = Ingest::begin(settings(config), &stop).await?;
    let result = tokio::select! {
        () = stop.cancelled() => Ok(()),
        result = ingest.work() => result,
    };
    ingest.drain().await;
    result
}

/// What differs in a cluster: nobody opens the demo page of a node, the dashboard is a service of its own, and the log is kept for a while.
pub(crate) fn settings(config: &Config) -> Config {
    let mut config = config.clone();
    config.demo.enabled = false;
    config.dashboard.enabled = false;
    config.local_log.keep = config.local_log.keep.or(Some(KEEP));
    if config.local_log.node.is_empty() {
        config.local_log.node = host_name();
    }
    config
}

/// Letters that a node's name may not have become `-`.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name.trim().chars().take(64).collect();
    let name = name.replace(|c| !plain(c), "-");
    if name.is_empty() { "node".to_owned() } else { name }
}

/// Server keys of the sites that every node brings: what the one key of all nodes says.
fn own_sites(config: &Config) -> Result<BTreeMap<String, String>, Problems> {
    let key = keys::of_cluster(config).map_err(|problem| Problems(vec![problem]))?;
    Ok(key.map(|key| (SELF_SITE.to_owned(), key)).into_iter().collect())
}

/// All nodes must share one key.
pub(crate) fn check_identity(config: &Config) -> Result<(), Problem> {
    if up::edge::identity(config)?.is_some() {
        return Ok(());
    }
    Err(Problem::new(
        "`ingest.identity_key` is not set: with keys of their own, two nodes would take one visitor for two",
        "make one for all nodes with `openssl rand -hex 32` and give it as FOOTFALL_INGEST_IDENTITY_KEY_FILE",
    ))
}

impl Ingest {
    async fn begin(config: Config, stop: &CancellationToken) -> Result<Self> {
        let forwarder = match (kafka::forwarder(&config), check_identity(&config)) {
            (Ok(forwarder), Ok(())) => forwarder,
            (forwarder, key) => {
                let problems = [forwarder.err(), key.err()].into_iter().flatten();
                bail!(Problems(problems.collect()));
            }
        };
        let held = data::hold(&config.data.folder).map_err(|problem| Problems(vec![problem]))?;
        let sockets = Sockets::bind(&config, None).await?;
        let mut beside = JoinSet::new();
        beside.spawn(signals::watch(stop.clone()));
        sites::need(&config)?;
        let log = parts::open_log(&config).await?;
        let (public, admin) = (sockets.public.local_addr()?, sockets.admin.local_addr()?);
        let addresses = sockets.addresses()?;
        held.announce(&sockets.announcement(&config, false)?)
            .context("cannot write run.json")?;
        let progress = Arc::new(Progress::default());
        let (stop_edge, stop_forward) = (CancellationToken::new(), CancellationToken::new());
        let shown = Arc::clone(&progress);
        let figures = Arc::new(move |text: &mut String| forwarder::render(&shown.snapshot(), text));
        let late = Late::new(admin);
        late.set(Live::new(None, late.refusals.clone(), stop_edge.clone()));
        let mut settings = up::edge::config(&config, &addresses, &own_sites(&config)?, &late, None, figures)?;
        let shared = Arc::new(DailySalts::shared());
        settings.salts = Some(Arc::clone(&shared));
        let salts = share_salts(&config, shared, settings.identity.clone(), &stop_forward)?;
        let listeners = Listeners {
            public: sockets.public,
            tls: sockets.tls,
            admin: Some(sockets.admin),
        };
        let mut edge = JoinSet::new();
        edge.spawn(footfall_ingest::run(
            settings,
            listeners,
            log.clone(),
            stop_edge.clone(),
        ));
        let mut forward = JoinSet::new();
        forward.spawn(footfall_forward::run(
            forwarder,
            log.clone(),
            Arc::clone(&progress),
            stop_forward.clone(),
        ));
        note(format_args!(
            "taking events at http://{public}, forwarding them to {} at {}; metrics at http://{admin}/metrics",
            config.kafka.topic, config.kafka.bootstrap_servers
        ));
        Ok(Self {
            config,
            held,
            log,
            edge,
            stop_edge,
            forward,
            salts,
            stop_forward,
            progress,
            beside,
        })
    }

    /// Waits for a part that ends; none should.
    async fn work(&mut self) -> Result<()> {
        tokio::select! {
            ended = self.edge.join_next() => match ended {
                Some(Ok(Err(error))) => Err(error).context("the edge could not go on"),
                _ => bail!("the edge has ended by itself"),
            },
            ended = self.forward.join_next() => match ended {
                Some(Ok(Err(error))) => Err(error).context("the forwarder could not go on; events are safe in the log"),
                _ => bail!("the forwarder has ended by itself; events are safe in the log"),
            },
            ended = self.salts.join_next() => match ended {
                Some(Ok(Err(error))) => Err(error).context("the salts of the days cannot be shared"),
                _ => bail!("the sharing of salts has ended by itself; events are safe in the log"),
            },
        }
    }

    async fn drain(mut self) {
        let deadline = tokio::time::Instant::now() + self.config.shutdown.deadline;
        self.stop_edge.cancel();
        let _ =
            tokio::time::timeout_at(deadline, async { while self.edge.join_next().await.is_some() {} }).await;
        // Its closing mark has to go before the forwarder does, or the books of this log stay open until the next start.
        self.log.seal().await;
        self.stop_forward.cancel();
        let _ = tokio::time::timeout_at(deadline, async {
            while self.forward.join_next().await.is_some() {}
            while self.salts.join_next().await.is_some() {}
        })
        .await;
        let left = left(&self.log);
        self.log.close().await;
        self.beside.shutdown().await;
        self.held.retract();
        match left {
            0 => note("stopped; Kafka has every acknowledged event"),
            left => note(format_args!(
                "stopped; {} records wait in the log and are forwarded after the next start ({})",
                count(left),
                self.progress
                    .snapshot()
                    .trouble
                    .unwrap_or_else(|| "there was no time for more".to_owned())
            )),
        }
    }
}

/// Begins to share the salts of the days with the other nodes. What stands in Kafka is mixed with the ring's oldest key, so
/// that reading the topic is not enough to know a salt.
fn share_salts(
    config: &Config,
    shared: Arc<DailySalts>,
    ring: Option<KeyRing>,
    stop: &CancellationToken,
) -> Result<JoinSet<Result<(), ForwardError>>> {
    let ring = ring.context("no key ring")?;
    let salts = footfall_forward::Salts {
        connection: kafka::connection(config).map_err(|problem| Problems(vec![problem]))?,
        topic: config.kafka.salts_topic.clone(),
        now: Box::new(|| Clock::default().now_ms()),
        random: Box::new(footfall_ingest::random_salt),
        offer: Box::new(move |day, random| shared.offer(day, ring.salt(&random), Clock::default().now_ms())),
    };
    let mut task = JoinSet::new();
    task.spawn(footfall_forward::share(salts, stop.clone()));
    Ok(task)
}

/// Records that Kafka has not acknowledged.
fn left(log: &Log) -> u64 {
    let cursors = log.stats().cursors;
    let forward = cursors
        .iter()
        .find(|cursor| cursor.name == footfall_forward::CURSOR);
    forward.map_or(0, |cursor| cursor.records)
}
