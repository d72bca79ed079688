//! Networks of data centres, where programs run and people rarely sit: `processor/data/networks/data_centres.txt`, and a
//! file of the operator's in the same form: a network in CIDR notation or the number of one (`AS24940`) a line.
//!
//! Addresses are looked up as the log has them. Under the policy `truncate` that is their network of 24 (48) bits, so that
//! a smaller network on the list is met only where it begins.

use crate::enrich::broken::{Broken, lines};
use ipnet::IpNet;
use rustc_hash::FxHashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, LazyLock};

/// The list that is built in.
pub const BUILTIN: &[u8] = include_bytes!("../../../data/networks/data_centres.txt");

/// A set of networks.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Networks {
    /// First and last address, IPv4 as mapped IPv6; sorted, apart from each other.
    ranges: Vec<(u128, u128)>,
    /// Numbers of autonomous systems.
    systems: FxHashSet<u32>,
}

impl Networks {
    /// The built-in list.
    #[expect(
        clippy::expect_used,
        reason = "it is part of the program, and a test reads it"
    )]
    #[must_use]
    pub fn builtin() -> Arc<Self> {
        static LIST: LazyLock<Arc<Networks>> = LazyLock::new(|| {
            Arc::new(Networks::from_text(&[BUILTIN]).expect("the built-in list of networks is right"))
        });
        LIST.clone()
    }

    /// Reads lists into one set. What follows the network on its line is a comment, as is everything behind `#`.
    ///
    /// # Errors
    /// One is no text, cut off or empty, or a line does not begin with a network.
    pub fn from_text(texts: &[&[u8]]) -> Result<Self, Broken> {
        let (mut ranges, mut systems) = (Vec::new(), FxHashSet::default());
        for text in texts {
            for (number, line) in lines(text)? {
                let word = line.split([' ', '\t', ',', '#']).next().unwrap_or_default();
                let system = word.strip_prefix("AS").and_then(|digits| digits.parse().ok());
                match (system, word.parse::<IpNet>()) {
                    (Some(system), _) => drop(systems.insert(system)),
                    (None, Ok(network)) => ranges.push(range(network)),
                    (None, Err(why)) => {
                        return Err(Broken::Entry {
                            place: format!("line {number}"),
                            why: format!(
                                "read {word:?} as a network (203.0.113.0/24, 2001:db8::/32, AS64496): {why}"
                            ),
                        });
                    }
                }
            }
        }
        Ok(Self {
            ranges: merge(ranges),
            systems,
        })
    }

    /// Whether an address (IPv4 mapped) or the network that it is known to be of is on the list. 0: not known.
    #[must_use]
    pub fn has(&self, address: Ipv6Addr, system: u32) -> bool {
        let address = u128::from(address);
        let after = self.ranges.partition_point(|(first, _)| *first <= address);
        let listed = after > 0 && self.ranges[after - 1].1 >= address;
        listed || (system != 0 && self.systems.contains(&system))
    }
}

fn range(network: IpNet) -> (u128, u128) {
    let number = |address: IpAddr| match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    };
    (number(network.network()), number(network.broadcast()))
}

/// Sorted, and those that touch or overlap made one.
fn merge(mut ranges: Vec<(u128, u128)>) -> Vec<(u128, u128)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => merged.push((first, last)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::Networks;
    use std::net::Ipv6Addr;

    fn address(text: &str) -> Ipv6Addr {
        match text.parse().unwrap() {
            std::net::IpAddr::V4(address) => address.to_ipv6_mapped(),
            std::net::IpAddr::V6(address) => address,
        }
    }

    #[test]
    fn addresses_are_found_by_their_network_and_by_its_number() {
        let list = b"# ours\n198.51.100.0/25 Example\n198.51.100.128/25\n2001:db8::/32, more\nAS64496 # Example\n10.0.0.0/8\n10.1.0.0/16\n";
        let networks = Networks::from_text(&[list]).unwrap();
        assert_eq!(networks.ranges.len(), 3);
        for inside in [
            "198.51.100.0",
            "198.51.100.255",
            "2001:db8:ffff::1",
            "10.2.0.0",
            "10.0.0.0",
            "10.255.255.255",
        ] {
            assert!(networks.has(address(inside), 0), "{inside}");
        }
        for outside in [
            "198.51.99.255",
            "198.51.101.0",
            "2001:db9::",
            "::",
            "11.0.0.0",
            "9.255.255.255",
            "::198.51.100.0",
        ] {
            assert!(!networks.has(address(outside), 0), "{outside}");
        }
        assert!(networks.has(address("::"), 64496));
        assert!(!networks.has(address("::"), 64497));
    }

    #[test]
    fn a_broken_line_is_named() {
        let why = |text: &[u8]| Networks::from_text(&[text]).unwrap_err().to_string();
        assert!(why(b"10.0.0.0/8\n10.0.0.0/33\n").starts_with("line 2: read \"10.0.0.0/33\" as a network"));
        assert!(why(b"ASX\n").starts_with("line 1"));
        assert!(why(b"10.0.0.0/2").contains("cut off"));
    }

    #[test]
    fn the_built_in_list_is_read_and_knows_no_private_network() {
        let networks = Networks::builtin();
        assert!(networks.ranges.len() > 50 && networks.systems.len() > 20);
        for outside in ["10.0.0.1", "192.168.1.1", "127.0.0.1", "::", "::1", "203.0.113.0"] {
            assert!(!networks.has(address(outside), 0), "{outside}");
        }
    }
}
