//! The jars, fetched once by Maven into `$XDG_CACHE_HOME/footfall/kafka-4.4.0`, and how `java` is called with them.
//!
//! The archive of loaded classes (class-data sharing) halves the start: 0.8 s instead of 1.5; it is made once, by a
//! broker that is started and ended for it.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::error::BrokerError;

/// The folder in the cache.
const NAME: &str = "kafka-4.4.0";

const POM: &str = include_str!("../pom.xml");

/// Small and quick to start: what is measured is never the broker.
const FLAGS: [&str; 3] = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/// The fetched jars.
#[derive(Clone, Debug)]
pub(crate) struct Jars {
    pub(crate) cache: PathBuf,
}

/// The cache folder, locked against other test processes for as long as this lives.
pub(crate) struct Locked {
    pub(crate) jars: Jars,
    _lock: File,
}

impl Jars {
    /// Fetches what is missing. Waits while another process does.
    pub(crate) fn get() -> Result<Locked, BrokerError> {
        let cache = cache_folder()?;
        fs::create_dir_all(&cache).map_err(BrokerError::io("make the folder", &cache))?;
        let path = cache.join("lock");
        let lock = File::create(&path).map_err(BrokerError::io("make", &path))?;
        lock.lock().map_err(BrokerError::io("lock", &path))?;
        if !cache.join("libs").is_dir() {
            fetch(&cache)?;
        }
        Ok(Locked {
            jars: Jars { cache },
            _lock: lock,
        })
    }

    /// `java` with flags and class path; the class and its arguments are still to be added.
    pub(crate) fn java(&self) -> Command {
        let mut command = Command::new("java");
        command
            .args(FLAGS)
            .arg("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
            // An archive that another Java made is passed over in silence.
            .args(["-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off"])
            .arg("-cp")
            .arg(self.cache.join("libs/*"));
        command
    }

    /// The archive of loaded classes, there or not.
    pub(crate) fn archive(&self) -> PathBuf {
        self.cache.join("classes.jsa")
    }
}

fn cache_folder() -> Result<PathBuf, BrokerError> {
    let folder = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
    Ok(base.ok_or(BrokerError::NoCache)?.join("footfall").join(NAME))
}

fn fetch(cache: &Path) -> Result<(), BrokerError> {
    let (pom, fresh, libs) = (cache.join("pom.xml"), cache.join("fresh"), cache.join("libs"));
    fs::write(&pom, POM).map_err(BrokerError::io("write", &pom))?;
    let mut mvn = Command::new("mvn");
    mvn.args(["-q", "-B", "-f"])
        .arg(&pom)
        .arg("org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies")
        .arg("-DincludeScope=runtime")
        .arg(format!("-DoutputDirectory={}", fresh.display()));
    run(mvn, "mvn", "fetch Kafka's jars")?;
    fs::rename(&fresh, &libs).map_err(BrokerError::io("put in place", &libs))
}

/// Runs a program to its end, and shows the end of what it printed when that was an error.
pub(crate) fn run(
    mut command: Command,
    program: &'static str,
    action: &'static str,
) -> Result<(), BrokerError> {
    let output = command.output().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => BrokerError::Missing { program, action },
        _ => BrokerError::io("start", program)(source),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    Err(BrokerError::Failed {
        action,
        status: status.to_string(),
        output: tail(&[stdout, stderr].concat()),
    })
}

/// The last lines of a log, enough to see why.
pub(crate) fn tail(bytes: &[u8]) -> String {
    const MOST: usize = 3000;
    let from = bytes.len().saturating_sub(MOST);
    String::from_utf8_lossy(bytes.get(from..).unwrap_or_default()).into_owned()
}
