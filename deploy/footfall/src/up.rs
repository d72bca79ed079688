//! `footfall up`: everything on this machine, in one process and the engine's.
//!
//! Start: folder held ([`crate::data`]) → addresses taken ([`sockets`]) → log opened, what the last run left recovered →
//! dashboard ([`dashboard`]) and edge (`edge`) answer → engine or server, tables ([`store`], [`engine`]) → processor ([`crate::log_source`]).
//! The edge comes first on purpose: an event that is in the log is safe, whatever the rest needs.
//!
//! Stop, under one deadline: edge drains → log sealed with its last mark → processor writes what the log still has → its
//! position is saved → log closed → engine ended. What the deadline cuts off is in the log and is written after the next
//! start.

pub mod banner;
pub mod engine;
pub mod late;
pub mod sockets;
pub mod store;

pub(crate) mod edge;
pub(crate) mod signals;

use crate::backup;
use crate::config::Config;
use crate::credentials::{self, Credentials};
use crate::dashboard::{self, Addresses};
use crate::data::{self, Held, Run};
use crate::erase;
use crate::live::Live;
use crate::log_source::{Given, LogSource};
use crate::metrics;
use crate::parts;
use crate::problem::{Problem, Problems};
use crate::{geo, replay, retention, sites};
use anyhow::{Context as _, Result, bail};
use footfall_ingest::{IngestError, Listeners};
use footfall_log::Log;
use footfall_processor::{Control, ProcessorError, Wiring};
use late::Late;
use sockets::Sockets;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Store, bring_up_to_date};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What is kept of the deadline for saving the position, closing the log and ending the engine.
const RESERVE: u32 = 4;

/// What the engine of a killed instance gets to be gone.
const LEFT_BEHIND: Duration = Duration::from_secs(10);

/// Everything that runs, and how each part is told to stop.
struct Up {
    config: Config,
    held: Held,
    /// The data folder as the operator wrote it.
    given_folder: PathBuf,
    credentials: Credentials,
    run: Run,
    start: Instant,
    log: Log,
    late: Late,
    stop: CancellationToken,
    /// Ends the live streams.
    stop_live: CancellationToken,
    stop_edge: CancellationToken,
    edge: JoinSet<Result<(), IngestError>>,
    store: Option<Store>,
    processor: Option<Processor>,
    dashboard: Option<dashboard::Running>,
    /// Signals, metrics' upkeep, the first event: ended with this.
    beside: JoinSet<()>,
}

struct Processor {
    task: JoinSet<Result<(), ProcessorError>>,
    stop: CancellationToken,
    control: Control,
    given: Arc<Mutex<Given>>,
}

/// Runs until a signal, or until a part cannot go on; then drains.
///
/// # Errors
/// What keeps it from starting, with the remedy; or which part could not go on.
pub async fn run(config: &Config) -> Result<()> {
    let mut up = Up::begin(config.clone()).await?;
    let stop = up.stop.clone();
    let result = tokio::select! {
        () = stop.cancelled() => Ok(()),
        result = up.work() => result,
    };
    up.drain().await;
    result
}

impl Up {
    /// Takes folder and addresses, opens the log, and takes events from here on.
    async fn begin(mut config: Config) -> Result<Self> {
        let start = Instant::now();
        refuse_kafka(&config).map_err(|problem| Problems(vec![problem]))?;
        let held = data::hold(&config.data.folder).map_err(|problem| Problems(vec![problem]))?;
        let patience = if held.left_behind() {
            LEFT_BEHIND
        } else {
            Duration::ZERO
        };
        let engine = config.clickhouse.url.is_none();
        let mut sockets = Sockets::bind(&config, engine.then_some(patience)).await?;
        let credentials = credentials::read_or_make(held.folder())?;
        sites::need(&config)?;
        let stop = CancellationToken::new();
        let mut beside = JoinSet::new();
        beside.spawn(signals::watch(stop.clone()));
        let log = parts::open_log(&config).await?;
        let run = sockets.announcement(&config, engine)?;
        let dashboard = start_dashboard(&config, &held, sockets.dashboard.take(), &run)?;
        held.announce(&run).context("cannot write run.json")?;
        let late = Late::new(sockets.admin.local_addr()?);
        let starting = EdgeStart {
            config: &config,
            credentials: &credentials,
            late: &late,
            log: &log,
            dashboard: dashboard.as_ref().map(dashboard::Running::address),
        };
        let (edge, stop_edge) = starting.run(sockets, &mut beside)?;
        banner::accepting(&run.public);
        let given_folder = std::mem::replace(&mut config.data.folder, held.folder().to_owned());
        Ok(Self {
            config,
            held,
            given_folder,
            credentials,
            run,
            start,
            log,
            late,
            stop,
            stop_live: CancellationToken::new(),
            stop_edge,
            edge,
            store: None,
            processor: None,
            dashboard,
            beside,
        })
    }

