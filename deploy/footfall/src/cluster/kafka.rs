//! The `kafka` settings as connection, topic, forwarder and source want them.

use crate::config::Config;
use crate::config::settings::Kafka;
use crate::problem::Problem;
use footfall_topics::{Connection, Mechanism, Sasl, Secret, Tls, TopicSettings};
use std::time::Duration;

/// What every service and command of the cluster needs.
///
/// # Errors
/// No brokers are set, or what is set about them cannot be.
pub fn connection(config: &Config) -> Result<Connection, Problem> {
    let kafka = &config.kafka;
    if kafka.bootstrap_servers.is_empty() {
        return Err(Problem::new(
            "`kafka.bootstrap_servers` is not set: there is nobody to talk to",
            "set it (KAFKA_BOOTSTRAP_SERVERS=kafka-1:9092), or run everything on this machine: `footfall up`",
        ));
    }
    let connection = Connection {
        bootstrap: kafka.bootstrap_servers.clone(),
        tls: tls(kafka),
        sasl: sasl(kafka)?,
    };
    connection.check().map_err(|error| {
        Problem::new(
            error.to_string(),
            "see `kafka.tls`, `kafka.ca`, `kafka.certificate`, `kafka.key` in `footfall config`",
        )
    })?;
    Ok(connection)
}

fn tls(kafka: &Kafka) -> Option<Tls> {
    let files = kafka.ca.is_some() || kafka.certificate.is_some() || kafka.key.is_some();
    (kafka.tls || files).then(|| Tls {
        ca: kafka.ca.clone(),
        certificate: kafka.certificate.clone(),
        key: kafka.key.clone(),
        key_password: kafka
            .key_password
            .as_ref()
            .map(|secret| Secret::new(secret.0.trim_end())),
    })
}

fn sasl(kafka: &Kafka) -> Result<Option<Sasl>, Problem> {
    if kafka.mechanism.is_empty() {
        if kafka.user.is_empty() {
            return Ok(None);
        }
        return Err(Problem::new(
            "`kafka.user` is set, but not how to log in",
            "set `kafka.mechanism` to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
        ));
    }
    let mechanism = Mechanism::from_label(&kafka.mechanism).ok_or_else(|| {
        Problem::new(
            format!("`kafka.mechanism`: `{}` is not known", kafka.mechanism),
            "use PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
        )
    })?;
    Ok(Some(Sasl {
        mechanism,
        user: kafka.user.clone(),
        password: Secret::new(kafka.password.0.trim_end()),
    }))
}

/// What the topic should be.
#[must_use]
pub fn topic(config: &Config) -> TopicSettings {
    TopicSettings {
        name: config.kafka.topic.clone(),
        partitions: config.kafka.partitions,
        replication: config.kafka.replication,
        min_insync: config.kafka.min_insync,
        retention: config.kafka.retention,
        segment: None,
    }
}

/// What the topic of salts should be. Nodes delete each salt when its time is over; the retention is for the case that
/// none does, and files are closed after an hour so that a day's salt can be deleted with its file.
#[must_use]
pub fn salts_topic(config: &Config) -> TopicSettings {
    TopicSettings {
        name: config.kafka.salts_topic.clone(),
        partitions: footfall_forward::SALT_PARTITIONS,
        retention: Duration::from_secs(72 * 3600),
        segment: Some(Duration::from_secs(3600)),
        ..topic(config)
    }
}

/// How the log is forwarded.
///
/// # Errors
/// As [`connection`].
pub fn forwarder(config: &Config) -> Result<footfall_forward::Config, Problem> {
    Ok(footfall_forward::Config {
        topic: config.kafka.topic.clone(),
        flush: config.shutdown.deadline / 4,
        ..footfall_forward::Config::new(connection(config)?)
    })
}

/// How the topic is read.
///
/// # Errors
/// As [`connection`].
pub fn source(config: &Config) -> Result<footfall_kafka::Settings, Problem> {
    let (topic, group) = (&config.kafka.topic, &config.kafka.group);
    let mut settings = footfall_kafka::Settings::new(connection(config)?, topic, group);
    settings.buffer_bytes = usize::try_from(config.kafka.buffer.0).unwrap_or(usize::MAX);
    Ok(settings)
}
