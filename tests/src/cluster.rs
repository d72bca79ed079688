//! Footfall as separate services around a real Kafka: ingests, processors, a broker, and the engine in ClickHouse's place.
//! The binary must have been built with Kafka. A service as a process: [`crate::service`].

use crate::footfall::{Home, binary, free_port};
use crate::server::Server;
use crate::service::Service;
use anyhow::{Result, ensure};
use footfall_broker::{Broker, Options};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What every ingest knows.
const SITES: &str = "[[site]]\nkey = \"demo\"\norigins = [\"https://shop.example\"]\n";

/// One broker, the engine, and the wiring between all.
pub struct Cluster {
    /// How services and commands are started.
    pub wiring: Wiring,
    /// The broker.
    pub broker: Broker,
    /// The engine in ClickHouse's place.
    pub clickhouse: Server,
}

impl Cluster {
    /// Starts broker and engine, and makes topic and tables as an operator would.
    ///
    /// # Errors
    /// Something does not start, or a command fails.
    pub fn start(folder: &Path, partitions: u32) -> Result<Self> {
        let broker = Broker::start(&Options::default())?;
        let clickhouse = Server::start(&folder.join("clickhouse"))?;
        let wiring = Wiring::new(folder, &broker.bootstrap(), &clickhouse, partitions, 1);
        wiring.prepare()?;
        Ok(Self {
            wiring,
            broker,
            clickhouse,
        })
    }
}

/// What all services share: where the servers are, and the one key.
#[derive(Debug, Clone)]
pub struct Wiring {
    folder: PathBuf,
    clickhouse: SocketAddr,
    env: Vec<(String, String)>,
}

impl Wiring {
    /// Wiring of services that live in `folder`; `copies` of each record must be in sync, less one that may be away.
    #[must_use]
    pub fn new(folder: &Path, bootstrap: &str, clickhouse: &Server, partitions: u32, copies: u32) -> Self {
        let key = uuid::Uuid::new_v4().simple().to_string();
        let in_sync = copies.saturating_sub(1).max(1);
        let env = [
            ("KAFKA_BOOTSTRAP_SERVERS", bootstrap.to_owned()),
            ("FOOTFALL_KAFKA_PARTITIONS", partitions.to_string()),
            ("FOOTFALL_KAFKA_REPLICATION", copies.to_string()),
            ("FOOTFALL_KAFKA_MIN_INSYNC", in_sync.to_string()),
            ("FOOTFALL_INGEST_IDENTITY_KEY", format!("{key}{key}")),
            ("CLICKHOUSE_URL", format!("http://{}", clickhouse.address)),
            ("CLICKHOUSE_USER", "default".to_owned()),
            ("CLICKHOUSE_PASSWORD", clickhouse.password.clone()),
        ];
        Self {
            folder: folder.to_owned(),
            clickhouse: clickhouse.address,
            env: env.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        }
    }

    /// Makes tables and topic.
    ///
    /// # Errors
    /// A command fails.
    pub fn prepare(&self) -> Result<()> {
        let operator = self.operator();
        std::fs::create_dir_all(&operator)?;
        std::fs::write(operator.join("sites.toml"), SITES)?;
        self.run(&["migrate"])?;
        self.run(&["topics"])?;
        Ok(())
    }

    /// Runs a command of the operator's to its end and gives what it printed.
    ///
    /// # Errors
    /// It failed.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        self.run_in(&self.operator(), arguments)
    }

    /// The data folder of the operator's own machine.
    #[must_use]
    pub fn operator(&self) -> PathBuf {
        self.folder.join("operator")
    }

    /// The same on a node, whose data folder is given.
    ///
    /// # Errors
    /// It failed.
    pub fn run_in(&self, data: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = self.command(data, arguments)?;
        let output = command.stdin(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "footfall {arguments:?} ended with {}:\n{text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(text)
    }

    fn command(&self, data: &Path, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(binary()?);
        command.args(arguments).arg("--data").arg(data);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }

    /// The same wiring with other or more variables.
    #[must_use]
    pub fn with(&self, more: &[(&str, &str)]) -> Self {
        let mut wiring = self.clone();
        for (name, value) in more {
            wiring.env.retain(|(known, _)| known != name);
            wiring.env.push(((*name).to_owned(), (*value).to_owned()));
        }
        wiring
    }

    /// The same wiring without a variable.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut wiring = self.clone();
        wiring.env.retain(|(known, _)| known != name);
        wiring
    }

    /// Starts an ingest of that name and waits until it takes events.
    ///
    /// # Errors
    /// It does not.
    pub fn ingest(&self, name: &str) -> Result<Service> {
        let data = self.folder.join(name);
        std::fs::create_dir_all(&data)?;
        std::fs::write(data.join("sites.toml"), SITES)?;
        let (http, admin) = (free_port()?, free_port()?);
        let mut command = self.command(&data, &["ingest"])?;
        command.env("FOOTFALL_INGEST_LISTEN", http.to_string());
        command.env("FOOTFALL_INGEST_ADMIN_LISTEN", admin.to_string());
        command.env("FOOTFALL_LOCAL_LOG_NODE", name);
        let service = Service::start(&data, command, http, admin)?;
        service.wait_ready()?;
        Ok(service)
    }

    /// Starts a processor of that name. Ready when it owns partitions, which [`Service::wait_ready`] waits for.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn processor(&self, name: &str) -> Result<Service> {
        let data = self.folder.join(name);
        std::fs::create_dir_all(&data)?;
        let admin = free_port()?;
        let mut command = self.command(&data, &["processor"])?;
        command.env("FOOTFALL_PROCESSOR_ADMIN_LISTEN", admin.to_string());
        Service::start(&data, command, admin, admin)
    }

    /// A home by which load and books reach this cluster through one of its ingests.
    #[must_use]
    pub fn home(&self, ingest: &Service) -> Home {
        Home {
            data: ingest.data.clone(),
            http: ingest.http,
            clickhouse: self.clickhouse,
            admin: ingest.admin,
            env: self.env.clone(),
        }
    }
}
