//! What the engine process needs to know, and how it is told: everything but secrets on the command line,
//! secrets by the environment, a file or standard input. Written by `supervise.rs`, read by `process.rs`.

use std::ffi::OsString;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// A password; prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// A fresh random password of 122 bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// The value itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What one engine process is started with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of the data (`--data`). One process at a time.
    pub data: PathBuf,
    /// Where HTTP is served (`--listen`, default 127.0.0.1:8123). Port 0 lets the system choose.
    pub listen: SocketAddr,
    /// `libchdb.so` (`--library`); see [`crate::library::locate`].
    pub library: PathBuf,
    /// Password of the user `default`, who may write: `FOOTFALL_ENGINE_WRITER_PASSWORD`,
    /// `FOOTFALL_ENGINE_WRITER_PASSWORD_FILE`, or the first line of standard input.
    pub writer_password: Secret,
    /// Password of the user `readonly`; none: on loopback nobody needs one
    /// (`FOOTFALL_ENGINE_READER_PASSWORD`).
    pub reader_password: Option<Secret>,
    /// Memory of the engine in bytes (`--max-memory`, default 0: 80 % of the machine's).
    pub max_memory_bytes: u64,
    /// Open connections (`--max-connections`, default 256).
    pub max_connections: usize,
    /// Statements that run at the same time (`--max-queries`, default 32). Readers get half of them.
    pub max_queries: usize,
    /// Bytes of a result that cannot be streamed (`--max-result`, default 256 MiB).
    pub max_result_bytes: u64,
    /// Host names beside loopback's own that requests may carry (`--host`, repeatable).
    pub hosts: Vec<String>,
    /// End when standard input ends (`--die-with-stdin`): how a child notices that its parent is gone.
    pub die_with_stdin: bool,
}

/// A command line or environment that the engine cannot start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// An option that does not exist, lacks its value or has one that does not parse.
    #[error("reading the engine's command line: {0}")]
    Argument(String),
    /// A required option or secret is missing.
    #[error("starting the engine: {0} is not given")]
    Missing(&'static str),
    /// A password file cannot be read.
    #[error("reading the password file {}: {source}", path.display())]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Config {
    /// Defaults for a data folder, a library and a writer.
    #[must_use]
    pub fn new(data: PathBuf, library: PathBuf, writer_password: Secret) -> Self {
        Self {
            data,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8123)),
            library,
            writer_password,
            reader_password: None,
            max_memory_bytes: 0,
            max_connections: 256,
            max_queries: 32,
            max_result_bytes: 256 << 20,
            hosts: Vec::new(),
            die_with_stdin: false,
        }
    }

    /// The arguments from which [`Config::from_args`] makes this configuration again, secrets left out.
    #[must_use]
    pub fn to_args(&self) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::new();
        let mut option = |name: &str, value: OsString| args.extend([OsString::from(name), value]);
        option("--data", self.data.clone().into());
        option("--library", self.library.clone().into());
        option("--listen", self.listen.to_string().into());
        option("--max-memory", self.max_memory_bytes.to_string().into());
        option("--max-connections", self.max_connections.to_string().into());
        option("--max-queries", self.max_queries.to_string().into());
        option("--max-result", self.max_result_bytes.to_string().into());
        for host in &self.hosts {
            option("--host", host.into());
        }
        if self.die_with_stdin {
            args.push("--die-with-stdin".into());
        }
        args
    }

    /// Reads a command line (without the program's name), the environment and, if no password is found
    /// there, the first line of standard input.
    pub fn from_args(args: impl IntoIterator<Item = OsString>) -> Result<Self, ConfigError> {
        let mut config = Self::new(PathBuf::new(), PathBuf::new(), Secret::new(""));
        let mut args = args.into_iter();
        while let Some(name) = args.next() {
            let name = name.to_string_lossy().into_owned();
            if name == "--die-with-stdin" {
                config.die_with_stdin = true;
                continue;
            }
            let value = args
                .next()
                .ok_or_else(|| ConfigError::Argument(format!("{name} has no value")))?;
            config.set(&name, value)?;
        }
        if config.data.as_os_str().is_empty() {
            return Err(ConfigError::Missing("--data"));
        }
        if config.library.as_os_str().is_empty() {
            return Err(ConfigError::Missing("--library"));
        }
        config.writer_password = writer_password()?;
        config.reader_password = environment("FOOTFALL_ENGINE_READER_PASSWORD").map(Secret);
        Ok(config)
    }

    fn set(&mut self, name: &str, value: OsString) -> Result<(), ConfigError> {
        let text = value.to_string_lossy().into_owned();
        match name {
            "--data" => self.data = value.into(),
            "--library" => self.library = value.into(),
            "--listen" => self.listen = parsed(name, &text)?,
            "--max-memory" => self.max_memory_bytes = parsed(name, &text)?,
            "--max-connections" => self.max_connections = parsed(name, &text)?,
            "--max-queries" => self.max_queries = parsed(name, &text)?,
            "--max-result" => self.max_result_bytes = parsed(name, &text)?,
            "--host" => self.hosts.push(text),
            _ => return Err(ConfigError::Argument(format!("{name} is not an option"))),
        }
        Ok(())
    }
}

fn parsed<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, ConfigError> {
    text.parse()
        .map_err(|_| ConfigError::Argument(format!("{name} cannot be {text:?}")))
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn writer_password() -> Result<Secret, ConfigError> {
    if let Some(password) = environment("FOOTFALL_ENGINE_WRITER_PASSWORD") {
        return Ok(Secret(password));
    }
    let mut line = String::new();
    if let Some(path) = environment("FOOTFALL_ENGINE_WRITER_PASSWORD_FILE").map(PathBuf::from) {
        line = std::fs::read_to_string(&path).map_err(|source| ConfigError::PasswordFile { path, source })?;
    } else {
        // Too long a line only makes a password that nobody has.
        let _ = std::io::stdin().read_line(&mut line);
    }
    match line.trim() {
        "" => Err(ConfigError::Missing(
            "the writer's password (FOOTFALL_ENGINE_WRITER_PASSWORD)",
        )),
        password => Ok(Secret(password.to_owned())),
    }
}
