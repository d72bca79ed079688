//! The certificate of the HTTPS port: whether it can be used, for whom it is and for how long.

use super::Findings;
use crate::config::Config;
use crate::up::sockets;
use footfall_ingest::Certificate;
use jiff::Timestamp;

/// Reads certificate and key, if there are any.
pub(super) fn look(config: &Config, findings: &mut Findings) {
    let Some(files) = config.tls_files() else { return };
    match files.check() {
        Ok(certificate) => judge(&certificate, Timestamp::now().as_second(), findings),
        Err(error) => findings.problems.push(sockets::unusable(&error)),
    }
    let plain = config.ingest.listen;
    if !plain.ip().is_loopback() {
        findings.note(format!(
            "ingest.listen: {plain} takes events without encryption beside the HTTPS port; 127.0.0.1 is enough for this machine"
        ));
    }
}

fn judge(certificate: &Certificate, now: i64, findings: &mut Findings) {
    let end = Timestamp::from_second(certificate.not_after).map_or_else(
        |_| "the end of time".to_owned(),
        |end| end.strftime("%F").to_string(),
    );
    let names = certificate.names.join(", ");
    let days = certificate.days_left(now);
    if days < 0 {
        findings.problem(
            format!("the certificate for {names} has expired on {end}: browsers refuse it"),
            "renew it and put certificate and key in the place of the old ones; a running Footfall reads them by itself",
        );
    } else if certificate.ends_soon(now) {
        findings.problem(
            format!("the certificate for {names} expires on {end}, in {days} days"),
            "find out why it was not renewed: usually that is due 30 days before",
        );
    } else {
        findings.good(format!("HTTPS: the certificate is for {names}, until {end}"));
    }
}
