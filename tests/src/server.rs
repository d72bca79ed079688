//! The engine by itself, as a server that is nobody's child, in ClickHouse's place.

use crate::footfall::{Home, binary, eventually, free_port, signal};
use crate::http::Client;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running or killed engine; killed when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it serves ClickHouse's HTTP interface.
    pub address: SocketAddr,
    /// Password of the user `default`.
    pub password: String,
    child: Child,
    command: Command,
}

impl Server {
    /// Starts the engine on a folder of its own and waits until it answers.
    ///
    /// # Errors
    /// The library cannot be fetched, or the engine did not start.
    pub fn start(data: &Path) -> Result<Self> {
        Self::start_at(data, free_port()?, &uuid::Uuid::new_v4().simple().to_string())
    }

    /// The same at a given address, with a given password of the user `default`.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_at(data: &Path, address: SocketAddr, password: &str) -> Result<Self> {
        Self::start_with(data, address, password, None)
    }

    /// The same, with a password for the user `readonly` too.
    ///
    /// # Errors
    /// As [`start_at`](Self::start_at).
    pub fn start_with(
        data: &Path,
        address: SocketAddr,
        password: &str,
        reader: Option<&str>,
    ) -> Result<Self> {
        let mut command = Command::new(binary()?);
        command
            .arg("engine")
            .arg("--data")
            .arg(data)
            .arg("--listen")
            .arg(address.to_string());
        command
            .arg("--library")
            .arg(library()?)
            .env("FOOTFALL_ENGINE_WRITER_PASSWORD", password);
        if let Some(reader) = reader {
            command.env("FOOTFALL_ENGINE_READER_PASSWORD", reader);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.spawn().context("start the engine")?;
        let server = Self {
            address,
            password: password.to_owned(),
            child,
            command,
        };
        server.wait()?;
        Ok(server)
    }

    fn wait(&self) -> Result<()> {
        let mut client = Client::new(self.address, Duration::from_secs(5));
        eventually("the engine", || client.request("GET", "/ping", &[], b""))?;
        Ok(())
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

    /// Starts it again on the same folder and address, after [`Server::kill9`]; returns when it answers.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn again(&mut self) -> Result<()> {
        self.child = self.command.spawn().context("start the engine again")?;
        self.wait()
    }

    /// Sends it a signal.
    pub fn signal(&self, number: i32) {
        signal(self.child.id(), number);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop((self.child.kill(), self.child.wait()));
    }
}

/// The engine's library, where `footfall` keeps it. On a machine that has none yet, one start of the product fetches it.
fn library() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("FOOTFALL_LIBCHDB") {
        return Ok(path.into());
    }
    if let Some(path) = fetched()? {
        return Ok(path);
    }
    let folder = tempfile::tempdir()?;
    drop(Home::new(&folder.path().join("data"))?.start()?);
    fetched()?.context("footfall has started, but there is no libchdb in the cache folder")
}

fn fetched() -> Result<Option<PathBuf>> {
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or(home)
        .context("find the cache folder")?;
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libchdb-") && name.ends_with(".so")
    };
    let files = std::fs::read_dir(cache.join("footfall")).into_iter().flatten();
    Ok(files.flatten().map(|entry| entry.path()).find(is_library))
}
