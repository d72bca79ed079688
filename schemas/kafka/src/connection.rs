//! Where the brokers are and how to be let in, as a librdkafka configuration.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rdkafka::ClientConfig;

/// How to reach the brokers. `Connection::plain("kafka:9092")`, and change what differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `host:port`, several with commas.
    pub bootstrap: String,
    /// Encryption; `None`: in the clear.
    pub tls: Option<Tls>,
    /// User and password; `None`: none are asked for.
    pub sasl: Option<Sasl>,
}

/// Certificates, all PEM files. The broker's name is always verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// What the broker's certificate must be signed by; `None`: what the system trusts.
    pub ca: Option<PathBuf>,
    /// Our own certificate, where the broker asks for one.
    pub certificate: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
    /// What the key is encrypted with.
    pub key_password: Option<Secret>,
}

/// Who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sasl {
    /// How the password is proven.
    pub mechanism: Mechanism,
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// How a password is proven. `Plain` sends it: only with TLS, or on a network that one trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// RFC 7677.
    ScramSha256,
    /// The same with SHA-512.
    ScramSha512,
}

impl Mechanism {
    /// Its registered name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::ScramSha256 => "SCRAM-SHA-256",
            Mechanism::ScramSha512 => "SCRAM-SHA-512",
        }
    }

    /// The mechanism of that name, in any case.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Mechanism> {
        let all = [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512];
        all.into_iter()
            .find(|mechanism| mechanism.label().eq_ignore_ascii_case(label))
    }
}

/// A password that no log and no error shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The content of a file, without the line break at its end.
    ///
    /// # Errors
    /// The file cannot be read or is not UTF-8.
    pub fn read(path: &Path) -> io::Result<Secret> {
        let text = std::fs::read_to_string(path)?;
        Ok(Secret(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    fn expose(&self) -> &str {
        &self.0
    }
}

/// Why no client can be made of a [`Connection`].
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// TLS or a password is asked for.
    #[error("cannot use TLS or passwords with Kafka: this program was built without the cargo feature `tls`")]
    NotBuilt,
    /// A certificate without its key, or a key without its certificate.
    #[error("cannot show a certificate to Kafka: it takes both, the certificate and its key")]
    Half,
    /// A file is not there or not readable.
    #[error("cannot read the certificate or key {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Connection {
    /// In the clear, without a password.
    #[must_use]
    pub fn plain(bootstrap: impl Into<String>) -> Connection {
        Connection {
            bootstrap: bootstrap.into(),
            tls: None,
            sasl: None,
        }
    }

    /// Whether a client can be made of it: every file is there, and this build has what is asked for. librdkafka says
    /// neither which file nor which feature.
    ///
    /// # Errors
    /// [`ConnectionError`], at the first thing that is wrong.
    pub fn check(&self) -> Result<(), ConnectionError> {
        if (self.tls.is_some() || self.sasl.is_some()) && !cfg!(feature = "tls") {
            return Err(ConnectionError::NotBuilt);
        }
        let Some(tls) = &self.tls else { return Ok(()) };
        if tls.certificate.is_some() != tls.key.is_some() {
            return Err(ConnectionError::Half);
        }
        for path in [&tls.ca, &tls.certificate, &tls.key].into_iter().flatten() {
            let readable = std::fs::read(path);
            readable.map_err(|source| ConnectionError::File {
                path: path.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// What every client of ours says to librdkafka; producer and consumer add their own. [`Connection::check`] first.
    #[must_use]
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("client.id", "footfall")
            .set("security.protocol", self.protocol())
            // [M] With the default of 10 s a restart of 4 s was missed, and a stall of 80 s came of it.
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "1000")
            .set("retry.backoff.max.ms", "1000")
            // One connection to each broker, held all the time. When it connects only to those that it needs, whoever waits
            // for a broker (DescribeTopics, the search for the coordinator) has it try again at once and without its
            // backoff, and each failure wakes the one who waits: [M] 200 attempts a second and 0.1..0.2 of a core for as
            // long as brokers are gone, instead of 3 and nothing.
            .set("enable.sparse.connections", "false")
            .set("socket.keepalive.enable", "true")
            .set("socket.nagle.disable", "true")
            // A broker that is frozen or cut off is given up after this, not after 60 s and 30 s.
            .set("socket.timeout.ms", "15000")
            .set("socket.connection.setup.timeout.ms", "10000")
            // Idle connections are closed by brokers every few minutes: not worth a line.
            .set("log.connection.close", "false");
        if let Some(tls) = &self.tls {
            tls.add_to(&mut config);
        }
        if let Some(sasl) = &self.sasl {
            config
                .set("sasl.mechanism", sasl.mechanism.label())
                .set("sasl.username", &sasl.user)
                .set("sasl.password", sasl.password.expose());
        }
        config
    }

    fn protocol(&self) -> &'static str {
        match (&self.tls, &self.sasl) {
            (None, None) => "plaintext",
            (Some(_), None) => "ssl",
            (None, Some(_)) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        }
    }
}

impl Tls {
    fn add_to(&self, config: &mut ClientConfig) {
        config.set("ssl.endpoint.identification.algorithm", "https");
        let files = [
            ("ssl.ca.location", &self.ca),
            ("ssl.certificate.location", &self.certificate),
            ("ssl.key.location", &self.key),
        ];
        for (name, path) in files {
            if let Some(path) = path {
                config.set(name, path.to_string_lossy());
            }
        }
        if let Some(password) = &self.key_password {
            config.set("ssl.key.password", password.expose());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_shown() {
        let mut connection = Connection::plain("kafka:9092");
        connection.sasl = Some(Sasl {
            mechanism: Mechanism::ScramSha512,
            user: "edge".to_owned(),
            password: Secret::new("hunter2"),
        });
        connection.tls = Some(Tls {
            key_password: Some(Secret::new("hunter3")),
            ..Tls::default()
        });
        let shown = format!("{connection:?} {:?}", connection.client());
        assert!(!shown.contains("hunter"), "{shown}");
        assert_eq!(connection.client().get("sasl.password"), Some("hunter2"));
        assert_eq!(connection.client().get("security.protocol"), Some("sasl_ssl"));
    }

    #[test]
    fn mechanisms_have_the_registered_names() {
        assert_eq!(
            Mechanism::from_label("scram-sha-256"),
            Some(Mechanism::ScramSha256)
        );
        assert_eq!(Mechanism::from_label("GSSAPI"), None);
    }
}
