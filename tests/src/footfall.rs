//! The real thing as a process: started on a data folder, killed, frozen, stopped, started again.

use crate::http::Client;
use anyhow::{Context, Result, bail};
use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up on it. Generous: it bounds a failure, it judges nothing.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The same, or `TEST_PATIENCE` seconds: on a machine that is busy with much else.
fn patience() -> Duration {
    let given = std::env::var("TEST_PATIENCE")
        .ok()
        .and_then(|text| text.parse().ok());
    given.map_or(PATIENCE, Duration::from_secs)
}

/// Calls `probe` until it gives a value, for at most [`PATIENCE`].
///
/// # Errors
/// Says what was waited for, and the probe's last error.
pub fn eventually<T>(what: &str, probe: impl FnMut() -> Result<T>) -> Result<T> {
    within(patience(), what, probe)
}

/// The same for so long.
///
/// # Errors
/// As [`eventually`].
pub fn within<T>(patience: Duration, what: &str, mut probe: impl FnMut() -> Result<T>) -> Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        match probe() {
            Ok(value) => return Ok(value),
            Err(error) if Instant::now() > deadline => {
                return Err(error.context(format!("waited in vain for {what}")));
            }
            Err(_) => std::thread::sleep(Duration::from_millis(25)),
        }
    }
}

/// The built binary: `TEST_BIN`, else the one beside this test's own executable.
///
/// # Errors
/// It has not been built.
pub fn binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("TEST_BIN") {
        return Ok(path.into());
    }
    let test = std::env::current_exe()?;
    let path = test
        .ancestors()
        .nth(2)
        .context("find the target folder")?
        .join("footfall");
    if !path.exists() {
        bail!(
            "{} is not built: run `cargo build -p footfall` first, or set TEST_BIN",
            path.display()
        );
    }
    Ok(path)
}

/// Ports that this process has given to somebody, who may not have bound them yet.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A loopback port that is free now, below the range from which outgoing sockets are taken; never the same twice.
///
/// # Errors
/// None is free.
pub fn free_port() -> Result<SocketAddr> {
    let start = uuid::Uuid::new_v4().as_u128() % 10_000;
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    for step in 0..10_000 {
        let port = u16::try_from(20_000 + (start + step) % 10_000)?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if !given.contains(&port) && TcpListener::bind(address).is_ok() {
            given.insert(port);
            return Ok(address);
        }
    }
    bail!("no port between 20000 and 30000 is free")
}

/// Where a Footfall lives and how it is started: the same on every start.
#[derive(Debug, Clone)]
pub struct Home {
    /// The data folder.
    pub data: PathBuf,
    /// Public address.
    pub http: SocketAddr,
    /// Address of ClickHouse's HTTP interface.
    pub clickhouse: SocketAddr,
    /// Address of probes and metrics.
    pub admin: SocketAddr,
    /// Further environment.
    pub env: Vec<(String, String)>,
}

impl Home {
    /// A home in `data` with free ports.
    ///
    /// # Errors
    /// No port is free.
    pub fn new(data: &Path) -> Result<Self> {
        let (http, clickhouse, admin) = (free_port()?, free_port()?, free_port()?);
        Ok(Self {
            data: data.to_owned(),
            http,
            clickhouse,
            admin,
            env: Vec::new(),
        })
    }

    /// Adds a variable to the environment of every start.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A command of the binary with this home's environment.
    ///
    /// # Errors
    /// The binary is not built.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(binary()?);
        command
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            .stdin(Stdio::null());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// Starts Footfall in a process group of its own and waits until it takes events and answers queries.
    ///
    /// # Errors
    /// It ended, or was not ready in time; its output is in `<data>.out`.
    pub fn start(&self) -> Result<Footfall> {
        let mut footfall = self.spawn()?;
        footfall.wait_ready()?;
        Ok(footfall)
    }

    /// Starts Footfall and does not wait.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(&self) -> Result<Footfall> {
        let out = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.output())?;
        let mut command = self.command(&["up"])?;
        command.args([
            "--listen",
            &self.http.to_string(),
            "--clickhouse-listen",
            &self.clickhouse.to_string(),
        ]);
        command.env("FOOTFALL_INGEST_ADMIN_LISTEN", self.admin.to_string());
        command.env("FOOTFALL_DASHBOARD_LISTEN", "127.0.0.1:0");
        command.env("FOOTFALL_ENRICH_FETCH", "false");
        command.stdout(out.try_clone()?).stderr(out).process_group(0);
        let child = command.spawn().context("start footfall")?;
        Ok(Footfall {
            home: self.clone(),
            child,
        })
    }

    /// Where the output of every start is appended.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.data.with_extension("out")
    }

    /// A client of the public address.
    #[must_use]
    pub const fn client(&self) -> Client {
        Client::new(self.http, Duration::from_secs(60))
    }
}

