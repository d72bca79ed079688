//! Footfall as separate services around a real Kafka: ingests, processors, a broker, and the engine in ClickHouse's place.
//! The binary must have been built with Kafka.

use crate::footfall::{Home, Server, binary, eventually, free_port, signal};
use crate::http::Client;
use anyhow::{Context, Result, ensure};
use footfall_broker::{Broker, Options};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What all services share, and the servers between them.
pub struct Cluster {
    folder: PathBuf,
    /// The broker.
    pub broker: Broker,
    /// The engine in ClickHouse's place.
    pub clickhouse: Server,
    env: Vec<(String, String)>,
}

impl Cluster {
    /// Starts broker and engine, and makes topic and tables as an operator would.
    ///
    /// # Errors
    /// Something does not start, or a command fails.
    pub fn start(folder: &Path, partitions: u32) -> Result<Self> {
        let broker = Broker::start(&Options::default())?;
        let clickhouse = Server::start(&folder.join("clickhouse"))?;
        let key = uuid::Uuid::new_v4().simple().to_string();
        let env = [
            ("KAFKA_BOOTSTRAP_SERVERS", broker.bootstrap()),
            ("FOOTFALL_KAFKA_PARTITIONS", partitions.to_string()),
            ("FOOTFALL_KAFKA_REPLICATION", "1".to_owned()),
            ("FOOTFALL_KAFKA_MIN_INSYNC", "1".to_owned()),
            ("FOOTFALL_INGEST_IDENTITY_KEY", format!("{key}{key}")),
            ("CLICKHOUSE_URL", format!("http://{}", clickhouse.address)),
            ("CLICKHOUSE_USER", "default".to_owned()),
            ("CLICKHOUSE_PASSWORD", clickhouse.password.clone()),
        ];
        let cluster = Self {
            folder: folder.to_owned(),
            broker,
            clickhouse,
            env: env.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        };
        cluster.run(&["migrate"])?;
        cluster.run(&["topics"])?;
        Ok(cluster)
    }

    /// Runs a command of the operator's to its end and gives what it printed.
    ///
    /// # Errors
    /// It failed.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = self.command(&self.folder.join("operator"), arguments)?;
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

    /// Starts an ingest of that name and waits until it takes events.
    ///
    /// # Errors
    /// It does not.
    pub fn ingest(&self, name: &str) -> Result<Service> {
        let data = self.folder.join(name);
        std::fs::create_dir_all(&data)?;
        std::fs::write(data.join("sites.toml"), "[[site]]\nkey = \"demo\"\n")?;
        let (http, admin) = (free_port()?, free_port()?);
        let mut command = self.command(&data, &["ingest"])?;
        command.env("FOOTFALL_INGEST_LISTEN", http.to_string());
        command.env("FOOTFALL_INGEST_ADMIN_LISTEN", admin.to_string());
        command.env("FOOTFALL_LOCAL_LOG_NODE", name);
        let service = Service::start(&data, command, http, admin)?;
        service.wait_ready(http)?;
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
            clickhouse: self.clickhouse.address,
            admin: ingest.admin,
            env: self.env.clone(),
        }
    }
}

/// One service as a process; killed when dropped.
pub struct Service {
    data: PathBuf,
    child: Child,
    command: Command,
    /// Public address of an ingest.
    pub http: SocketAddr,
    /// Its operator's port.
    pub admin: SocketAddr,
}

impl Service {
    fn start(data: &Path, mut command: Command, http: SocketAddr, admin: SocketAddr) -> Result<Self> {
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

    /// Waits until `/ready` there answers 200.
    ///
    /// # Errors
    /// It does not in time; with what the service has printed.
    pub fn wait_ready(&self, address: SocketAddr) -> Result<()> {
        let mut client = Client::new(address, Duration::from_secs(5));
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

    /// Sends it a signal.
    pub fn signal(&self, number: i32) {
        signal(self.child.id(), number);
    }

    /// SIGTERM, and waits for the end of the drain.
    ///
    /// # Errors
    /// It did not end in time, or not with success; with what it has printed.
    pub fn stop(&mut self) -> Result<()> {
        self.signal(libc::SIGTERM);
        let status = eventually("the end of a service", || {
            self.child.try_wait()?.context("still running")
        })?;
        ensure!(
            status.success(),
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
