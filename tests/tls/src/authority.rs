//! An authority and what it signs. Everything is made anew for each test and ends with it.

use crate::TlsError;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};

/// A certificate authority.
pub struct Authority {
    /// Its own certificate, PEM.
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, PEM; the key is PKCS#8 and not encrypted.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The certificate.
    pub chain: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// An authority of that name.
    ///
    /// # Errors
    /// No certificate can be made.
    pub fn new(name: &str) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let pem = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);
        Ok(Self { pem, issuer })
    }

    /// For a server of that name or address, or a client.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn sign(&self, name: &str) -> Result<Signed, TlsError> {
        self.sign_with(name, |_| {})
    }

    /// The same, one that was good until yesterday.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn expired(&self, name: &str) -> Result<Signed, TlsError> {
        self.sign_with(name, |params| {
            params.not_before = OffsetDateTime::now_utc() - Duration::days(30);
            params.not_after = OffsetDateTime::now_utc() - Duration::days(1);
        })
    }

    fn sign_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Result<Signed, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        Ok(Signed {
            chain: params.signed_by(&key, &self.issuer)?.pem(),
            key: key.serialize_pem(),
        })
    }

    /// Writes its certificate into a folder and gives the path.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Result<PathBuf, TlsError> {
        write(folder, name, &self.pem)
    }
}

impl Signed {
    /// Writes certificate and key into a folder, `<name>.pem` and `<name>.key`, and gives the paths.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> Result<(PathBuf, PathBuf), TlsError> {
        Ok((
            write(folder, &format!("{name}.pem"), &self.chain)?,
            write(folder, &format!("{name}.key"), &self.key)?,
        ))
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, TlsError> {
    let path = folder.join(name);
    std::fs::write(&path, text)?;
    Ok(path)
}
