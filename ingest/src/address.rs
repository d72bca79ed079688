//! What is kept of an address under the site's policy: decided here, before the log, so that nothing else can leak.

use crate::secret::{self, Secret};
use crate::sites::IpPolicy;
use hmac::Mac;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use zeroize::Zeroizing;

/// The text that is stored for `ip`; `salt` is asked only by the policy that needs it. Without one nothing is stored.
pub(crate) fn keep(ip: IpAddr, policy: IpPolicy, salt: impl FnOnce() -> Option<Zeroizing<Secret>>) -> String {
    match policy {
        IpPolicy::Truncate => network(ip).to_string(),
        IpPolicy::Full => ip.to_string(),
        IpPolicy::Hash => salt().map_or_else(String::new, |salt| hash(ip, &salt)),
        IpPolicy::None => String::new(),
    }
}

/// The /24 of an IPv4 address, the /48 of an IPv6 one.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & 0xFFFF_FF00).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 80)).into(),
    }
}

/// The first 16 bytes of a keyed hash, as hex.
fn hash(ip: IpAddr, salt: &Secret) -> String {
    let mut mac = secret::keyed(salt);
    match ip {
        IpAddr::V4(v4) => mac.update(&v4.octets()),
        IpAddr::V6(v6) => mac.update(&v6.octets()),
    }
    secret::to_hex(&mac.finalize().into_bytes()[..16])
}

#[cfg(test)]
mod tests {
    use super::keep;
    use crate::sites::IpPolicy;

    fn kept(ip: &str, policy: IpPolicy) -> String {
        keep(ip.parse().unwrap(), policy, || Some([7; 32].into()))
    }

    #[test]
    fn a_policy_keeps_what_it_says() {
        assert_eq!(kept("203.0.113.77", IpPolicy::Truncate), "203.0.113.0");
        assert_eq!(kept("2001:db8:1:2:3:4:5:6", IpPolicy::Truncate), "2001:db8:1::");
        assert_eq!(kept("203.0.113.77", IpPolicy::Full), "203.0.113.77");
        assert_eq!(kept("203.0.113.77", IpPolicy::None), "");
        let hash = kept("203.0.113.77", IpPolicy::Hash);
        assert_eq!(hash.len(), 32);
        assert_ne!(hash, kept("203.0.113.78", IpPolicy::Hash));
    }
}
