//! The parent's side: starts the engine process, waits until it answers, hears of its end and ends it.
//!
//! The child cannot outlive the parent: its standard input is a pipe that ends with the parent, and the kernel
//! kills it when the thread that started it is gone. That thread is one of our own, alive as long as
//! [`Engine`]: a worker thread of a runtime may end earlier and would take the engine along.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc as thread_queue;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::config::{Config, Secret};
use crate::ffi;

/// From the start to the line `ready`. Opening 10 M rows takes 0.14 s; recovery after a power cut may take long.
const READY_TIME: Duration = Duration::from_secs(120);
/// Lines of the child's standard error that are kept for an error message.
const KEPT_LINES: usize = 8;

/// A running engine. Dropped, it is killed; [`Engine::stop`] ends it in good order.
#[derive(Debug)]
pub struct Engine {
    address: SocketAddr,
    pid: u32,
    writer_password: Secret,
    orders: mpsc::Sender<Order>,
    exit: watch::Receiver<Option<ExitStatus>>,
    /// The pipe whose end is ours: closed, the child ends.
    _lifeline: ChildStdin,
    /// Keeps the thread alive that the kernel knows as the parent.
    _parent: thread_queue::SyncSender<()>,
    _watcher: JoinHandle<()>,
}

/// Why the engine has not become ready.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The program cannot be started.
    #[error("starting the engine process {}: {source}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It ended before it was ready.
    #[error("the engine process ended ({status}): {said}")]
    Ended {
        /// How.
        status: ExitStatus,
        /// Its last words.
        said: String,
    },
    /// It was not ready in time.
    #[error("the engine process was not ready after {} s: {said}", READY_TIME.as_secs())]
    Late {
        /// Its last words.
        said: String,
    },
}

#[derive(Debug)]
enum Order {
    Terminate,
    Kill,
}

