//! How many connections there may be: in total, and of one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// As many as all together may have.
    Total,
    /// As many as one address may have.
    Address,
}

struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The permits of one listener.
#[derive(Clone)]
pub(crate) struct Permits {
    counts: Arc<Mutex<Counts>>,
    most: usize,
    most_of_one: usize,
}

impl Permits {
    pub(crate) fn new(most: usize, most_of_one: usize) -> Self {
        let counts = Counts {
            total: 0,
            by_address: HashMap::new(),
        };
        Self {
            counts: Arc::new(Mutex::new(counts)),
            most,
            most_of_one,
        }
    }

    /// A permit for a connection from `peer`; `exempt`: it is a proxy that speaks for many.
    pub(super) fn take(&self, peer: IpAddr, exempt: bool) -> Result<Permit, Refused> {
        let address = (!exempt).then(|| subscriber(peer));
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= self.most {
            return Err(Refused::Total);
        }
        if let Some(address) = address {
            let of_one = counts.by_address.entry(address).or_default();
            if *of_one >= self.most_of_one {
                return Err(Refused::Address);
            }
            *of_one += 1;
        }
        counts.total += 1;
        Ok(Permit {
            permits: self.clone(),
            address,
        })
    }
}

/// What one subscriber usually has to itself: an IPv4 address, an IPv6 /64.
fn subscriber(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// One connection's permit, given back when dropped.
pub(super) struct Permit {
    permits: Permits,
    address: Option<IpAddr>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.permits.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        let Some(address) = self.address else { return };
        if let Some(of_one) = counts.by_address.get_mut(&address) {
            *of_one -= 1;
            if *of_one == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Permits, Refused};

    #[test]
    fn permits_are_counted_in_total_and_by_address() {
        let permits = Permits::new(4, 2);
        let take = |ip: &str, exempt| permits.take(ip.parse().unwrap(), exempt);
        let a = take("203.0.113.1", false).unwrap();
        let _b = take("203.0.113.1", false).unwrap();
        assert_eq!(take("203.0.113.1", false).err(), Some(Refused::Address));
        let _c = take("2001:db8::1", false).unwrap();
        let d = take("2001:db8::2", false).unwrap();
        assert_eq!(take("203.0.113.9", false).err(), Some(Refused::Total));
        drop(d);
        let _e = take("203.0.113.1", true).unwrap();
        drop(a);
        let _f = take("203.0.113.1", false).unwrap();
        assert_eq!(permits.counts.lock().unwrap().by_address.len(), 2);
    }
}
