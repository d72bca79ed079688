//! One broker: made, started, killed, frozen, started again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::error::BrokerError;
use crate::jars::{Jars, run, tail};
use crate::options::{Listener, Options};
use crate::ports;
use crate::process::{signal, spawn};
use crate::properties::{Place, render, write_certificates};
use crate::wire;

/// Any fixed 22 characters.
const CLUSTER_ID: &str = "MkU3OEVBNTcwNTJENDM2Qk";

/// Longest wait for a broker on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running (or killed) Apache Kafka. Dropped: `kill -9`, and its folder is removed.
#[derive(Debug)]
pub struct Broker {
    place: Place,
    jars: Jars,
    child: Option<Child>,
    folder: TempDir,
}

impl Broker {
    /// Starts one broker on free ports, and returns when it answers as a member of its cluster.
    ///
    /// # Errors
    /// Java or Maven is missing, the jars cannot be fetched, or the broker does not come up.
    pub fn start(options: &Options) -> Result<Broker, BrokerError> {
        let jars = ready()?;
        let mut broker = Broker::make(place(&jars, 1, options)?, jars, options, None)?;
        broker.spawn(&[])?;
        broker.wait_for(&[1])?;
        Ok(broker)
    }

    /// Writes properties and formats the folder. `voters`: of a cluster, all of them.
    pub(crate) fn make(
        place: Place,
        jars: Jars,
        options: &Options,
        voters: Option<&[(i32, u16)]>,
    ) -> Result<Broker, BrokerError> {
        let folder = tempfile::Builder::new()
            .prefix("footfall-broker-")
            .tempdir()
            .map_err(BrokerError::io("make a folder in", std::env::temp_dir()))?;
        let alone = [(place.id, place.controller.number)];
        let text = render(&place, voters.unwrap_or(&alone), options, folder.path());
        let broker = Broker {
            place,
            jars,
            child: None,
            folder,
        };
        let file = broker.properties();
        fs::write(&file, text).map_err(BrokerError::io("write", &file))?;
        write_certificates(options, broker.folder())
            .map_err(BrokerError::io("write certificates into", broker.folder()))?;
        broker.format(options)?;
        Ok(broker)
    }

    fn format(&self, options: &Options) -> Result<(), BrokerError> {
        let mut java = self.jars.java();
        java.arg(format!("-XX:SharedArchiveFile={}", self.jars.archive().display()))
            .args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])
            .arg(self.properties());
        for (name, password) in &options.users {
            for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
                java.arg("--add-scram")
                    .arg(format!("{mechanism}=[name={name},password={password}]"));
            }
        }
        run(java, "java", "format the broker's folder")
    }

    /// Starts the process and does not wait for it.
    pub(crate) fn spawn(&mut self, flags: &[String]) -> Result<(), BrokerError> {
        let path = self.output();
        let output = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(BrokerError::io("open", &path))?;
        let errors = output.try_clone().map_err(BrokerError::io("open again", &path))?;
        let mut java = self.jars.java();
        if flags.is_empty() {
            java.arg(format!("-XX:SharedArchiveFile={}", self.jars.archive().display()));
        }
        java.args(flags)
            .arg("kafka.Kafka")
            .arg(self.properties())
            .stdout(output)
            .stderr(errors);
        self.child = Some(spawn(java, "java")?);
        Ok(())
    }

    /// Until the broker knows that `members` are there.
    pub(crate) fn wait_for(&mut self, members: &[i32]) -> Result<(), BrokerError> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let known = wire::brokers(self.port()).unwrap_or_default();
            if members.iter().all(|member| known.contains(member)) {
                return Ok(());
            }
            let ended = self
                .child
                .as_mut()
                .and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                self.child = None;
                return Err(BrokerError::Failed {
                    action: "start the broker",
                    status: status.to_string(),
                    output: self.printed(),
                });
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(BrokerError::NotReady {
            waited: started.elapsed(),
            output: self.printed(),
        })
    }

    /// `127.0.0.1:port` of the plain listener.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// The same of another listener; `None` when the options did not ask for it.
    #[must_use]
    pub fn bootstrap_of(&self, listener: Listener) -> Option<String> {
        let ways = &self.place.listeners;
        let (_, port) = ways.iter().find(|(way, _)| *way == listener)?;
        Some(format!("127.0.0.1:{}", port.number))
    }

    /// Process id, `None` when it was killed.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// `kill -9`, also of a stopped one; returns when the process is gone.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// SIGSTOP: the process freezes, its connections stay open and silent.
    pub fn stop(&self) {
        self.child.iter().for_each(|child| signal(child, libc::SIGSTOP));
    }

    /// SIGCONT.
    pub fn cont(&self) {
        self.child.iter().for_each(|child| signal(child, libc::SIGCONT));
    }

    /// Starts a killed one again (kills it first if it runs), on the same ports and folder; returns when it answers
    /// as a member of its cluster.
    ///
    /// # Errors
    /// As [`Broker::start`].
    pub fn restart(&mut self) -> Result<(), BrokerError> {
        self.kill9();
        self.spawn(&[])?;
        self.wait_for(&[self.place.id])
    }

    /// SIGTERM, and until it has ended: 1.2..3.2 s when measured.
    pub fn terminate(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(&child, libc::SIGTERM);
            drop(child.wait());
        }
    }

    /// The end of what the broker has printed (warnings and errors).
    #[must_use]
    pub fn printed(&self) -> String {
        tail(&fs::read(self.output()).unwrap_or_default())
    }

    /// Its folder; the topics' partitions lie in `data/`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn port(&self) -> u16 {
        let plain = self.place.listeners.first();
        plain.map_or(0, |(_, port)| port.number)
    }

    fn properties(&self) -> PathBuf {
        self.folder().join("server.properties")
    }

    fn output(&self) -> PathBuf {
        self.folder().join("output")
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill9();
    }
}

/// Identity and free ports of a node.
pub(crate) fn place(jars: &Jars, id: i32, options: &Options) -> Result<Place, BrokerError> {
    let listeners = options.listeners().into_iter();
    Ok(Place {
        id,
        controller: ports::free(&jars.cache)?,
        listeners: listeners
            .map(|listener| Ok((listener, ports::free(&jars.cache)?)))
            .collect::<Result<_, BrokerError>>()?,
    })
}

/// The jars and the archive of loaded classes, which the first broker ever is started and ended for.
pub(crate) fn ready() -> Result<Jars, BrokerError> {
    let locked = Jars::get()?;
    // The rest of `locked` is the lock, held to the end.
    let jars = locked.jars;
    if jars.archive().is_file() {
        return Ok(jars);
    }
    let fresh = jars.cache.join("classes.new");
    let options = Options::default();
    let mut broker = Broker::make(place(&jars, 1, &options)?, jars.clone(), &options, None)?;
    broker.spawn(&[format!("-XX:ArchiveClassesAtExit={}", fresh.display())])?;
    broker.wait_for(&[1])?;
    broker.terminate();
    let archive = jars.archive();
    fs::rename(&fresh, &archive).map_err(BrokerError::io("put in place", &archive))?;
    Ok(jars)
}
