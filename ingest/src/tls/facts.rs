//! What a certificate says of itself: for whom it is, and until when.

use super::{TlsError, unusable};
use std::path::Path;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{CertificateError, Error};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Seconds of a day.
const DAY: i64 = 24 * 3600;
/// A certificate that ends sooner than this is warned about: renewals are usually due 30 days before.
const SOON: i64 = 14 * DAY;

/// The server's own certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Host names and addresses that it is for.
    pub names: Vec<String>,
    /// Its last second, as Unix time: of it or of the one in its chain that ends first.
    pub not_after: i64,
}

impl Certificate {
    pub(super) fn read(chain: &[CertificateDer<'_>], path: &Path) -> Result<Self, TlsError> {
        let mut facts = Self {
            names: Vec::new(),
            not_after: i64::MAX,
        };
        for (at, one) in chain.iter().enumerate() {
            let (_, one) = X509Certificate::from_der(one).map_err(|_| {
                let source = Error::InvalidCertificate(CertificateError::BadEncoding);
                unusable("certificate", path, source)
            })?;
            facts.not_after = facts.not_after.min(one.validity().not_after.timestamp());
            if at == 0 {
                facts.names = names(&one);
            }
        }
        Ok(facts)
    }

    /// Days that are left at that moment (Unix seconds); negative: it has expired.
    #[must_use]
    pub const fn days_left(&self, now: i64) -> i64 {
        self.not_after.saturating_sub(now).div_euclid(DAY)
    }

    /// Whether it has expired, or will within 14 days.
    #[must_use]
    pub const fn ends_soon(&self, now: i64) -> bool {
        self.not_after.saturating_sub(now) < SOON
    }
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = names.value.general_names.iter();
    names
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    let v6 = <[u8; 16]>::try_from(bytes).map(|bytes| std::net::IpAddr::from(bytes).to_string());
    v4.or(v6).ok()
}

#[cfg(test)]
mod tests {
    use super::{Certificate, DAY};

    #[test]
    fn two_weeks_before_its_end_a_certificate_is_warned_about() {
        let certificate = Certificate {
            names: Vec::new(),
            not_after: 100 * DAY,
        };
        for (now, left, soon) in [
            (0, 100, false),
            (86 * DAY, 14, false),
            (86 * DAY + 1, 13, true),
            (100 * DAY + 1, -1, true),
        ] {
            assert_eq!(
                (certificate.days_left(now), certificate.ends_soon(now)),
                (left, soon)
            );
        }
    }
}