impl Engine {
    /// Starts `program` with `leading` arguments (`["engine"]`) and those of the configuration, which passes
    /// the password on standard input, and waits for the line `ready`.
    pub async fn spawn(program: &Path, leading: &[OsString], config: &Config) -> Result<Self, SpawnError> {
        let config = Config {
            die_with_stdin: true,
            ..config.clone()
        };
        let start = |source| SpawnError::Start {
            program: program.to_owned(),
            source,
        };
        let (mut child, parent) = start_child(command(program, leading, &config))
            .await
            .map_err(start)?;
        let missing = || start(std::io::Error::other("a pipe is missing"));
        let mut lifeline = child.stdin.take().ok_or_else(missing)?;
        let password = format!("{}\n", config.writer_password.reveal());
        // A child that is gone already is reported below, with its words.
        let _ = lifeline.write_all(password.as_bytes()).await;
        let _ = lifeline.flush().await;
        let pid = child.id().ok_or_else(missing)?;
        let (orders, received) = mpsc::channel(4);
        let (exited, exit) = watch::channel(None);
        let (ready, address) = oneshot::channel();
        let out = child.stdout.take().map(|out| BufReader::new(out).lines());
        let errors = child.stderr.take().map(|errors| BufReader::new(errors).lines());
        let watcher = Watcher {
            child,
            out,
            errors,
            received,
            exited,
            ready: Some(ready),
            said: VecDeque::new(),
            killed: false,
        };
        let watcher = Handle::current().spawn(watcher.run());
        let address = match tokio::time::timeout(READY_TIME, address).await {
            Ok(Ok(Ok(address))) => address,
            Ok(Ok(Err((status, said)))) => return Err(SpawnError::Ended { status, said }),
            Ok(Err(_)) | Err(_) => {
                let _ = orders.send(Order::Kill).await;
                return Err(SpawnError::Late {
                    said: "it said nothing".to_owned(),
                });
            }
        };
        let writer_password = config.writer_password;
        let (_lifeline, _parent, _watcher) = (lifeline, parent, watcher);
        Ok(Self {
            address,
            pid,
            writer_password,
            orders,
            exit,
            _lifeline,
            _parent,
            _watcher,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:8123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The user who may write.
    #[must_use]
    pub fn writer_user(&self) -> &'static str {
        "default"
    }

    /// His password.
    #[must_use]
    pub fn writer_password(&self) -> &Secret {
        &self.writer_password
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for its end.
    pub async fn exited(&self) -> Option<ExitStatus> {
        let mut exit = self.exit.clone();
        let status = exit.wait_for(Option::is_some).await.ok()?;
        *status
    }

    /// SIGTERM; after `grace` SIGKILL. Returns when it is gone, and the folder with it.
    pub async fn stop(&self, grace: Duration) -> Option<ExitStatus> {
        let _ = self.orders.send(Order::Terminate).await;
        if let Ok(status) = tokio::time::timeout(grace, self.exited()).await {
            return status;
        }
        self.kill().await
    }

    /// SIGKILL. Returns when it is gone: a fresh engine on the folder then is the barrier of `DELIVERY.md`.
    pub async fn kill(&self) -> Option<ExitStatus> {
        let _ = self.orders.send(Order::Kill).await;
        self.exited().await
    }
}

fn command(program: &Path, leading: &[OsString], config: &Config) -> Command {
    let mut command = Command::new(program);
    command.args(leading).args(config.to_args());
    // The password goes by standard input, and no other one may come by the environment.
    command
        .env_remove("FOOTFALL_ENGINE_WRITER_PASSWORD")
        .env_remove("FOOTFALL_ENGINE_WRITER_PASSWORD_FILE");
    match &config.reader_password {
        Some(password) => command.env("FOOTFALL_ENGINE_READER_PASSWORD", password.reveal()),
        None => command.env_remove("FOOTFALL_ENGINE_READER_PASSWORD"),
    };
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Starts the child on a thread that lives until the returned sender is dropped.
async fn start_child(mut command: Command) -> std::io::Result<(Child, thread_queue::SyncSender<()>)> {
    let runtime = Handle::current();
    let (started, child) = oneshot::channel();
    let (alive, ended) = thread_queue::sync_channel::<()>(1);
    std::thread::Builder::new()
        .name("engine-parent".to_owned())
        .spawn(move || {
            let child = {
                let _inside = runtime.enter();
                command.spawn()
            };
            if started.send(child).is_ok() {
                let _ = ended.recv();
            }
        })?;
    let child = child.await.map_err(std::io::Error::other)??;
    Ok((child, alive))
}

type Ready = oneshot::Sender<Result<SocketAddr, (ExitStatus, String)>>;

/// Owns the child: its pipes, its end and what is sent to it.
struct Watcher {
    child: Child,
    out: Option<Lines<BufReader<ChildStdout>>>,
    errors: Option<Lines<BufReader<ChildStderr>>>,
    received: mpsc::Receiver<Order>,
    exited: watch::Sender<Option<ExitStatus>>,
    ready: Option<Ready>,
    said: VecDeque<String>,
    killed: bool,
}

impl Watcher {
    async fn run(mut self) {
        loop {
            tokio::select! {
                status = self.child.wait() => {
                    self.ended(status).await;
                    return;
                }
                order = self.received.recv(), if !self.killed => self.obey(order),
                line = next_line(&mut self.out) => self.heard(&line),
                line = next_line(&mut self.errors) => self.complained(line),
            }
        }
    }

    fn obey(&mut self, order: Option<Order>) {
        match order {
            Some(Order::Terminate) => {
                if let Some(pid) = self.child.id() {
                    ffi::terminate(pid);
                }
            }
            // The engine's handle is gone: so shall be the engine.
            Some(Order::Kill) | None => {
                let _ = self.child.start_kill();
                self.killed = true;
            }
        }
    }

    fn heard(&mut self, line: &str) {
        let address = line
            .strip_prefix("ready ")
            .and_then(|address| address.parse().ok());
        if let (Some(address), Some(ready)) = (address, self.ready.take_if(|_| address.is_some())) {
            let _ = ready.send(Ok(address));
        }
    }

    fn complained(&mut self, line: String) {
        tracing::warn!(engine = %line, "the engine process says");
        if self.said.len() == KEPT_LINES {
            self.said.pop_front();
        }
        self.said.push_back(line);
    }

    async fn ended(mut self, status: std::io::Result<ExitStatus>) {
        // Its last words may still be in the pipe.
        while let Some(Ok(Some(line))) = match &mut self.errors {
            Some(errors) => Some(errors.next_line().await),
            None => None,
        } {
            self.complained(line);
        }
        let Ok(status) = status else { return };
        if let Some(ready) = self.ready.take() {
            let said = self
                .said
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" | ");
            let _ = ready.send(Err((status, said)));
        }
        let _ = self.exited.send(Some(status));
    }
}

/// Waits for ever once the pipe has ended.
async fn next_line<R: tokio::io::AsyncRead + Unpin>(lines: &mut Option<Lines<BufReader<R>>>) -> String {
    if let Some(open) = lines
        && let Ok(Some(line)) = open.next_line().await
    {
        return line;
    }
    *lines = None;
    std::future::pending().await
}
