//! deploy/compose.yaml as Compose reads it, and what its texts mean where there are no containers: addresses become ports
//! of this machine's loopback, mounted files and folders paths in a folder of the test.

use anyhow::{Context, Result, ensure};
use footfall_tests::footfall::free_port;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the file.
pub(crate) fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

/// The file, and where everything is.
pub(crate) struct Compose {
    services: BTreeMap<String, Value>,
    /// Secrets, volumes and programs.
    pub(crate) folder: PathBuf,
    ports: BTreeMap<(String, u16), SocketAddr>,
}

impl Compose {
    /// Reads the file by the same script that checks it.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/check"))
            .arg("--json")
            .output()
            .context("run tests/deploy/check")?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let file: Value = serde_json::from_slice(&output.stdout)?;
        let services = file["services"].as_object().context("services")?;
        Ok(Self {
            services: services.clone().into_iter().collect(),
            folder: folder.to_owned(),
            ports: BTreeMap::new(),
        })
    }

    /// A part of a service.
    pub(crate) fn part(&self, service: &str, name: &str) -> &Value {
        self.services
            .get(service)
            .map_or(&Value::Null, |service| &service[name])
    }

    /// What it waits for, and until when.
    pub(crate) fn depends(&self, service: &str) -> Vec<(String, String)> {
        let depends = self.part(service, "depends_on").as_object();
        let condition = |how: &Value| how["condition"].as_str().unwrap_or_default().to_owned();
        depends
            .into_iter()
            .flatten()
            .map(|(name, how)| (name.clone(), condition(how)))
            .collect()
    }

    /// The services of no profile, each after those that it waits for.
    pub(crate) fn order(&self) -> Result<Vec<String>> {
        let mut left: Vec<_> = self
            .services
            .keys()
            .filter(|name| self.part(name, "profiles").is_null())
            .collect();
        let mut order: Vec<String> = Vec::new();
        // The broker chooses its port itself, and others must be told of it.
        left.sort_by_key(|name| *name != "kafka");
        while !left.is_empty() {
            let at = left
                .iter()
                .position(|name| self.depends(name).iter().all(|(other, _)| order.contains(other)));
            order.push(left.remove(at.context("services wait for each other")?).clone());
        }
        Ok(order)
    }

    /// Where a container's port is on this machine.
    pub(crate) fn address(&mut self, service: &str, port: u16) -> Result<SocketAddr> {
        let key = (service.to_owned(), port);
        if let Some(address) = self.ports.get(&key) {
            return Ok(*address);
        }
        let address = free_port()?;
        self.ports.insert(key, address);
        Ok(address)
    }

    /// Says where a port is that was not chosen here.
    pub(crate) fn place(&mut self, service: &str, port: u16, address: SocketAddr) {
        self.ports.insert((service.to_owned(), port), address);
    }

    /// A text of the file as `service` must be told it here.
    pub(crate) fn here(&mut self, service: &str, text: &str) -> Result<String> {
        let mut text = text.to_owned();
        let names: Vec<_> = self.services.keys().cloned().collect();
        for host in names.iter().map(String::as_str).chain(["0.0.0.0"]) {
            let of = if host == "0.0.0.0" { service } else { host };
            while let Some((start, end, port)) = find_port(&text, host) {
                let address = self.address(of, port)?.to_string();
                text.replace_range(start..end, &address);
            }
        }
        text = text.replace("/run/secrets", &self.folder.join("secrets").to_string_lossy());
        for (inside, outside) in self.mounts(service) {
            text = text.replace(&inside, &outside.to_string_lossy());
        }
        Ok(text)
    }

    /// Folders of a container, and where they are here.
    pub(crate) fn mounts(&self, service: &str) -> Vec<(String, PathBuf)> {
        let kind = service.split('#').next().unwrap_or(service);
        let volumes = self.part(kind, "volumes").as_array();
        let volumes = volumes
            .into_iter()
            .flatten()
            .filter_map(|volume| volume.as_str()?.split_once(':'));
        volumes
            .map(|(source, target)| {
                let outside = match source.strip_prefix("./") {
                    Some(source) => deploy().join(source),
                    None => self.folder.join(source),
                };
                (target.trim_end_matches(":ro").to_owned(), outside)
            })
            .collect()
    }

    /// The health check as given, but for its ports; `None`: it has none.
    pub(crate) fn health(&mut self, service: &str) -> Option<Vec<String>> {
        let kind = service.split('#').next().unwrap_or(service);
        let test = self.part(kind, "healthcheck")["test"].as_array()?.clone();
        let words = test.iter().filter_map(Value::as_str).skip(1);
        let own = self.ports.iter().filter(|((of, _), _)| of == service);
        let ports: Vec<_> = own
            .map(|((_, port), address)| (port.to_string(), address.port().to_string()))
            .collect();
        Some(words.map(|word| with_ports(word, &ports)).collect())
    }

    /// Texts of a list.
    pub(crate) fn list(&self, service: &str, name: &str) -> Vec<String> {
        let list = self.part(service, name).as_array();
        list.into_iter()
            .flatten()
            .filter_map(|text| Some(text.as_str()?.to_owned()))
            .collect()
    }

    /// The environment as it stands in the file.
    pub(crate) fn environment(&self, service: &str) -> Vec<(String, String)> {
        let environment = self.part(service, "environment").as_object();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        environment
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect()
    }
}

/// `host:port` in a text: where, and the port.
fn find_port(text: &str, host: &str) -> Option<(usize, usize, u16)> {
    let pattern = format!("{host}:");
    for (start, _) in text.match_indices(&pattern) {
        let before = text[..start].chars().next_back();
        let digits: String = text[start + pattern.len()..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        if before.is_none_or(|c| !c.is_alphanumeric()) && !digits.is_empty() {
            return Some((start, start + pattern.len() + digits.len(), digits.parse().ok()?));
        }
    }
    None
}

/// Whole numbers that are ports of the container, as they are here.
fn with_ports(word: &str, ports: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let end = if digits > 0 {
            digits
        } else {
            rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(end);
        let port = ports.iter().find(|(inside, _)| inside == token);
        out.push_str(port.map_or(token, |(_, here)| here));
        rest = after;
    }
    out
}
