//! What is wrong between us and the server, in one line that names cause and remedy.
//!
//! TLS, hyper, hyper's pool and the `clickhouse` crate wrap each other's errors. [`Server::trouble`] looks through all of
//! them for the one that an operator can do something about.

use super::Server;
use super::connect::Connector;
use std::error::Error;
use std::fmt::Write as _;
use std::io;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as TlsError};

/// One line for the operator. Its `Display` is `what; remedy`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {remedy}")]
pub struct Trouble {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Trouble {
    fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
        }
    }
}

impl Server {
    /// What an error on the way to this server means, if it is one that an operator can do something about.
    #[must_use]
    pub fn trouble(&self, error: &(dyn Error + 'static)) -> Option<Trouble> {
        self.connector()
            .trouble(error)
            .or_else(|| self.not_let_in(&whole(error)))
    }

    /// [`Server::trouble`], or the error with its causes: one line in any case.
    #[must_use]
    pub fn explain(&self, error: &(dyn Error + 'static)) -> String {
        self.trouble(error)
            .map_or_else(|| whole(error), |trouble| trouble.to_string())
    }

    /// [`Server::trouble`] with one more look where a connection just ended: plain HTTP may have met a port that is
    /// encrypted, and a server that does not want our certificate says so only after the handshake.
    pub async fn diagnose(&self, error: &(dyn Error + 'static)) -> Option<Trouble> {
        let (trouble, connector) = (self.trouble(error), self.connector());
        if trouble.is_some() || !is_broken(error) {
            return trouble;
        }
        if connector.trust().is_some() {
            let refusal = connector.refusal().await?;
            return connector.trouble(&refusal);
        }
        connector.speaks_tls().await.then(|| encrypted(connector))
    }

    /// ClickHouse's words for a wrong user or password: 516, in old servers 192 to 194.
    #[must_use]
    pub fn not_let_in(&self, said: &str) -> Option<Trouble> {
        let codes = [
            "Code: 516",
            "Code: 194",
            "Code: 193",
            "Code: 192",
            "AUTHENTICATION_FAILED",
        ];
        codes.iter().any(|code| said.contains(code)).then(|| {
            Trouble::new(
                format!(
                    "ClickHouse at {} does not let user `{}` in: wrong password, or no such user",
                    self.address(),
                    self.user
                ),
                "correct CLICKHOUSE_USER and CLICKHOUSE_PASSWORD (or the file of CLICKHOUSE_PASSWORD_FILE) and start again: \
                    they are read at the start",
            )
        })
    }
}

impl Connector {
    /// As [`Server::trouble`], for what concerns the connection alone.
    #[must_use]
    pub fn trouble(&self, error: &(dyn Error + 'static)) -> Option<Trouble> {
        chain(error).find_map(|error| {
            if let Some(trouble) = error.downcast_ref::<Trouble>() {
                return Some(trouble.clone());
            }
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return beneath(error).map(|error| encryption(self, error));
            }
            let error = error.downcast_ref::<hyper::Error>()?;
            error.is_parse().then(|| no_http(self))
        })
    }
}

/// An error and its causes.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

/// The trouble in a chain, or the chain as one line: for whoever has an error and no server at hand.
pub(crate) fn plainly(error: &(dyn Error + 'static)) -> String {
    chain(error)
        .find_map(|error| error.downcast_ref::<Trouble>())
        .map_or_else(|| whole(error), ToString::to_string)
}

/// The chain as one line; a cause that its wrapper has said already is not said again.
fn whole(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in chain(error).skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            // Writing into a string cannot fail.
            _ = write!(text, ": {cause}");
        }
    }
    text.lines().next().unwrap_or_default().to_owned()
}

/// The TLS library's own error in an I/O error.
fn beneath(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

/// Whether the peer of a handshake speaks TLS, although it did not come to an end.
pub(super) fn is_tls(error: &io::Error) -> bool {
    beneath(error).is_some_and(|error| !matches!(error, TlsError::InvalidMessage(_)))
}

/// The connection ended before an answer did.
fn is_broken(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|error| {
        error.is::<hyper::Error>()
            || error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
    })
}

pub(super) fn unreachable(connector: &Connector, error: &io::Error) -> Trouble {
    Trouble::new(
        format!("cannot connect to {}: {error}", connector.address()),
        "start what should listen there, or correct host and port (CLICKHOUSE_URL; its HTTP interface listens on 8123 \
            by default, https on 8443)",
    )
}

pub(super) fn handshake(connector: &Connector, error: &io::Error) -> Trouble {
    match beneath(error) {
        Some(error) => encryption(connector, error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => plain(connector, "it hung up when TLS began"),
        None => plain(connector, &error.to_string()),
    }
}

fn plain(connector: &Connector, why: &str) -> Trouble {
    Trouble::new(
        format!("no TLS with {}: {why}", connector.address()),
        "write http:// if that port is not encrypted, or take the port that is (8443 by default): CLICKHOUSE_URL",
    )
}

fn encrypted(connector: &Connector) -> Trouble {
    Trouble::new(
        format!(
            "what answers at {} speaks TLS, not plain HTTP",
            connector.address()
        ),
        "write https:// instead of http:// (CLICKHOUSE_URL)",
    )
}

fn no_http(connector: &Connector) -> Trouble {
    if connector.trust().is_none() {
        // A TLS server's alert is no HTTP; so is the native protocol of port 9000.
        return Trouble::new(
            format!(
                "what answers at {} does not speak plain HTTP",
                connector.address()
            ),
            "write https:// if that port is encrypted, or take the port of ClickHouse's HTTP interface (8123 by default, \
                9000 is the native one): CLICKHOUSE_URL",
        );
    }
    Trouble::new(
        format!("what answers at {} does not speak HTTP", connector.address()),
        "take the port of ClickHouse's https interface (8443 by default, 9440 is the native one): CLICKHOUSE_URL",
    )
}

fn encryption(connector: &Connector, error: &TlsError) -> Trouble {
    match error {
        TlsError::InvalidCertificate(error) => certificate(connector, error),
        TlsError::InvalidMessage(_) => plain(connector, "what answers there does not speak it"),
        TlsError::AlertReceived(alert) => refused(connector, *alert),
        other => Trouble::new(
            format!("no TLS with {}: {other}", connector.address()),
            "look at the TLS settings of that server: version 1.2 or 1.3 is needed",
        ),
    }
}

/// The server's certificate is not one that we believe.
fn certificate(connector: &Connector, error: &CertificateError) -> Trouble {
    let ca = connector.trust().and_then(|trust| trust.files.ca.as_ref());
    let (why, remedy) = match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => match ca {
            Some(path) => (
                format!("is not signed by the authority in {}", path.display()),
                "name the certificate of the authority that signed it: `clickhouse.ca`",
            ),
            None => (
                "is not signed by an authority that this system trusts".to_owned(),
                "name the certificate of the authority that signed it: `clickhouse.ca`",
            ),
        },
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "has expired".to_owned(),
            "renew that server's certificate (or is the clock of this machine wrong?)",
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "is not valid yet".to_owned(),
            "wait, or set the clock of this machine right",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            named(error, &connector.address().host),
            "write the name that stands in the certificate (CLICKHOUSE_URL), or have it made for this one too",
        ),
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => (
            "is an authority's own".to_owned(),
            "give that server a certificate that is signed by the authority (basicConstraints CA:FALSE)",
        ),
        other => (
            format!("is refused: {other}"),
            "give that server a certificate that is valid",
        ),
    };
    Trouble::new(
        format!("no TLS with {}: its certificate {why}", connector.address()),
        remedy,
    )
}

fn named(error: &CertificateError, host: &str) -> String {
    match error {
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            // `DnsName("db.example")`.
            let inner = |name: &String| {
                let inner = name.split_once('(').map_or(name.as_str(), |(_, inner)| inner);
                inner.trim_matches(['(', ')', '"']).to_owned()
            };
            let names: Vec<_> = presented.iter().map(inner).collect();
            format!("is for {}, not for {host}", names.join(", "))
        }
        _ => format!("is not for {host}"),
    }
}

/// The server does not want us. With TLS 1.3 that comes only with the first answer.
fn refused(connector: &Connector, alert: AlertDescription) -> Trouble {
    let (at, has_own) = (
        connector.address(),
        connector
            .trust()
            .is_some_and(|trust| trust.files.certificate.is_some()),
    );
    match alert {
        AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure if !has_own => {
            Trouble::new(
                format!("no TLS with {at}: it asks for a certificate of ours, and none is set"),
                "set `clickhouse.certificate` and `clickhouse.key`",
            )
        }
        alert if has_own => Trouble::new(
            format!("no TLS with {at}: it refuses our certificate ({alert:?})"),
            "have `clickhouse.certificate` signed by an authority that the server trusts, and see that it has not expired",
        ),
        alert => Trouble::new(
            format!("no TLS with {at}: it refuses the connection ({alert:?})"),
            "look at that server's log; if it asks for a certificate, set `clickhouse.certificate` and `clickhouse.key`",
        ),
    }
}
