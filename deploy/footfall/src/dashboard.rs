//! The dashboard ([`footfall_dashboard`]): as a part of `up`, and as a service of its own (`footfall dashboard`).
//!
//! It has a listener of its own. The public one of ingest is for everybody on the web, and the admin one for whoever runs
//! Footfall: on neither may people who read reports be let in.

use crate::clickhouse::{self, Access, Role};
use crate::config::Config;
use crate::problem::{Problem, Problems};
use crate::terminal::note;
use crate::up::{signals, sockets};
use crate::{data, retention, sites};
use anyhow::{Context as _, Result};
use footfall_dashboard::{Dashboard, Limits, Reader, SiteInfo, StartError};
use footfall_processor::Server;
use footfall_tables::MigrateError;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often the tables are looked at until they fit.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Where this machine's ingest serves the beacon and the demo page, as the page tells it.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// `http://127.0.0.1:8000`; none: no ingest runs here.
    pub ingest: Option<String>,
    /// Whether it has a demo page.
    pub demo: bool,
}

/// The dashboard on its listener.
#[derive(Debug)]
pub(crate) struct Running {
    /// Tells it where ClickHouse is.
    pub(crate) reader: watch::Sender<Option<Reader>>,
    address: SocketAddr,
    task: JoinSet<()>,
    stop: CancellationToken,
}