    /// Starts the rest and waits for a part that ends; none should.
    async fn work(&mut self) -> Result<()> {
        let rest = self.start_rest();
        // Sites that cannot be read end the edge at once: no need to fetch an engine for that.
        rest.await?;
        let processor = async {
            match &mut self.processor {
                Some(processor) => processor.task.join_next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = self.edge.join_next() => match ended {
                Some(Ok(Err(error))) => Err(error).context("the edge could not go on"),
                _ => bail!("the edge has ended by itself"),
            },
            ended = processor => match ended {
                Some(Ok(Err(error))) => Err(error).context("the processor could not go on; events are safe in the log"),
                _ => bail!("the processor has ended by itself; events are safe in the log"),
            },
        }
    }

    async fn start_rest(&mut self) -> Result<()> {
        let store = Store::open(&self.config, &self.credentials.writer_password).await?;
        // Ours from here on: a stop while the tables are made ends its engine in good order.
        let store = self.store.insert(store);
        bring_up_to_date(&store.server, store.mode).await?;
        if let Some(dashboard) = &self.dashboard {
            dashboard.reader.send_replace(Some(store.reader(&self.config)?));
        }
        let processor = start_processor(&self.config, store, &self.log)?;
        self.late.set(Live::new(
            Some(processor.control.clone()),
            self.late.refusals.clone(),
            self.stop_live.clone(),
        ));
        self.beside.spawn(banner::first_event(processor.control.clone()));
        let config = self.config.clone();
        tokio::task::spawn_blocking(move || {
            backup::clean_up(&config);
            geo::fetch_if_there_is_none(&config);
        });
        self.processor = Some(processor);
        self.run.clickhouse = Some(store.url.clone());
        self.held.announce(&self.run).context("cannot write run.json")?;
        banner::ready(&self.config, &self.run, &self.given_folder, self.start.elapsed());
        Ok(())
    }

    /// Records that the processor has not passed; none if there was no processor to pass them.
    fn left(&self) -> Option<u64> {
        self.processor.as_ref()?;
        let cursors = self.log.stats().cursors;
        Some(
            cursors
                .iter()
                .map(|cursor| cursor.records)
                .max()
                .unwrap_or_default(),
        )
    }

    async fn drain(mut self) {
        let deadline = Instant::now() + self.config.shutdown.deadline;
        self.stop_live.cancel();
        self.stop_edge.cancel();
        if let Some(dashboard) = self.dashboard.take() {
            let _ = tokio::time::timeout_at(deadline, dashboard.end()).await;
        }
        let _ = tokio::time::timeout_at(deadline, async {
            while self.edge.join_next().await.is_some() {}
            self.late.ended().await;
        })
        .await;
        self.log.seal().await;
        if let Some(processor) = &mut self.processor {
            let reserve = self.config.shutdown.deadline / RESERVE;
            let _ = tokio::time::timeout_at(deadline - reserve, caught_up(processor, &self.log)).await;
            processor.stop.cancel();
            let _ = tokio::time::timeout_at(deadline, async {
                while processor.task.join_next().await.is_some() {}
            })
            .await;
        }
        let left = self.left();
        self.log.clone().close().await;
        // An engine that was just being started is killed with us, and the next start has to expect it on its way out.
        let gone = self.store.is_some() || self.config.clickhouse.url.is_some();
        if let Some(store) = self.store.take() {
            store.close().await;
        }
        self.beside.shutdown().await;
        if gone {
            self.held.retract();
        }
        banner::stopped(left);
    }
}

fn start_dashboard(
    config: &Config,
    held: &Held,
    listener: Option<TcpListener>,
    run: &Run,
) -> Result<Option<dashboard::Running>> {
    let Some(listener) = listener else { return Ok(None) };
    let mut config = config.clone();
    config.data.folder = held.folder().to_owned();
    let addresses = Addresses {
        ingest: Some(run.public.clone()),
        demo: config.demo.enabled,
    };
    dashboard::Running::start(&config, listener, &addresses).map(Some)
}

/// Nothing of one machine goes to Kafka, and nobody should believe so.
pub(crate) fn refuse_kafka(config: &Config) -> Result<(), Problem> {
    if config.kafka.bootstrap_servers.is_empty() {
        return Ok(());
    }
    Err(Problem::new(
        "`kafka.bootstrap_servers` is set, but `footfall up` runs everything on this machine, without Kafka",
        "run `footfall ingest` and `footfall processor` for a cluster, or unset it (KAFKA_BOOTSTRAP_SERVERS)",
    ))
}

/// Until everything that the log has is in the tables. Nothing is appended any more.
async fn caught_up(processor: &Processor, log: &Log) {
    loop {
        let given = *processor.given.lock().unwrap_or_else(PoisonError::into_inner);
        let all_given = given.next.log_id == log.id() && given.next.next_seq > log.stats().durable;
        if all_given && processor.control.condition().borrow().complete_to >= given.newest {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the edge is started with.
struct EdgeStart<'a> {
    config: &'a Config,
    credentials: &'a Credentials,
    late: &'a Late,
    log: &'a Log,
    dashboard: Option<SocketAddr>,
}

impl EdgeStart<'_> {
    fn run(
        &self,
        sockets: Sockets,
        beside: &mut JoinSet<()>,
    ) -> Result<(JoinSet<Result<(), IngestError>>, CancellationToken)> {
        let (config, log) = (self.config, self.log);
        let handle = metrics::install()?;
        beside.spawn(metrics::upkeep(handle.clone()));
        let keys = &self.credentials.server_keys;
        let figures = Arc::new(move |text: &mut String| {
            text.push_str(&handle.render());
            footfall_processor::measure::render(text);
        });
        let public = sockets.addresses()?;
        let mut settings = edge::config(config, &public, keys, self.late, self.dashboard, figures)?;
        let door = replay::door::router(log.clone(), &self.credentials.writer_password);
        settings.extra.admin = settings.extra.admin.merge(door);
        let listeners = Listeners {
            public: sockets.public,
            tls: sockets.tls,
            admin: Some(sockets.admin),
        };
        let stop = CancellationToken::new();
        let mut edge = JoinSet::new();
        edge.spawn(footfall_ingest::run(
            settings,
            listeners,
            log.clone(),
            stop.clone(),
        ));
        Ok((edge, stop))
    }
}

fn start_processor(config: &Config, store: &Store, log: &Log) -> Result<Processor> {
    let source = LogSource::new(log.clone(), config.in_data(&config.local_log.folder))
        .context("cannot read the local log")?;
    let given = source.given();
    let topic = data::instance(&config.data.folder)?;
    let mut settings = parts::processor_settings(config, store.mode, &store.server, &topic);
    // Edge and engine want their part of it.
    settings.drain = config.shutdown.deadline / RESERVE;
    let mut wiring = Wiring::new(store.server.clone());
    wiring.engine.clone_from(&store.restart);
    wiring.enrichment = parts::enrichment(config);
    wiring.erasure_key = Some(erase::key::of_machine(config)?);
    wiring.retention = Some(retention::policy::of_processor(config));
    let control = wiring.control();
    let stop = CancellationToken::new();
    let mut task = JoinSet::new();
    task.spawn(footfall_processor::run(settings, source, wiring, stop.clone()));
    Ok(Processor {
        task,
        stop,
        control,
        given,
    })
}
