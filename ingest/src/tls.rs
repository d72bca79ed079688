//! Certificate and key of the port that speaks TLS: read, compared with each other, and replaced while in use.
//!
//! 1. [`TlsFiles::read`] reads a pair and says of what is wrong which file and why;
//! 2. [`Pair`] is what handshakes show; `watch` replaces it when the files change, and keeps the old one if they are no good;
//! 3. [`Pair::server`] is the rest of the agreement: TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only,
//!    HTTP/2 where the client knows it.
//!
//! Handshakes themselves are in `server/secure`.

mod facts;
mod watch;

pub use facts::Certificate;

use arc_swap::ArcSwap;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, ServerConfig};
use watch::Mark;

/// Where certificate and key lie, both PEM. Whoever renews them replaces the files; they are watched.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The server's own certificate, and behind it those that signed it.
    pub certificate: PathBuf,
    /// The private key of the first certificate, not encrypted: RSA, ECDSA (P-256, P-384) or Ed25519.
    pub key: PathBuf,
}

/// Why a pair of files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there, not readable, or has nothing of its kind in it.
    #[error("cannot read the {what} in {}: {why}", path.display())]
    File {
        /// What it should hold.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// The operating system's answer, or what the file lacks.
        why: String,
    },
    /// Each is well, but they do not belong together.
    #[error("the key in {} does not fit the certificate in {}", files.key.display(), files.certificate.display())]
    Mismatch {
        /// The pair.
        files: TlsFiles,
    },
    /// The key belongs to a certificate that is not the first of its file.
    #[error("the first certificate in {} is not the server's own: the key fits number {number}", path.display())]
    Order {
        /// The file of certificates.
        path: PathBuf,
        /// The certificate that the key fits, counted from 1.
        number: usize,
    },
    /// A kind of key or certificate that is not supported.
    #[error("cannot use the {what} in {}: {source}", path.display())]
    Unusable {
        /// Key or certificate.
        what: &'static str,
        /// Its file.
        path: PathBuf,
        /// What TLS says.
        source: Error,
    },
}

impl TlsError {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::File { .. } => {
                "correct the path, or make the file readable for this user; it must be PEM, the key not encrypted (`openssl \
                 pkey` decrypts one)"
            }
            Self::Mismatch { .. } => {
                "let both be of one issue: whoever renews a certificate may make a new key"
            }
            Self::Order { .. } => {
                "put the server's own certificate first, and those that signed it behind it"
            }
            Self::Unusable { .. } => "make a key of RSA (2048 bits or more), ECDSA (P-256, P-384) or Ed25519",
        }
    }
}

impl TlsFiles {
    /// Reads both files and compares them. Gives what the certificate says of itself.
    ///
    /// # Errors
    /// What is wrong with which of them. A certificate that has expired can be used, and says so.
    pub fn check(&self) -> Result<Certificate, TlsError> {
        self.read().map(|(_, facts)| facts)
    }

    fn read(&self) -> Result<(CertifiedKey, Certificate), TlsError> {
        let chain = chain(&self.certificate)?;
        let key =
            PrivateKeyDer::from_pem_file(&self.key).map_err(|error| file("private key", &self.key, error))?;
        let key = ring::default_provider()
            .key_provider
            .load_private_key(key)
            .map_err(|source| unusable("private key", &self.key, source))?;
        let facts = Certificate::read(&chain, &self.certificate)?;
        let fits = |leaf: &CertificateDer<'static>| {
            CertifiedKey::new(vec![leaf.clone()], Arc::clone(&key)).keys_match()
        };
        match chain.iter().position(|one| fits(one).is_ok()) {
            Some(0) => Ok((CertifiedKey::new(chain, key), facts)),
            Some(at) => Err(TlsError::Order {
                path: self.certificate.clone(),
                number: at + 1,
            }),
            None => Err(self.misfit(chain.first().map(fits))),
        }
    }

    fn misfit(&self, first: Option<Result<(), Error>>) -> TlsError {
        match first {
            Some(Err(source @ Error::InvalidCertificate(_))) => {
                unusable("certificate", &self.certificate, source)
            }
            _ => TlsError::Mismatch { files: self.clone() },
        }
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |error| file("certificate", path, error);
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(failed)?.collect();
    let read = read.map_err(failed)?;
    if read.is_empty() {
        return Err(failed(pem::Error::NoItemsFound));
    }
    Ok(read)
}

fn file(what: &'static str, path: &Path, error: pem::Error) -> TlsError {
    TlsError::File {
        what,
        path: path.to_owned(),
        why: match error {
            pem::Error::Io(error) => error.to_string(),
            pem::Error::NoItemsFound => format!("there is no {what} in it"),
            other => format!("it is not PEM ({other})"),
        },
    }
}

fn unusable(what: &'static str, path: &Path, source: Error) -> TlsError {
    TlsError::Unusable {
        what,
        path: path.to_owned(),
        source,
    }
}

/// The pair that handshakes show at this moment.
pub(crate) struct Pair {
    files: TlsFiles,
    /// The files as they were before they were read for the first time.
    opened: [Mark; 2],
    shown: ArcSwap<CertifiedKey>,
    facts: ArcSwap<Certificate>,
}

impl Pair {
    /// Reads the files for the first time.
    pub(crate) fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let opened = watch::marks(&files);
        let (shown, facts) = files.read()?;
        Ok(Self {
            opened,
            shown: ArcSwap::from_pointee(shown),
            facts: ArcSwap::from_pointee(facts),
            files,
        })
    }

    /// What the certificate in use says of itself.
    pub(crate) fn facts(&self) -> Arc<Certificate> {
        self.facts.load_full()
    }

    /// What every handshake agrees on.
    pub(crate) fn server(self: &Arc<Self>) -> Result<TlsAcceptor, Error> {
        let shown: Arc<dyn ResolvesServerCert> = Arc::clone(self) as _;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(shown);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Who comes back needs no second full handshake; the keys of the tickets live in memory and change every few hours.
        config.ticketer = ring::Ticketer::new()?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Pair {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.load_full())
    }
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}
