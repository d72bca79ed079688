//! An authority and what it signs. Everything is made anew for each test and ends with it.

use crate::TlsError;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};
use time::{Duration, OffsetDateTime};

/// A certificate authority.
pub struct Authority {
    /// Its own certificate, PEM.
    pub pem: String,
    /// What stands behind each certificate that it signs: those up to the root, without it.
    chain: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, PEM; the key is PKCS#8 and not encrypted.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The certificate, and those between it and the root.
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
        Ok(Self {
            pem,
            chain: String::new(),
            issuer,
        })
    }

    /// An authority that this one vouches for; what it signs carries its certificate.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn intermediate(&self, name: &str) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let pem = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Self {
            chain: format!("{pem}{}", self.chain),
            pem,
            issuer: Issuer::new(params, key),
        })
    }

    /// For a server of that name or address, or a client.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn sign(&self, name: &str) -> Result<Signed, TlsError> {
        self.sign_with(name, KeyPair::generate()?, |_| {})
    }

    /// The same, one that was good until yesterday.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn expired(&self, name: &str) -> Result<Signed, TlsError> {
        self.lasting(name, -1)
    }

    /// The same, one that is good for so many days from now.
    ///
    /// # Errors
    /// As [`Authority::new`].
    pub fn lasting(&self, name: &str, days: i64) -> Result<Signed, TlsError> {
        self.sign_with(name, KeyPair::generate()?, |params| {
            params.not_before = OffsetDateTime::now_utc() - Duration::days(30);
            params.not_after = OffsetDateTime::now_utc() + Duration::days(days);
        })
    }

    /// The same, for a key that is there already: PKCS#8, PEM.
    ///
    /// # Errors
    /// As [`Authority::new`], or the key cannot be read.
    pub fn sign_key(&self, name: &str, key: &str) -> Result<Signed, TlsError> {
        self.sign_with(name, KeyPair::from_pem(key)?, |_| {})
    }

    fn sign_with(
        &self,
        name: &str,
        key: KeyPair,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Result<Signed, TlsError> {
        let mut params = CertificateParams::new([name.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, name);
        change(&mut params);
        Ok(Signed {
            chain: format!("{}{}", params.signed_by(&key, &self.issuer)?.pem(), self.chain),
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
