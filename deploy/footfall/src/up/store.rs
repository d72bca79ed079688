//! ClickHouse, whichever it is: the engine as our child or a server of the operator's, and the tables brought up to date.

use super::engine::{Launcher, Running, find_library};
use crate::clickhouse::{self, Access, ENGINE_WRITER, Role};
use crate::config::Config;
use crate::dashboard;
use crate::terminal::{Progress, seconds};
use anyhow::{Context as _, Result};
use footfall_dashboard::Reader;
use footfall_delivery::Mode;
use footfall_processor::{EngineRestart, Server};
use footfall_tables::{MigrateError, Step};
use std::time::Duration;
use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Between two attempts to reach a server that is away.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));
/// Restarts of the engine that may be asked for at the same time; the processor asks for one.
const REQUESTS: usize = 4;

/// A ClickHouse of which the address is known.
#[derive(Debug)]
pub struct Store {
    /// As the processor wants it, with the writer's credentials.
    pub server: Server,
    /// What a fence is there.
    pub mode: Mode,
    /// `http://host:port`, for people.
    pub url: String,
    /// Where the processor asks for a fresh engine; none with a server.
    pub restart: Option<Sender<EngineRestart>>,
    /// Looks after the engine.
    supervisor: JoinSet<()>,
    stop: CancellationToken,
}

impl Store {
    /// Starts the engine, or takes the operator's server, which may be away. The tables are as they were:
    /// `bring_up_to_date`.
    ///
    /// # Errors
    /// When there is no engine library, or the engine does not start.
    pub async fn open(config: &Config, writer_password: &str) -> Result<Self> {
        let configured = clickhouse::configured(config, Role::Writer);
        match configured? {
            Some(access) => Ok(Self::of_server(access)),
            None => Self::of_engine(config, writer_password).await,
        }
    }

    fn of_server(access: Access) -> Self {
        Self {
            mode: Mode::Fenced,
            url: access.server.address().to_string(),
            server: access.server,
            restart: None,
            supervisor: JoinSet::new(),
            stop: CancellationToken::new(),
        }
    }

    async fn of_engine(config: &Config, writer_password: &str) -> Result<Self> {
        let for_search = config.clone();
        let library = tokio::task::spawn_blocking(move || find_library(&for_search))
            .await
            .context("the search for the engine died")??;
        let mut launcher = Launcher::new(config, library, writer_password)?;
        let mut line = Progress::new("starting the ClickHouse engine");
        // Recovery of a large folder takes its time.
        let running = line
            .beside("opening the tables", Running::first(&mut launcher))
            .await?;
        line.finish("ready");
        let (restart, requests) = mpsc::channel(REQUESTS);
        let stop = CancellationToken::new();
        let url = running.url();
        let password = writer_password.to_owned();
        let access = clickhouse::of_engine(&url, &config.clickhouse.database, ENGINE_WRITER, password)?;
        let mut supervisor = JoinSet::new();
        supervisor.spawn(running.supervise(launcher, requests, stop.clone(), config.shutdown.deadline / 4));
        Ok(Self {
            server: access.server,
            mode: Mode::Child,
            url,
            restart: Some(restart),
            supervisor,
            stop,
        })
    }

    /// How the dashboard asks: the engine's reader, or the operator's user held to reading.
    ///
    /// # Errors
    /// The address is none; it was one a moment ago.
    pub fn reader(&self, config: &Config) -> Result<Reader> {
        if let Some(access) = clickhouse::configured(config, Role::Reader)? {
            return Ok(dashboard::reader(access));
        }
        let (user, password) = clickhouse::engine_reader(config);
        clickhouse::of_engine(&self.url, &config.clickhouse.database, user, password).map(dashboard::reader)
    }

    /// Ends the engine, if it is ours.
    pub async fn close(mut self) {
        self.stop.cancel();
        while self.supervisor.join_next().await.is_some() {}
    }
}

/// Brings the tables to this release. A server that is away, or does not let us in, is asked again until it does, an
/// engine that died is waited for: meanwhile events are taken into the log.
///
/// # Errors
/// The tables belong to another release, or the engine refuses.
pub(crate) async fn bring_up_to_date(server: &Server, mode: Mode) -> Result<()> {
    let mut pause = PAUSE.0;
    loop {
        match migrate(server).await {
            Ok(_) => return Ok(()),
            // Our own engine has died and is being started again: that is all there is to it.
            Err(error) if mode == Mode::Child && error.is_temporary() => {
                tracing::warn!(%error, "the engine was gone while the tables were made; again");
            }
            Err(error @ MigrateError::Server { .. }) if mode == Mode::Fenced => {
                tracing::error!(
                    error = one_line(server, &error).await,
                    server = server.authority(),
                    "ClickHouse cannot be used; what is acknowledged is safe meanwhile. Trying again in {}. `footfall check` says more",
                    seconds(pause)
                );
            }
            Err(error) => return Err(error).context("cannot bring the tables to this release"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// What an operator can do something about, else the error with its causes.
pub async fn one_line(server: &Server, error: &MigrateError) -> String {
    match server.diagnose(error).await {
        Some(trouble) => trouble.to_string(),
        None => server.explain(error),
    }
}

/// Applies what is missing, showing the progress.
///
/// # Errors
/// [`MigrateError`]; the same call may be made again.
pub async fn migrate(server: &Server) -> Result<footfall_tables::Report, MigrateError> {
    let mut line = Progress::new("bringing the tables up to date");
    let mut show = |step: Step| match step {
        Step::Prepare => line.show("database"),
        Step::Apply(migration, statement) => {
            line.show(&format!(
                "{:04} {}, statement {statement}",
                migration.number, migration.name
            ));
        }
        Step::View(name) => line.show(&format!("view {name}")),
    };
    let report = footfall_tables::migrate(&server.client(), &server.database, &mut show).await?;
    line.finish("done");
    Ok(report)
}
