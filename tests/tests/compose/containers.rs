//! What Docker would do with the file: each service as a process with the command, the environment, the folders and the
//! user that it would have in its container, started when those that it waits for are there.

use crate::file::{Compose, deploy};
use anyhow::{Context, Result, ensure};
use footfall_broker::{Broker, Options};
use footfall_tests::footfall::{Home, binary, eventually};
use footfall_tests::server::Server;
use footfall_tests::service::Service;
use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The user of deploy/Dockerfile.
const USER: u32 = 10_001;

/// What the harness of the broker sets itself, because it depends on where the broker is.
const PLACES: [&str; 9] = [
    "CLUSTER_ID",
    "KAFKA_NODE_ID",
    "KAFKA_PROCESS_ROLES",
    "KAFKA_CONTROLLER_QUORUM_VOTERS",
    "KAFKA_LISTENERS",
    "KAFKA_ADVERTISED_LISTENERS",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
    "KAFKA_LOG_DIRS",
    "KAFKA_HEAP_OPTS",
];

/// Everything that runs.
pub(crate) struct Containers {
    compose: Compose,
    broker: Option<Broker>,
    clickhouse: Option<Server>,
    /// By name; further ones of a service have a number: `processor#2`.
    pub(crate) services: BTreeMap<String, Service>,
}

impl Containers {
    /// `docker compose up --scale processor=…`, with the secrets made first.
    pub(crate) fn up(folder: &Path, processors: usize) -> Result<Self> {
        std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755))?;
        image(folder)?;
        secrets(folder)?;
        let mut containers = Self {
            compose: Compose::read(folder)?,
            broker: None,
            clickhouse: None,
            services: BTreeMap::new(),
        };
        for name in containers.compose.order()? {
            for (other, condition) in containers.compose.depends(&name) {
                // A one-shot service has been run to its end, or it would have failed.
                if condition == "service_healthy" {
                    containers.healthy(&other)?;
                }
            }
            let count = if name == "processor" { processors } else { 1 };
            for number in 1..=count {
                let instance = if number == 1 {
                    name.clone()
                } else {
                    format!("{name}#{number}")
                };
                containers.start(&name, &instance)?;
            }
        }
        let names: Vec<_> = containers.services.keys().cloned().collect();
        names.iter().try_for_each(|name| containers.healthy(name))?;
        Ok(containers)
    }

    fn start(&mut self, name: &str, instance: &str) -> Result<()> {
        match name {
            "kafka" => self.kafka(),
            "clickhouse" => self.engine(),
            _ if self.compose.part(name, "restart") == "no" => self.run(name, &[]).map(drop),
            _ => self.service(name, instance),
        }
    }

    /// From its jars, with the settings that the image would make of the environment.
    fn kafka(&mut self) -> Result<()> {
        let mut options = Options::default();
        for (name, value) in self.compose.environment("kafka") {
            if let Some(property) = name
                .strip_prefix("KAFKA_")
                .filter(|_| !PLACES.contains(&name.as_str()))
            {
                options = options.property(&property.to_lowercase().replace('_', "."), &value);
            }
        }
        let broker = Broker::start(&options)?;
        self.compose.place("kafka", 9092, broker.bootstrap().parse()?);
        self.broker = Some(broker);
        Ok(())
    }

    /// The engine, with the password of ClickHouse's user.
    fn engine(&mut self) -> Result<()> {
        let address = self.compose.address("clickhouse", 8123)?;
        let secret = |name: &str| std::fs::read_to_string(self.compose.folder.join("secrets").join(name));
        let password = secret("clickhouse_password")?;
        let reader = secret("clickhouse_reader_password")?;
        let folder = self.compose.folder.join("clickhouse-data");
        let server = Server::start_with(&folder, address, password.trim_end(), Some(reader.trim_end()))?;
        self.clickhouse = Some(server);
        Ok(())
    }

    fn service(&mut self, name: &str, instance: &str) -> Result<()> {
        let command = self.command(name, instance, None)?;
        let port = match name {
            "ingest" => 8000,
            "dashboard" => 8003,
            _ => 8002,
        };
        let http = self.compose.address(instance, port)?;
        let admin = if name == "ingest" {
            self.compose.address(name, 8001)?
        } else {
            http
        };
        let service = Service::start(&self.compose.folder.join(instance), command, http, admin)?;
        self.services.insert(instance.to_owned(), service);
        Ok(())
    }

    /// `docker compose run --rm`: the service's own command, or another one of `footfall` in its place.
    pub(crate) fn run(&mut self, name: &str, instead: &[&str]) -> Result<String> {
        let instead = (!instead.is_empty()).then_some(instead);
        let output = self.command(name, name, instead)?.stdin(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{name} {instead:?} ended with {}:\n{text}{errors}",
            output.status
        );
        Ok(text)
    }

    /// As in its container: nothing of our own environment, the image's user, its folders.
    fn command(&mut self, name: &str, instance: &str, instead: Option<&[&str]>) -> Result<Command> {
        let folder = self.compose.folder.clone();
        let mut command = Command::new(folder.join("bin/footfall"));
        match instead {
            Some(words) => drop(command.args(words)),
            None => {
                for word in self.compose.list(name, "command") {
                    command.arg(self.compose.here(instance, &word)?);
                }
            }
        }
        let home = owned(&folder.join(format!("{instance}-home")))?;
        command
            .env_clear()
            .env("PATH", path(&folder))
            .env("HOME", &home)
            .current_dir(&home);
        // ENV of the Dockerfile; a volume may lie there.
        command.env("FOOTFALL_DATA", home.join("data"));
        for (_, outside) in self
            .compose
            .mounts(name)
            .iter()
            .filter(|(_, outside)| outside.starts_with(&folder))
        {
            owned(outside)?;
        }
        for (variable, value) in self.compose.environment(name) {
            // The engine has one writer and one reader, of these names.
            let value = match (variable.as_str(), value.as_str()) {
                ("CLICKHOUSE_USER", "reader") => "readonly".to_owned(),
                ("CLICKHOUSE_USER", _) => "default".to_owned(),
                _ => self.compose.here(instance, &value)?,
            };
            command.env(variable, value);
        }
        if is_root() {
            command.uid(USER).gid(USER);
        }
        Ok(command)
    }

    /// Waits until the service's health check ends with 0.
    fn healthy(&mut self, instance: &str) -> Result<()> {
        let words = self
            .compose
            .health(instance)
            .with_context(|| format!("{instance} has no health check"))?;
        let folder = self.compose.folder.clone();
        let healthy = eventually("a healthy service", || {
            let program = words.first().context("a health check without a program")?;
            let mut command = Command::new(program);
            command
                .args(&words[1..])
                .env("PATH", path(&folder))
                .stderr(Stdio::null());
            let status = command
                .status()
                .with_context(|| format!("{instance}: run {words:?}"))?;
            ensure!(status.success(), "{instance}: {words:?} ended with {status}");
            Ok(())
        });
        let said = || {
            self.services
                .get(instance)
                .map(Service::printed)
                .unwrap_or_default()
        };
        healthy.with_context(|| format!("{instance} said:\n{}", said()))
    }

    /// `kill -9`, and what `restart: unless-stopped` does.
    pub(crate) fn crash(&mut self, instance: &str) -> Result<()> {
        let service = self.services.get_mut(instance).context("no such service")?;
        service.kill9()?;
        service.again()?;
        self.healthy(instance)
    }

    /// The last words of every service.
    pub(crate) fn printed(&self) -> String {
        let texts = self
            .services
            .iter()
            .map(|(name, service)| format!("{name}:\n{}", service.printed()));
        texts.collect::<Vec<_>>().join("\n----\n")
    }

    /// By which load and books reach it.
    pub(crate) fn home(&mut self) -> Result<Home> {
        Ok(Home {
            data: self.compose.folder.join("ingest-data"),
            http: self.compose.address("ingest", 8000)?,
            clickhouse: self.compose.address("clickhouse", 8123)?,
            admin: self.compose.address("ingest", 8001)?,
            env: Vec::new(),
        })
    }
}

