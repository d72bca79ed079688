//! The engine as our child: found (fetched once), started, restarted with back-off, and replaced when the processor
//! needs a fresh one as its barrier.

use crate::config::Config;
use crate::terminal::Progress;
use anyhow::{Context as _, Result};
use footfall_engine::library;
use footfall_engine::{Engine, Secret};
use footfall_processor::EngineRestart;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;

/// First and longest pause before another start of an engine that has died.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// What the engine of a killed instance may take to be gone.
const LEAVING: Duration = Duration::from_secs(5);
/// An engine that lived so long was well: the pause begins anew.
const WELL: Duration = Duration::from_secs(60);

/// Finds the library of the setting, or fetches it; shows the progress. Blocks.
///
/// # Errors
/// When there is none; the text says both ways out.
pub fn find_library(config: &Config) -> Result<PathBuf> {
    if let Some(path) = &config.engine.library {
        std::fs::File::open(path).with_context(|| {
            format!("cannot read engine.library {}: correct it, or unset it (FOOTFALL_LIBCHDB) to have it fetched", path.display())
        })?;
        return Ok(path.clone());
    }
    let mut line = Progress::new("fetching the ClickHouse engine (once, 178 MB)");
    let path = library::locate(&mut |progress| match progress {
        library::Progress::Waiting => line.show("another Footfall is fetching it; waiting"),
        library::Progress::Fetching { done, total } => line.bytes(done, total),
        library::Progress::Checking => line.show("checking"),
        library::Progress::Unpacking { done, total } => line.part("unpacking", done, total),
    })?;
    line.finish("done");
    Ok(path)
}

/// How an engine is started; the same each time.
#[derive(Debug, Clone)]
pub struct Launcher {
    program: PathBuf,
    config: footfall_engine::Config,
}

impl Launcher {
    /// An engine over the folder of the configuration: this very program with the hidden command `engine`.
    ///
    /// # Errors
    /// When the program's own path is not known.
    pub fn new(config: &Config, library: PathBuf, writer_password: &str) -> Result<Self> {
        let folder = config.in_data(&config.engine.folder);
        let mut engine = footfall_engine::Config::new(folder, library, Secret::new(writer_password));
        engine.listen = config.engine.listen;
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        Ok(Self {
            program,
            config: engine,
        })
    }

    /// Where the engine's files lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.config.data
    }

    async fn launch(&mut self) -> Result<Running> {
        let started = Instant::now();
        let engine = Engine::spawn(&self.program, &[OsString::from("engine")], &self.config).await?;
        // With port 0 the first start chooses; the later ones must be found at the same address.
        self.config.listen = engine.address();
        Ok(Running { engine, started })
    }

    /// Starts until it works; `None`: `stop` was cancelled first.
    async fn launch_soon(&mut self, stop: &CancellationToken) -> Option<Running> {
        let mut pause = PAUSE.0;
        loop {
            match self.launch().await {
                Ok(running) => return Some(running),
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    "the engine does not start; events are still taken into the log. Trying again in {}",
                    crate::terminal::seconds(pause)
                ),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSE.1),
                () = stop.cancelled() => return None,
            }
        }
    }
}

/// The folder is still held, or the engine was killed by somebody.
fn may_pass(error: &anyhow::Error) -> bool {
    let text = format!("{error:#}");
    text.contains("in use") || text.contains("SIGKILL")
}

/// An engine that answers.
#[derive(Debug)]
pub struct Running {
    engine: Engine,
    /// Before its process was started.
    started: Instant,
}

impl Running {
    /// Starts the first one. Folder or address may still be held by the engine of an instance that was killed a moment
    /// ago, and somebody may kill this one: both are worth another try.
    ///
    /// # Errors
    /// When it does not become ready: its own last words.
    pub async fn first(launcher: &mut Launcher) -> Result<Self> {
        let start = Instant::now();
        loop {
            match launcher.launch().await {
                Err(error) if may_pass(&error) && start.elapsed() < LEAVING => {
                    tokio::time::sleep(PAUSE.0).await;
                }
                result => return result,
            }
        }
    }

    /// `http://127.0.0.1:8123`.
    #[must_use]
    pub fn url(&self) -> String {
        self.engine.url()
    }

    /// Ends it in good order.
    pub async fn end(self, grace: Duration) {
        self.engine.stop(grace).await;
    }

    /// Looks after it until `stop` is cancelled, then ends it within `grace`.
    pub async fn supervise(
        mut self,
        mut launcher: Launcher,
        mut requests: Receiver<EngineRestart>,
        stop: CancellationToken,
        grace: Duration,
    ) {
        loop {
            tokio::select! {
                status = self.engine.exited() => {
                    let status = status.map_or_else(|| "unknown".to_owned(), |status| status.to_string());
                    tracing::error!(status, "the engine has died; starting another");
                    if self.started.elapsed() < WELL {
                        tokio::time::sleep(PAUSE.0).await;
                    }
                    let Some(fresh) = launcher.launch_soon(&stop).await else { return };
                    tracing::info!("the engine is back");
                    self = fresh;
                }
                Some(request) = requests.recv() => {
                    // Started after the moment that is meant: it is fresh already.
                    if self.started <= request.running_at {
                        tracing::warn!("an insert is in doubt: replacing the engine, so that nothing old is running");
                        self.engine.kill().await;
                        let Some(fresh) = launcher.launch_soon(&stop).await else { return };
                        self = fresh;
                    }
                    // The processor may have stopped waiting.
                    let _ = request.done.send(());
                }
                () = stop.cancelled() => break,
            }
        }
        self.engine.stop(grace).await;
    }
}
