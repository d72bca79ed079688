//! One secret of the ring, made into a keyed hash for each use: no text that is signed for one use is good for another.

use crate::secret::{self, Secret, keyed};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use siphasher::sip::SipHasher13;
use uuid::{Builder, Uuid};

/// HMAC-SHA256 (RFC 2104) with its key taken in already: half the cost of a short message.
pub(crate) type Keyed = Hmac<Sha256>;

/// Letters of a key's name.
pub(crate) const KID_CHARS: usize = 8;

/// A secret and what is made of it.
#[derive(Clone)]
pub(crate) struct Key {
    /// Its name in cookies and tokens: hex, a hash of the secret, so that nodes need not agree on names.
    pub(crate) kid: [u8; KID_CHARS],
    /// From when on it signs, ms since 1970.
    pub(crate) since: i64,
    pub(crate) secret: Secret,
    /// Ids: the secret itself, as releases before the cookie had it, so that their ids stay.
    ids: Keyed,
    pub(crate) cookies: Keyed,
    pub(crate) tokens: Keyed,
    /// Short hashes (64 bits) of network and user agent.
    pub(crate) short: SipHasher13,
}

impl Key {
    pub(crate) fn new(secret: Secret, since: i64) -> Self {
        let ids = keyed(&secret);
        let derived = |purpose: &str| hash(&ids, &[b"key", &[0], purpose.as_bytes()]);
        let (mut kid, mut short) = ([0; KID_CHARS], [0; 16]);
        kid.copy_from_slice(&secret::to_hex(&derived("kid")).as_bytes()[..KID_CHARS]);
        short.copy_from_slice(&derived("short")[..16]);
        Self {
            kid,
            since,
            secret,
            cookies: keyed(&derived("cookie")),
            tokens: keyed(&derived("token")),
            short: SipHasher13::new_with_key(&short),
            ids,
        }
    }

    /// Two UUIDv8 from one keyed hash of (room, site, bytes). A site key has no NUL, so the parts cannot run together.
    pub(crate) fn ids(&self, room: &str, site: &str, bytes: &[u8]) -> (Uuid, Uuid) {
        two_ids(&hash(
            &self.ids,
            &[room.as_bytes(), &[0], site.as_bytes(), &[0], bytes],
        ))
    }
}

impl Key {
    /// What stands for these random bytes among those who have the key.
    pub(crate) fn salt(&self, random: &[u8; 32]) -> Secret {
        hash(&self.ids, &[b"salt", &[0], random])
    }

    /// Who has the key may send for this site as a server.
    pub(crate) fn server_key(&self, site: &str) -> Secret {
        hash(&self.ids, &[b"server key", &[0], site.as_bytes()])
    }
}

/// The keyed hash of these parts, one after the other.
pub(crate) fn hash(key: &Keyed, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = key.clone();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A hash as two UUIDv8 (RFC 9562).
pub(crate) fn two_ids(digest: &[u8; 32]) -> (Uuid, Uuid) {
    let id = |half: usize| {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[half * 16..][..16]);
        Builder::from_custom_bytes(bytes).into_uuid()
    };
    (id(0), id(1))
}
