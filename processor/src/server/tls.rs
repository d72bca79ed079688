//! The files by which we are sure of the server, and it of us. The server's name is always verified.

use rustls_native_certs::load_native_certs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

/// Certificates and key, all PEM. Nothing set: what the system trusts, and no certificate of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// What the server's certificate must be signed by; `None`: what the system trusts.
    pub ca: Option<PathBuf>,
    /// Our own certificate and those that signed it, where the server asks for one; with `key`.
    pub certificate: Option<PathBuf>,
    /// Its private key, not encrypted.
    pub key: Option<PathBuf>,
}

/// Why no encrypted connection can be made of a [`Tls`].
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate without its key, or a key without its certificate.
    #[error("cannot show a certificate to ClickHouse: it takes both, the certificate and its key")]
    Half,
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
    /// No file was named and the system has none.
    #[error("cannot know which servers to trust: this system has no certificates of authorities")]
    NoRoots,
    /// Certificate and key do not fit each other, or are of a kind that is not supported.
    #[error("cannot use our certificate for ClickHouse: {0}")]
    Unusable(#[from] Error),
}

impl TlsError {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Half => "set both, `clickhouse.certificate` and `clickhouse.key`, or neither".to_owned(),
            Self::File { .. } => "correct the path, or make the file readable for this user; it must be PEM, a key not \
                encrypted (`openssl pkey` decrypts one)"
                .to_owned(),
            Self::NoRoots => "install them (Debian: `apt-get install ca-certificates`), or name the authority's \
                certificate: `clickhouse.ca`"
                .to_owned(),
            Self::Unusable(_) => {
                "let `clickhouse.key` be the key of `clickhouse.certificate`; RSA, ECDSA (P-256, P-384) and Ed25519 \
                    will do"
                    .to_owned()
            }
        }
    }
}

impl Tls {
    /// Reads the files.
    pub(super) fn read(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let roots = match &self.ca {
            Some(path) => own(path)?,
            None => systems()?,
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let config = match (&self.certificate, &self.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(certificate), Some(key)) => {
                let key =
                    PrivateKeyDer::from_pem_file(key).map_err(|error| file("private key", key, error))?;
                builder.with_client_auth_cert(chain(certificate)?, key)?
            }
            _ => return Err(TlsError::Half),
        };
        Ok(Arc::new(config))
    }
}

fn own(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(path)? {
        roots.add(certificate).map_err(|error| TlsError::File {
            what: "certificate",
            path: path.to_owned(),
            why: error.to_string(),
        })?;
    }
    Ok(roots)
}

/// Single ones that cannot be read are passed over: distributions ship some.
fn systems() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(load_native_certs().certs);
    if added == 0 {
        Err(TlsError::NoRoots)
    } else {
        Ok(roots)
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