impl Running {
    /// Serves from now on; until it is told of a ClickHouse, it says that one is being started.
    ///
    /// # Errors
    /// Strangers could see everything, or its file cannot be read: with the remedy.
    pub(crate) fn start(config: &Config, listener: TcpListener, addresses: &Addresses) -> Result<Self> {
        let (sender, reader) = watch::channel(None);
        let address = listener.local_addr()?;
        let dashboard =
            open(config, address, addresses, reader).map_err(|problem| Problems(vec![problem]))?;
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(dashboard.serve(listener, stop.clone()));
        Ok(Self {
            reader: sender,
            address,
            task,
            stop,
        })
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it within the time that its requests get.
    pub(crate) async fn end(mut self) {
        self.stop.cancel();
        while self.task.join_next().await.is_some() {}
    }
}

/// The dashboard alone, until a signal.
///
/// # Errors
/// What keeps it from starting, with the remedy. ClickHouse being away is no error: the page says so.
pub async fn run(config: &Config) -> Result<()> {
    let access = clickhouse::configured(config, Role::Reader).and_then(|access| access.ok_or_else(no_server));
    let access = access.map_err(|problem| Problems(vec![problem]))?;
    std::fs::create_dir_all(&config.data.folder)
        .map_err(|error| Problems(vec![data::unwritable(&config.data.folder, &error)]))?;
    let listener = sockets::bind("dashboard.listen", config.dashboard.listen)
        .await
        .map_err(|problem| Problems(vec![problem]))?;
    let stop = CancellationToken::new();
    let mut beside = JoinSet::new();
    beside.spawn(signals::watch(stop.clone()));
    let address = listener
        .local_addr()
        .context("cannot read the dashboard's own address")?;
    note(format_args!(
        "the dashboard is at http://{}/, asking {}",
        sockets::here(address),
        access.server.authority()
    ));
    let running = Running::start(config, listener, &Addresses::default())?;
    let server = access.server.clone();
    running.reader.send_replace(Some(reader(access)));
    let result = tokio::select! {
        () = stop.cancelled() => Ok(()),
        misfit = misfit(&server) => Err(misfit).context("the tables and this dashboard do not fit"),
    };
    running.end().await;
    beside.shutdown().await;
    result
}

/// Returns when the tables turn out to be of another release, whose reports this one cannot make. A server that is away, or does
/// not let us see, is asked again; tables that are behind are waited for.
async fn misfit(server: &Server) -> MigrateError {
    let mut told = false;
    loop {
        match footfall_tables::status(&server.client(), &server.database).await {
            Ok(status) if status.pending.is_empty() => return std::future::pending().await,
            Ok(_) if !told => {
                told = true;
                tracing::warn!("the tables are behind this release: `footfall migrate` brings them to it");
            }
            Err(error @ (MigrateError::Newer { .. } | MigrateError::Changed { .. })) => return error,
            Ok(_) | Err(MigrateError::Name(_) | MigrateError::Server { .. }) => {}
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// How the dashboard asks there.
pub(crate) fn reader(access: Access) -> Reader {
    Reader {
        server: access.server,
        hold_back: access.hold_back,
    }
}

/// There is nothing to ask.
pub(crate) fn no_server() -> Problem {
    Problem::new(
        "`clickhouse.url` is not set: a dashboard of its own has no engine",
        "set it (CLICKHOUSE_URL=http://clickhouse:8123), or run everything on this machine: `footfall up`",
    )
}

/// Whether it would start with these settings.
///
/// # Errors
/// As [`Dashboard::open`], with the remedy.
pub fn check(config: &Config) -> Result<(), Problem> {
    let (_sender, reader) = watch::channel(None);
    if !config.in_data(&config.dashboard.file).exists() && config.dashboard.password.is_some() {
        return Ok(());
    }
    if !config.data.folder.exists() {
        // Nothing is made by looking.
        let open = !config.dashboard.listen.ip().is_loopback() || !hosts(config).is_empty();
        return match open && config.dashboard.password.is_none() {
            true => Err(problem(&StartError::Open(config.dashboard.listen))),
            false => Ok(()),
        };
    }
    open(config, config.dashboard.listen, &Addresses::default(), reader).map(drop)
}

fn open(
    config: &Config,
    address: SocketAddr,
    addresses: &Addresses,
    reader: watch::Receiver<Option<Reader>>,
) -> Result<Dashboard, Problem> {
    let given = config.dashboard.ingest_url.trim_end_matches('/');
    let ingest = match given {
        "" => addresses.ingest.clone(),
        given => Some(given.to_owned()),
    };
    // The engine of `footfall up` is on this machine; what stands at an address has its own cores.
    let here = config.clickhouse.url.is_none();
    let for_sites = config.clone();
    let settings = footfall_dashboard::Config {
        reader,
        sites: std::sync::Arc::new(move || known_sites(&for_sites)),
        retention: retention::policy::of_processor(config),
        kept: config.in_data(&config.dashboard.file),
        password: config
            .dashboard
            .password
            .as_ref()
            .map(|password| password.0.clone()),
        hosts: hosts(config),
        beacon: ingest.map(|ingest| format!("{ingest}{}", config.ingest.beacon_path)),
        demo: addresses
            .ingest
            .as_ref()
            .filter(|_| addresses.demo)
            .map(|ingest| format!("{ingest}/demo")),
        limits: Limits {
            cores: here.then(|| std::thread::available_parallelism().map_or(2, std::num::NonZero::get)),
            ..Limits::default()
        },
        drain: config.shutdown.deadline / 4,
    };
    Dashboard::open(settings, address).map_err(|error| problem(&error))
}

fn problem(error: &StartError) -> Problem {
    Problem::new(error.to_string(), error.remedy())
}

fn hosts(config: &Config) -> Vec<String> {
    let hosts = config.dashboard.hosts.split(',').map(str::trim);
    hosts
        .filter(|host| !host.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

/// The sites of the file, which may change while we run, and the built-in one. A file that is not there or is wrong just now
/// has none: sites with events are shown all the same.
fn known_sites(config: &Config) -> Vec<SiteInfo> {
    let file = sites::read(&sites::path(config)).unwrap_or_default();
    let mut known: Vec<SiteInfo> = file
        .iter()
        .map(|site| SiteInfo {
            key: site.key.clone(),
            name: if site.name.is_empty() {
                site.key.clone()
            } else {
                site.name.clone()
            },
            timezone: site.timezone.clone(),
        })
        .collect();
    if config.demo.enabled && config.clickhouse.url.is_none() && !known.iter().any(|site| site.key == "demo")
    {
        known.push(SiteInfo {
            key: "demo".to_owned(),
            name: "Demo".to_owned(),
            timezone: "UTC".to_owned(),
        });
    }
    known
}
