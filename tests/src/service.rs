//! One service of a cluster as a process: started, killed, frozen, stopped, started again as it was, and asked for what it
//! counts. Who starts it: [`crate::cluster`].

use crate::footfall::{eventually, signal};
use crate::http::Client;
use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Last words of a drain whose deadline has passed: nothing is lost by it.
const LATE: &str = "the next start settles what is open";

/// A running or killed service; killed when dropped.
pub struct Service {
    /// Its data folder.
    pub data: PathBuf,
    child: Child,
    command: Command,
    /// Public address of an ingest; of a processor its operator's port.
    pub http: SocketAddr,
    /// Its operator's port.
    pub admin: SocketAddr,
}

impl Service {
    /// Starts `command`; what it prints is appended to `<data>.out`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(data: &Path, mut command: Command, http: SocketAddr, admin: SocketAddr) -> Result<Self> {
        let out = std::fs::File::options()
            .create(true)
            .append(true)
            .open(data.with_extension("out"))?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let child = command.spawn().context("start a service")?;
        Ok(Self {
            data: data.to_owned(),
            child,
            command,
            http,
            admin,
        })
    }

    /// Waits until `/ready` of its own port answers 200: an ingest takes events, a processor owns partitions.
    ///
    /// # Errors
    /// It does not in time; with what the service has printed.
    pub fn wait_ready(&self) -> Result<()> {
        let mut client = Client::new(self.http, Duration::from_secs(5));
        eventually("a service that is ready", || {
            let answer = client.request("GET", "/ready", &[], b"")?;
            ensure!(answer.status == 200, "{}", answer.text());
            Ok(())
        })
        .with_context(|| self.printed())
    }

    /// Everything that it has printed.
    #[must_use]
    pub fn printed(&self) -> String {
        std::fs::read_to_string(self.data.with_extension("out")).unwrap_or_default()
    }

    /// Sum over the lines of `/metrics` that begin so; a name, or a name with its first labels.
    ///
    /// # Errors
    /// It does not answer.
    pub fn metric(&self, beginning: &str) -> Result<f64> {
        let text = self.metrics()?;
        let values = text.lines().filter(|line| line.starts_with(beginning));
        Ok(values
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum())
    }

    /// All of `/metrics`.
    ///
    /// # Errors
    /// It does not answer.
    pub fn metrics(&self) -> Result<String> {
        let mut client = Client::new(self.admin, Duration::from_secs(5));
        Ok(client.request("GET", "/metrics", &[], b"")?.text())
    }

    /// A variable of its environment from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.command.env(name, value);
    }

    /// A variable of its environment, if it was given one.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<String> {
        let mut variables = self.command.get_envs();
        let (_, value) = variables.find(|(key, _)| *key == name)?;
        Some(value?.to_string_lossy().into_owned())
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill9(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again as it was started, after [`Service::kill9`] or [`Service::stop`].
    ///
    /// # Errors
    /// It cannot be started.
    pub fn again(&mut self) -> Result<()> {
        self.child = self.command.spawn().context("start a service again")?;
        Ok(())
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, number: i32) {
        signal(self.child.id(), number);
    }

    /// SIGTERM, and waits for the end of the drain, however that is.
    ///
    /// # Errors
    /// It did not end in time.
    pub fn end(&mut self) -> Result<ExitStatus> {
        self.signal(libc::SIGTERM);
        self.ended()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// It did not in time.
    pub fn ended(&mut self) -> Result<ExitStatus> {
        eventually("the end of a service", || {
            self.child.try_wait()?.context("still running")
        })
        .with_context(|| self.stacks())
    }

    /// Where its threads are, if there is a debugger that can tell.
    fn stacks(&self) -> String {
        let mut debugger = Command::new("gdb");
        debugger.args([
            "-batch",
            "-ex",
            "thread apply all bt 15",
            "-p",
            &self.child.id().to_string(),
        ]);
        let told = debugger.stdin(Stdio::null()).output();
        told.map_or_else(
            |error| format!("no stacks: {error}"),
            |output| String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    }

    /// SIGTERM, and waits for the end of the drain.
    ///
    /// # Errors
    /// It did not end in time, or not with success; with what it has printed.
    pub fn stop(&mut self) -> Result<()> {
        self.signal(libc::SIGTERM);
        self.stopped()
    }

    /// The same while other things are broken too: the drain may also have ended at its deadline, and says so.
    ///
    /// # Errors
    /// As [`Service::stop`].
    pub fn stopped_or_late(&mut self) -> Result<()> {
        let stopped = self.stopped();
        if self.printed().trim_end().ends_with(LATE) {
            return Ok(());
        }
        stopped
    }

    /// The end of a drain that was asked for already: a second SIGTERM would stop it hard.
    ///
    /// # Errors
    /// As [`Service::stop`].
    pub fn stopped(&mut self) -> Result<()> {
        let status = self.ended()?;
        // One that was only just started does not listen to signals yet, and holds nothing.
        let young = status.signal() == Some(libc::SIGTERM);
        ensure!(
            status.success() || young,
            "a service ended with {status}:\n{}",
            self.printed()
        );
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}
