//! The key of the list, and what is hashed with it. Who has the tables alone cannot try whether somebody is on the list.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use uuid::Uuid;

/// Bytes of a key.
const BYTES: usize = 32;
/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

/// What of a person is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `visitor_id`.
    Visitor,
    /// `page_id`: a page load of a visitor without a cookie.
    Page,
    /// `user_id`.
    User,
    /// `ip`, in full.
    Ip,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Visitor, Self::Page, Self::User, Self::Ip];

    /// The value in the column `kind`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Page => "page",
            Self::User => "user",
            Self::Ip => "ip",
        }
    }
}

/// The secret behind the hashes; the same on every processor and wherever `footfall erase` is run.
#[derive(Clone)]
pub struct Key {
    /// Keyed and ready for the first byte of a message.
    mac: Hmac<Sha256>,
}

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not 64 hex digits: `openssl rand -hex 32` makes such a key")]
pub struct KeyError;

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:08x}, [redacted])", self.id())
    }
}

impl Key {
    /// Reads 64 hex digits; white space around them does not count.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = text.trim().as_bytes();
        if text.len() != 2 * BYTES {
            return Err(KeyError);
        }
        // A key that is shorter than a block of the hash counts as one filled up with zeros (RFC 2104).
        let mut bytes = [0; BLOCK];
        for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |at: usize| digits.get(at).and_then(|digit| char::from(*digit).to_digit(16));
            let (Some(high), Some(low)) = (digit(0), digit(1)) else {
                return Err(KeyError);
            };
            *byte = u8::try_from(high * 16 + low).map_err(|_| KeyError)?;
        }
        Ok(Self {
            mac: Hmac::new(&bytes.into()),
        })
    }

    /// Names the key without telling anything of it.
    #[must_use]
    pub fn id(&self) -> u32 {
        u32::from_be_bytes(first(&self.sign("key", &[])))
    }

    /// The hash of a visitor or of a page load.
    #[must_use]
    pub fn of_id(&self, kind: Kind, id: Uuid) -> u128 {
        self.hash(kind, id.as_bytes())
    }

    /// The hash of a user id, as the page or server named the user.
    #[must_use]
    pub fn of_user(&self, user: &str) -> u128 {
        self.hash(Kind::User, user.as_bytes())
    }

    /// The hash of an address; an IPv4 address is the same one in its IPv6 form.
    #[must_use]
    pub fn of_ip(&self, ip: IpAddr) -> u128 {
        let octets = match ip.to_canonical() {
            IpAddr::V4(v4) => Ipv4Addr::to_ipv6_mapped(&v4).octets(),
            IpAddr::V6(v6) => v6.octets(),
        };
        self.hash(Kind::Ip, &octets)
    }

    /// HMAC-SHA-256 of a message of the given use; uses never share a hash.
    #[must_use]
    pub fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(message);
        mac.finalize().into_bytes().into()
    }

    fn hash(&self, kind: Kind, value: &[u8]) -> u128 {
        u128::from_be_bytes(first(&self.sign(kind.label(), value)))
    }
}

fn first<const N: usize>(digest: &[u8; 32]) -> [u8; N] {
    let mut some = [0; N];
    for (to, from) in some.iter_mut().zip(digest) {
        *to = *from;
    }
    some
}

#[cfg(test)]
mod tests {
    use super::{Key, KeyError, Kind};
    use uuid::Uuid;

    fn key(digit: char) -> Key {
        Key::parse(&digit.to_string().repeat(64)).unwrap()
    }

    #[test]
    fn a_key_is_64_hex_digits() {
        for wrong in ["", "0", &"g".repeat(64), &"0".repeat(63), &"ä".repeat(32)] {
            assert_eq!(Key::parse(wrong).unwrap_err(), KeyError, "{wrong}");
        }
        assert_eq!(
            Key::parse(&format!("{}\n", "A".repeat(64))).unwrap().id(),
            key('a').id()
        );
        assert!(!format!("{:?}", key('a')).contains("aaaa"));
    }

    #[test]
    fn a_hash_is_of_its_key_and_its_kind() {
        let id = Uuid::from_u128(7);
        let key = key('1');
        // RFC 2104 over SHA-256, computed elsewhere: openssl dgst -sha256 -mac HMAC of `user`, a zero byte and `ada`.
        assert_eq!(
            format!("{:032x}", key.of_user("ada")),
            "401e35c7a7eaf3aa82ef59ffab3761d2"
        );
        assert_ne!(key.of_id(Kind::Visitor, id), key.of_id(Kind::Page, id));
        assert_ne!(
            key.of_id(Kind::Visitor, id),
            super::tests::key('2').of_id(Kind::Visitor, id)
        );
        let v4 = key.of_ip("203.0.113.7".parse().unwrap());
        assert_eq!(v4, key.of_ip("::ffff:203.0.113.7".parse().unwrap()));
        assert_ne!(v4, key.of_ip("203.0.113.8".parse().unwrap()));
    }
}
