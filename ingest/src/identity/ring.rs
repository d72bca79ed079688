//! The key ring: every key that cookies may be signed with, and which of them signs now.
//!
//! As text one key a line (or separated by blanks or commas), the oldest first: 64 hex digits, then `@` and the moment from
//! which on it signs, in milliseconds since 1970, for all keys but the first of a ring. A single key as `openssl rand -hex 32`
//! makes it is a ring. A key that signs no more still checks, for as long as a cookie can live.

use super::cookie::MAX_AGE_SECONDS;
use super::key::Key;
use crate::secret;
use std::fmt;

/// Keys in the order of the moment from which on they sign; one at least.
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<Key>,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What can be said of a key without giving it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its name in cookies.
    pub kid: String,
    /// From when on it signs, ms since 1970; 0: always.
    pub since: i64,
    /// Whether it is the one that signs at the moment asked about.
    pub signs: bool,
}

impl KeyRing {
    /// Reads a ring's text; nothing if there is no key in it, or something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let entries = text
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter(|entry| !entry.is_empty());
        let key = |entry: &str| {
            let (hex, since) = entry.split_once('@').unwrap_or((entry, "0"));
            Some(Key::new(secret::from_hex(hex)?, since.parse().ok()?))
        };
        let mut keys: Vec<Key> = entries.map(key).collect::<Option<_>>()?;
        keys.sort_by_key(|key| key.since);
        (!keys.is_empty()).then_some(Self { keys })
    }

    /// A ring of one new key.
    #[must_use]
    pub fn random() -> Self {
        Self {
            keys: vec![Key::new(secret::random(), 0)],
        }
    }

    /// How many keys.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// The text, one key a line. Secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        let line = |key: &Key| match key.since {
            0 => format!("{}\n", secret::to_hex(&key.secret)),
            since => format!("{}@{since}\n", secret::to_hex(&key.secret)),
        };
        self.keys.iter().map(line).collect()
    }

    /// Adds a new key that signs from `from_ms` on, and drops those whose last cookie is too old to be sent by a browser
    /// at `now_ms`. A key that another one follows at the same moment never signs.
    pub fn rotate(&mut self, now_ms: i64, from_ms: i64) {
        self.keys.push(Key::new(secret::random(), from_ms.max(1)));
        self.keys.sort_by_key(|key| key.since);
        let oldest = now_ms - i64::from(MAX_AGE_SECONDS) * 1000;
        let gone = self.keys.windows(2).take_while(|pair| pair[1].since < oldest);
        let gone = gone.count();
        self.keys.drain(..gone);
    }

    /// Takes out a key that has become known to others: cookies that it signed are refused from then on. False if there
    /// is none of that name, or it is the only one.
    #[must_use]
    pub fn revoke(&mut self, kid: &str) -> bool {
        let before = self.keys.len();
        if before > 1 {
            self.keys.retain(|key| key.kid != kid.as_bytes());
        }
        self.keys.len() < before
    }

    /// The salt that nodes with this ring make of random bytes that others may read.
    #[must_use]
    pub fn salt(&self, random: &[u8; 32]) -> [u8; 32] {
        self.ids().salt(random)
    }

    /// The server key of a site of Footfall's own: nodes with this ring agree on it without being told. 64 hex digits, secret.
    #[must_use]
    pub fn server_key(&self, site: &str) -> String {
        secret::to_hex(&self.ids().server_key(site))
    }

    /// All keys, the oldest first.
    pub fn list(&self, now_ms: i64) -> impl Iterator<Item = KeyInfo> {
        let signs = self.signing(now_ms).kid;
        self.keys.iter().map(move |key| KeyInfo {
            kid: String::from_utf8_lossy(&key.kid).into_owned(),
            since: key.since,
            signs: key.kid == signs,
        })
    }

    /// The key that signs: the newest whose time has come.
    pub(crate) fn signing(&self, now_ms: i64) -> &Key {
        let later = self.keys.partition_point(|key| key.since <= now_ms);
        &self.keys[later.saturating_sub(1)]
    }

    /// The key of that name.
    pub(crate) fn find(&self, kid: &[u8]) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// The key that ids are made with: the oldest, so that a rotation changes no id, on whichever node it comes first.
    pub(crate) fn ids(&self) -> &Key {
        &self.keys[0]
    }
}

#[cfg(test)]
mod tests {
    use super::KeyRing;

    const DAY: i64 = 24 * 3600 * 1000;

    #[test]
    fn a_single_key_is_a_ring_and_a_ring_survives_its_text() {
        let hex = "ab".repeat(32);
        let mut ring = KeyRing::parse(&format!("{hex}\n")).unwrap();
        assert_eq!(ring.to_text(), format!("{hex}\n"));
        ring.rotate(5 * DAY, 6 * DAY);
        let again = KeyRing::parse(&ring.to_text().replace('\n', " ,")).unwrap();
        assert_eq!(again.to_text(), ring.to_text());
        for bad in ["", "  \n", "ab", &format!("{hex}@soon"), &format!("{hex} x")] {
            assert!(KeyRing::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(format!("{ring:?}"), "[redacted]");
    }

    #[test]
    fn a_new_key_signs_from_its_moment_on_and_ids_stay() {
        let mut ring = KeyRing::random();
        let first = ring.signing(0).kid;
        ring.rotate(DAY, 2 * DAY);
        assert_eq!(ring.signing(2 * DAY - 1).kid, first);
        let second = ring.signing(2 * DAY).kid;
        assert_ne!(second, first);
        assert!(ring.find(&first).is_some() && ring.find(&second).is_some());
        assert_eq!(ring.ids().kid, first);
        let alone = KeyRing::parse(ring.to_text().lines().next().unwrap()).unwrap();
        assert_eq!(alone.server_key("a"), ring.server_key("a"));
        assert_ne!(ring.server_key("a"), ring.server_key("b"));
        let listed: Vec<_> = ring.list(2 * DAY).map(|key| key.signs).collect();
        assert_eq!(listed, [false, true]);
    }

    #[test]
    fn a_key_stays_for_as_long_as_its_last_cookie_can_live() {
        let mut ring = KeyRing::random();
        let first = ring.signing(0).kid;
        ring.rotate(DAY, DAY);
        ring.rotate(401 * DAY, 401 * DAY);
        assert!(ring.find(&first).is_some(), "it signed until day 1");
        ring.rotate(402 * DAY, 402 * DAY);
        assert!(ring.find(&first).is_none());
        assert_eq!(ring.list(0).count(), 3);
    }

    #[test]
    fn a_key_that_has_leaked_can_be_taken_out_but_not_the_last_one() {
        let mut ring = KeyRing::random();
        let first = String::from_utf8(ring.signing(0).kid.to_vec()).unwrap();
        assert!(!ring.revoke(&first));
        ring.rotate(DAY, DAY);
        assert!(!ring.revoke("00000000"));
        assert!(ring.revoke(&first));
        assert_eq!(ring.list(0).count(), 1);
    }
}
