//! The token that ingest hands out in an answer: it proves, with an event that comes late, in which session it happened.
//!
//! Base64url of `kid session start last reason`, 49 bytes in all, of which the last 16 are an HMAC-SHA256 over site, visitor
//! and the rest. The visitor is not in it: a token counts only together with what the same visitor sends (their cookie, or
//! their page), and tells a script of the page nothing that lasts longer than a session. It is no cookie, and is signed with
//! another key.

use super::cookie::{letter, reason_of};
use super::key::{self, Key};
use super::ring::KeyRing;
use super::session::Session;
use crate::secret;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

const KID: usize = 4;
/// Kid, session, start and last of 6 bytes each, reason.
const CONTENT: usize = KID + 16 + 6 + 6 + 1;
const MAC: usize = 16;
const BYTES: usize = CONTENT + MAC;
/// Characters of a token.
const CHARS: usize = (BYTES * 4).div_ceil(3);

/// The text.
pub(crate) type Token = [u8; CHARS];

/// The token of a session.
pub(crate) fn make(site: &str, visitor: Uuid, session: &Session, key: &Key) -> Option<Token> {
    let mut bytes = [0; BYTES];
    bytes[..KID].copy_from_slice(&short_kid(key));
    bytes[KID..][..16].copy_from_slice(session.id.as_bytes());
    bytes[KID + 16..][..6].copy_from_slice(&session.start.to_be_bytes()[2..]);
    bytes[KID + 22..][..6].copy_from_slice(&session.last.to_be_bytes()[2..]);
    bytes[CONTENT - 1] = letter(session.reason);
    let mac = sign(site, visitor, key, &bytes[..CONTENT]);
    bytes[CONTENT..].copy_from_slice(&mac);
    let mut text = [0; CHARS];
    // The room is exactly as large as the text.
    (BASE64.encode_slice(bytes, &mut text) == Ok(CHARS)).then_some(text)
}

/// The session that a token proves for this visitor of this site; nothing if it proves none.
pub(crate) fn read(text: &str, site: &str, visitor: Uuid, ring: &KeyRing) -> Option<Session> {
    if text.len() != CHARS {
        return None;
    }
    let mut bytes = [0; BYTES];
    // The decoder refuses a text that is not the one that it would write.
    BASE64
        .decode_slice_unchecked(text, &mut bytes)
        .ok()
        .filter(|read| *read == BYTES)?;
    let kid = secret::to_hex(&bytes[..KID]);
    let key = ring.find(kid.as_bytes())?;
    let right = sign(site, visitor, key, &bytes[..CONTENT]);
    if !bool::from(right.ct_eq(&bytes[CONTENT..])) {
        return None;
    }
    let time = |at: usize| {
        let mut wide = [0; 8];
        wide[2..].copy_from_slice(&bytes[at..][..6]);
        i64::from_be_bytes(wide)
    };
    Some(Session {
        id: Uuid::from_slice(&bytes[KID..][..16]).ok()?,
        start: time(KID + 16),
        last: time(KID + 22),
        reason: reason_of(bytes[CONTENT - 1])?,
        signed_in: false,
        campaign: 0,
        number: 0,
    })
}

fn sign(site: &str, visitor: Uuid, key: &Key, content: &[u8]) -> [u8; MAC] {
    let full = key::hash(&key.tokens, &[site.as_bytes(), &[0], visitor.as_bytes(), content]);
    let mut short = [0; MAC];
    short.copy_from_slice(&full[..MAC]);
    short
}

fn short_kid(key: &Key) -> [u8; KID] {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap_or(0)).unwrap_or(0);
    std::array::from_fn(|at| digit(key.kid[at * 2]) << 4 | digit(key.kid[at * 2 + 1]))
}

#[cfg(test)]
mod tests {
    use super::{CHARS, make, read};
    use crate::identity::ring::KeyRing;
    use crate::identity::session::Session;
    use footfall_schemas::event::SessionReason;
    use uuid::Uuid;

    fn session() -> Session {
        Session {
            id: Uuid::from_u128(7),
            start: 1_795_273_446_000,
            last: 1_795_273_447_001,
            reason: SessionReason::Idle,
            signed_in: false,
            campaign: 0,
            number: 0,
        }
    }

    fn token(ring: &KeyRing, site: &str, visitor: u128) -> String {
        let text = make(site, Uuid::from_u128(visitor), &session(), ring.signing(0));
        String::from_utf8(text.unwrap().to_vec()).unwrap()
    }

    #[test]
    fn a_token_proves_its_session_to_its_visitor_alone() {
        let ring = KeyRing::random();
        let text = token(&ring, "demo", 1);
        assert_eq!(text.len(), 66);
        assert_eq!(read(&text, "demo", Uuid::from_u128(1), &ring), Some(session()));
        assert_eq!(read(&text, "demo", Uuid::from_u128(2), &ring), None);
        assert_eq!(read(&text, "shop", Uuid::from_u128(1), &ring), None);
        assert_eq!(read(&text, "demo", Uuid::from_u128(1), &KeyRing::random()), None);
        let mut rotated = ring;
        rotated.rotate(1, 1);
        assert_eq!(read(&text, "demo", Uuid::from_u128(1), &rotated), Some(session()));
    }

    #[test]
    fn no_flipped_bit_is_accepted() {
        let ring = KeyRing::random();
        let text = token(&ring, "demo", 1);
        for at in 0..CHARS {
            for bit in 0..8 {
                let mut bad = text.clone().into_bytes();
                bad[at] ^= 1 << bit;
                let Ok(bad) = String::from_utf8(bad) else { continue };
                assert_eq!(read(&bad, "demo", Uuid::from_u128(1), &ring), None, "{at} {bit}");
            }
        }
        for bad in ["", "x", &text[1..], &format!("{text}A")] {
            assert_eq!(read(bad, "demo", Uuid::from_u128(1), &ring), None);
        }
    }
}
