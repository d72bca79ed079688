//! The address of the log as the two columns `ip` and `ip_hash`.

use std::net::{IpAddr, Ipv6Addr};

/// Splits `Event.ip` into the columns `ip` and `ip_hash`: an address or prefix becomes the first (IPv4 mapped), any
/// other text (the keyed hash) the second, empty text (policy `none`) neither.
#[must_use]
pub fn address_columns(ip: &str) -> (Ipv6Addr, &str) {
    match ip.parse() {
        Ok(IpAddr::V4(address)) => (address.to_ipv6_mapped(), ""),
        Ok(IpAddr::V6(address)) => (address, ""),
        Err(_) => (Ipv6Addr::UNSPECIFIED, ip),
    }
}

#[cfg(test)]
mod tests {
    use super::address_columns;

    #[test]
    fn every_policy_has_its_column() {
        for (ip, address, hash) in [
            ("203.0.113.0", "::ffff:203.0.113.0", ""),
            ("2001:db8:1::", "2001:db8:1::", ""),
            ("9f86d081884c7d65", "::", "9f86d081884c7d65"),
            ("", "::", ""),
        ] {
            let columns = address_columns(ip);
            assert_eq!((columns.0.to_string().as_str(), columns.1), (address, hash));
        }
    }
}
