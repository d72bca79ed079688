//! Configuration: one TOML file, the environment and flags, read once at start and typed.
//!
//! 1. [`settings`]: the declarative table; every setting is declared there once and nowhere else;
//! 2. [`value`], [`units`]: the types that a setting can have, and how their text is read and shown;
//! 3. [`raw`]: texts and where each came from (flag > environment > file > default), unknown names refused;
//! 4. [`load`]: raw texts become the typed [`Config`]; all problems are collected, none hides another;
//! 5. [`mod@reference`]: `docs/configuration.md`, generated from the table.

pub mod raw;
pub mod reference;
pub mod setting;
pub mod settings;
pub mod units;
pub mod value;

mod file;

pub use raw::{Origin, Sources};
pub use settings::Config;

use crate::problem::Problem;
use crate::retention::policy::is_days;
use footfall_ingest::TlsFiles;
use raw::Raw;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was read: always complete, because a value that cannot be read is a problem and its default stands in.
#[derive(Debug)]
pub struct Loaded {
    /// The typed settings.
    pub config: Config,
    /// Where each value came from, by key; a key that is absent has its default.
    pub origins: BTreeMap<&'static str, Origin>,
    /// The file that was read, if there was one.
    pub file: Option<PathBuf>,
    /// Everything that is wrong. With one of these nothing but `check` and `config` goes on.
    pub problems: Vec<Problem>,
}

/// Reads everything. Never fails: what is wrong stands in [`Loaded::problems`].
#[must_use]
pub fn load(sources: &Sources) -> Loaded {
    let mut problems = Vec::new();
    let raw = Raw::read(sources, &mut problems);
    let config = Config::read(&raw, &mut problems);
    validate(&config, &raw, &mut problems);
    Loaded {
        config,
        file: raw.file,
        origins: raw
            .found
            .into_iter()
            .map(|(key, found)| (key, found.origin))
            .collect(),
        problems,
    }
}

/// Rules that concern more than one value, or what this build can do.
fn validate(config: &Config, raw: &Raw, problems: &mut Vec<Problem>) {
    if !cfg!(feature = "kafka") && raw.found.keys().any(|key| key.starts_with("kafka.")) {
        problems.push(Problem::new(
            "there are settings for Kafka, but this build has none: events would not go where you expect",
            "build it with `--features kafka`, or unset them (KAFKA_BOOTSTRAP_SERVERS): on one machine the local log takes Kafka's place",
        ));
    }
    if config.clickhouse.url.is_none() {
        for key in ["clickhouse.user", "clickhouse.password"] {
            if raw.found.contains_key(key) {
                problems.push(Problem::new(
                    format!("`{key}` is set, but no server: the built-in engine makes its own credentials"),
                    format!("set `clickhouse.url` (CLICKHOUSE_URL) too, or remove `{key}`"),
                ));
            }
        }
    }
    let https = config.clickhouse.url.as_ref().is_some_and(|url| url.https);
    for key in ["clickhouse.ca", "clickhouse.certificate", "clickhouse.key"] {
        if !https && raw.found.contains_key(key) {
            problems.push(Problem::new(
                format!("`{key}` is set, but `clickhouse.url` is not https: nothing would be encrypted"),
                format!("write https:// in `clickhouse.url` (CLICKHOUSE_URL), or remove `{key}`"),
            ));
        }
    }
    validate_ports(config, problems);
    let retention = &config.retention;
    for (key, kept) in [
        ("retention.events", retention.events.unwrap_or_default()),
        ("retention.addresses", retention.addresses),
        ("retention.payloads", retention.payloads),
    ] {
        if !is_days(kept) {
            problems.push(Problem::new(
                format!("`{key}` is no number of whole days: what was received on one day expires together"),
                "write days, such as `30d`; `0d` is for ever",
            ));
        }
    }
    if !is_identifier(&config.clickhouse.database) {
        problems.push(Problem::new(
            format!(
                "`clickhouse.database`: `{}` cannot name a database",
                config.clickhouse.database
            ),
            "use letters, digits and `_`, and begin with a letter, e.g. `footfall`",
        ));
    }
}

/// HTTPS is whole or not there, and no port of the operator's is public by mistake.
fn validate_ports(config: &Config, problems: &mut Vec<Problem>) {
    let edge = &config.ingest;
    let given = [
        ("ingest.tls_listen", edge.tls_listen.is_some()),
        ("ingest.tls_certificate", edge.tls_certificate.is_some()),
        ("ingest.tls_key", edge.tls_key.is_some()),
    ];
    let (there, missing): (Vec<_>, Vec<_>) = given.into_iter().partition(|(_, given)| *given);
    let names = |list: &[(&str, bool)]| {
        let names: Vec<_> = list.iter().map(|(name, _)| format!("`{name}`")).collect();
        names.join(" and ")
    };
    if !there.is_empty() && !missing.is_empty() {
        problems.push(Problem::new(
            format!(
                "{} without {}: HTTPS takes all three",
                names(&there),
                names(&missing)
            ),
            "set address, certificate and key, or none of them",
        ));
    }
    let operators = [
        ("ingest", edge.admin_listen, edge.admin_exposed),
        (
            "processor",
            config.processor.admin_listen,
            config.processor.admin_exposed,
        ),
    ];
    for (group, address, exposed) in operators {
        if !address.ip().is_loopback() && !exposed {
            problems.push(Problem::new(
                format!("`{group}.admin_listen` is {address}: who reaches that port sees figures and events, without a password"),
                format!(
                    "let it be on 127.0.0.1; or, if only services of yours reach that network, say so: `{group}.admin_exposed = true`"
                ),
            ));
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Config {
    /// Where certificate and key of the HTTPS port lie, where there is one.
    #[must_use]
    pub fn tls_files(&self) -> Option<TlsFiles> {
        Some(TlsFiles {
            certificate: self.in_data(self.ingest.tls_certificate.as_ref()?),
            key: self.in_data(self.ingest.tls_key.as_ref()?),
        })
    }

    /// A path as set, relative ones below the data folder.
    #[must_use]
    pub fn in_data(&self, path: &Path) -> PathBuf {
        self.data.folder.join(path)
    }
}
