//! Whoever guesses has to wait: after a few failures of an address each further one doubles the pause.

use crate::refusal::Refusal;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Failures that cost nothing: people mistype.
const FREE: u32 = 4;
/// The first pause, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));
/// An address that was quiet for so long is forgotten.
const FORGET: Duration = Duration::from_secs(900);
/// Addresses that are remembered. When there are more, strangers share one account: many addresses guess together.
const ADDRESSES: usize = 10_000;

#[derive(Debug)]
struct Account {
    failures: u32,
    until: Instant,
}

/// The accounts of addresses; IPv6 by /64.
#[derive(Debug, Default)]
pub(crate) struct Slow(Mutex<HashMap<IpAddr, Account>>);

impl Slow {
    /// A refusal while the address has to wait.
    pub(crate) fn may_try(&self, peer: IpAddr) -> Result<(), Refusal> {
        let accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = accounts.get(&place(&accounts, peer)).map(|account| account.until);
        let left = until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        });
        if left.is_zero() {
            return Ok(());
        }
        Err(Refusal::TooManyAttempts(left.as_secs() + 1))
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, peer: IpAddr) {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        accounts.retain(|_, account| now.saturating_duration_since(account.until) < FORGET);
        let place = place(&accounts, peer);
        let account = accounts.entry(place).or_insert(Account {
            failures: 0,
            until: now,
        });
        account.failures = account.failures.saturating_add(1);
        let over = account.failures.saturating_sub(FREE);
        if over > 0 {
            let pause = PAUSE.0.saturating_mul(1 << (over - 1).min(16));
            account.until = now + pause.min(PAUSE.1);
        }
    }

    /// Forgets the failures of somebody who was right.
    pub(crate) fn passed(&self, peer: IpAddr) {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = place(&accounts, peer);
        if !place.is_unspecified() {
            accounts.remove(&place);
        }
    }
}

fn place(accounts: &HashMap<IpAddr, Account>, peer: IpAddr) -> IpAddr {
    let place = match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    };
    if accounts.len() >= ADDRESSES && !accounts.contains_key(&place) {
        return Ipv6Addr::UNSPECIFIED.into();
    }
    place
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES, FREE, Slow};
    use crate::refusal::Refusal;
    use std::net::{IpAddr, Ipv4Addr};

    const GUESSER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn guessing_becomes_slower_and_slower() {
        let slow = Slow::default();
        for _ in 0..FREE {
            slow.failed(GUESSER);
            assert_eq!(slow.may_try(GUESSER), Ok(()));
        }
        let mut waits = Vec::new();
        for _ in 0..4 {
            slow.failed(GUESSER);
            let Err(Refusal::TooManyAttempts(seconds)) = slow.may_try(GUESSER) else {
                panic!("no wait")
            };
            waits.push(seconds);
        }
        assert_eq!(waits, [1, 2, 4, 8]);
        assert_eq!(
            slow.may_try(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            Ok(()),
            "others do not wait"
        );
    }

    #[test]
    fn many_addresses_are_slowed_together() {
        let slow = Slow::default();
        for number in 0..u32::try_from(ADDRESSES).unwrap() + 2 * FREE {
            slow.failed(IpAddr::V4(Ipv4Addr::from_bits(number)));
        }
        assert!(slow.may_try(GUESSER).is_err());
    }
}