/// A running Footfall; killed with its whole group when dropped.
#[derive(Debug)]
pub struct Footfall {
    home: Home,
    child: Child,
}

impl Footfall {
    /// Waits until `/ready` answers 200 and ClickHouse answers a ping.
    ///
    /// # Errors
    /// It ended or was not ready in time.
    pub fn wait_ready(&mut self) -> Result<()> {
        let mut public = Client::new(self.home.http, Duration::from_secs(5));
        let mut clickhouse = Client::new(self.home.clickhouse, Duration::from_secs(5));
        let deadline = Instant::now() + patience();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("footfall ended with {status}:\n{}", self.tail());
            }
            let ready = public
                .request("GET", "/ready", &[], b"")
                .is_ok_and(|answer| answer.status == 200)
                && clickhouse
                    .request("GET", "/ping", &[], b"")
                    .is_ok_and(|answer| answer.status == 200);
            if ready {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("footfall was not ready in time:\n{}", self.tail());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The last lines that it printed.
    #[must_use]
    pub fn tail(&self) -> String {
        let text = std::fs::read_to_string(self.home.output()).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(30).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Process id of `footfall` itself.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Process ids of its children: the engine.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn engine(&self) -> Result<u32> {
        let own = self.pid();
        let children = std::fs::read_to_string(format!("/proc/{own}/task/{own}/children"))?;
        let listed = children.split_whitespace().next().map(str::to_owned);
        listed
            .or_else(|| child_of(own))
            .context("the engine is not running")?
            .parse()
            .context("read a process id")
    }

    /// `kill -9` of the whole process group, engine included, then of whatever child is left.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill_all(mut self) -> Result<()> {
        if let Ok(engine) = self.engine() {
            signal(engine, libc::SIGKILL);
        }
        signal_group(self.pid(), libc::SIGKILL);
        self.child.wait()?;
        Ok(())
    }

    /// `kill -9` of `footfall` alone; the engine has to notice by itself.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill_parent(mut self) -> Result<()> {
        signal(self.pid(), libc::SIGKILL);
        self.child.wait()?;
        Ok(())
    }

    /// Sends a signal to the engine.
    ///
    /// # Errors
    /// The engine is not running.
    pub fn signal_engine(&self, number: i32) -> Result<()> {
        signal(self.engine()?, number);
        Ok(())
    }

    /// SIGTERM, and waits for the end of the drain.
    ///
    /// # Errors
    /// It did not end in time, or not with success.
    pub fn stop(mut self) -> Result<()> {
        signal(self.pid(), libc::SIGTERM);
        let status = eventually("the end of the drain", || {
            self.child.try_wait()?.context("still running")
        })?;
        if !status.success() {
            bail!("footfall ended with {status}:\n{}", self.tail());
        }
        Ok(())
    }
}

impl Drop for Footfall {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            if let Ok(engine) = self.engine() {
                signal(engine, libc::SIGKILL);
            }
            signal_group(self.pid(), libc::SIGKILL);
            drop(self.child.wait());
        }
    }
}

/// A child of any thread of `parent`, by `/proc`: a process is listed under the thread that started it.
fn child_of(parent: u32) -> Option<String> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).ok()?;
    tasks.flatten().find_map(|task| {
        let children = std::fs::read_to_string(task.path().join("children")).ok()?;
        children.split_whitespace().next().map(str::to_owned)
    })
}

/// Sends a signal to a process.
pub fn signal(pid: u32, number: i32) {
    if let Ok(pid) = i32::try_from(pid) {
        // SAFETY: kill takes two integers and touches no memory of ours.
        unsafe { libc::kill(pid, number) };
    }
}

fn signal_group(pid: u32, number: i32) {
    if let Ok(pid) = i32::try_from(pid) {
        // SAFETY: as above; a negative id names the group, which this process made for the child.
        unsafe { libc::kill(-pid, number) };
    }
}