/// Programs as the Dockerfile puts them into the image.
fn image(folder: &Path) -> Result<()> {
    let bin = folder.join("bin");
    std::fs::create_dir(&bin)?;
    for (from, name) in [
        (binary()?, "footfall"),
        (deploy().join("footfall-ready"), "footfall-ready"),
    ] {
        let to = bin.join(name);
        std::fs::copy(&from, &to).with_context(|| format!("copy {}", from.display()))?;
        std::fs::set_permissions(&to, PermissionsExt::from_mode(0o755))?;
    }
    Ok(())
}

/// Made as an operator makes them; every container gets the files, whoever it runs as.
fn secrets(folder: &Path) -> Result<()> {
    let secrets = folder.join("secrets");
    let status = Command::new(deploy().join("secrets/make"))
        .arg(&secrets)
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "deploy/secrets/make ended with {status}");
    std::fs::set_permissions(&secrets, PermissionsExt::from_mode(0o755))?;
    Ok(())
}

/// A folder that belongs to the image's user.
fn owned(folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    if is_root() {
        chown(folder, Some(USER), Some(USER))?;
    }
    Ok(folder.to_owned())
}

fn path(folder: &Path) -> String {
    format!("{}:/usr/local/bin:/usr/bin:/bin", folder.join("bin").display())
}

/// Who is not root cannot become somebody else, and runs everything as himself.
fn is_root() -> bool {
    // SAFETY: takes nothing and cannot fail.
    unsafe { libc::geteuid() == 0 }
}
