//! A short keyed hash of network and user agent, kept in the cookie: tells that a session goes on from elsewhere.

use super::key::Key;
use crate::address::network;
use std::hash::Hasher as _;
use std::net::IpAddr;

/// 32 bits each: enough to see a change, too few to find an address by trying, without the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Fingerprint {
    /// Of the /24 or /48.
    pub(crate) network: u32,
    /// Of the user agent.
    pub(crate) agent: u32,
}

impl Fingerprint {
    pub(crate) fn of(key: &Key, ip: IpAddr, user_agent: &str) -> Self {
        Self {
            network: match network(ip) {
                IpAddr::V4(v4) => short(key, &v4.octets()),
                IpAddr::V6(v6) => short(key, &v6.octets()),
            },
            agent: short(key, user_agent.as_bytes()),
        }
    }
}

fn short(key: &Key, bytes: &[u8]) -> u32 {
    let mut hasher = key.short;
    hasher.write(bytes);
    u32::try_from(hasher.finish() >> 32).unwrap_or(0)
}
