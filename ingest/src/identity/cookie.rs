//! The text of the signed cookie:
//! `v1.kid.site.visitor.session.number.start.last.reason.fingerprint.hmac`, all of it lower-case hex but times, number and
//! site.
//!
//! - `kid`: which key of the ring signed; `hmac`: HMAC-SHA256 of everything before the last dot, 64 hex digits;
//! - `number`: how many sessions the visitor has had; `start`, `last`: of this one, ms since 1970;
//! - `reason`: a letter for why the session began, `1` if somebody is logged in, else `0`, and 8 digits of its campaign;
//! - `fingerprint`: 8 digits for the network, 8 for the user agent.
//!
//! There is one text for each content, and the signature is compared as text: no other text is ever accepted.

use super::fingerprint::Fingerprint;
use super::key::{self, Key};
use super::ring::KeyRing;
use super::session::Session;
use crate::parts::parts;
use crate::secret::{push_hex, same_digits, write_hex};
use footfall_schemas::event::SessionReason;
use uuid::Uuid;

/// What browsers keep a cookie for at most (RFC 6265bis, 5.5): 400 days.
pub(crate) const MAX_AGE_SECONDS: u32 = 400 * 24 * 3600;

/// Longest text that is looked at: twice the longest that we write.
const MOST_BYTES: usize = 640;
const FIELDS: usize = 11;

/// What a cookie says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cookie {
    pub(crate) visitor: Uuid,
    pub(crate) session: Session,
    pub(crate) fingerprint: Fingerprint,
}

/// Why a cookie is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Not the form of a cookie of this site.
    Form,
    /// A key that the ring does not have: taken out of it, or of another Footfall.
    Key,
    /// The signature is not ours.
    Signature,
}

impl Cookie {
    /// How long the text is: with the times of this century and fewer than ten thousand sessions, at most.
    pub(crate) const fn usual_bytes(site: &str) -> usize {
        // Version, key, two ids, number, two times, letter and login, campaign, fingerprint, signature; ten dots.
        2 + 8 + 2 * 32 + 4 + 2 * 13 + 2 + 8 + 16 + 64 + 10 + site.len()
    }

    /// Appends the text, signed.
    pub(crate) fn write(&self, site: &str, key: &Key, out: &mut Vec<u8>) {
        let begin = out.len();
        out.extend_from_slice(b"v1.");
        out.extend_from_slice(&key.kid);
        out.push(b'.');
        out.extend_from_slice(site.as_bytes());
        out.push(b'.');
        push_hex(out, self.visitor.as_bytes());
        out.push(b'.');
        push_hex(out, self.session.id.as_bytes());
        for number in [
            i64::from(self.session.number),
            self.session.start,
            self.session.last,
        ] {
            out.push(b'.');
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        out.push(b'.');
        out.push(letter(self.session.reason));
        out.push(if self.session.signed_in { b'1' } else { b'0' });
        push_hex(out, &self.session.campaign.to_be_bytes());
        out.push(b'.');
        push_hex(out, &self.fingerprint.network.to_be_bytes());
        push_hex(out, &self.fingerprint.agent.to_be_bytes());
        let signature = key::hash(&key.cookies, &[&out[begin..]]);
        out.push(b'.');
        push_hex(out, &signature);
    }

    /// Reads a text, and gives the key that it was signed with too.
    ///
    /// # Errors
    /// [`Refused`]. Nothing but the key's name and the site is looked at before the signature is found right.
    pub(crate) fn read<'r>(text: &[u8], site: &str, ring: &'r KeyRing) -> Result<(Self, &'r Key), Refused> {
        if text.len() > MOST_BYTES {
            return Err(Refused::Form);
        }
        let mut fields = [&b""[..]; FIELDS];
        let mut rest = parts(text, b'.');
        for field in &mut fields {
            *field = rest.next().ok_or(Refused::Form)?;
        }
        let [
            version,
            kid,
            of,
            visitor,
            session,
            number_of,
            start,
            last,
            reason,
            fingerprint,
            signature,
        ] = fields;
        if rest.next().is_some() || version != b"v1" || of != site.as_bytes() {
            return Err(Refused::Form);
        }
        let key = ring.find(kid).ok_or(Refused::Key)?;
        let signed = &text[..text.len() - signature.len() - 1];
        let mut right = [0; 64];
        write_hex(&mut right, &key::hash(&key.cookies, &[signed]));
        if !same_digits(&right, signature) {
            return Err(Refused::Signature);
        }
        // Signed by us, so all of it is as it was written; a release that wrote otherwise had another version.
        let read = || {
            let (letter, rest) = reason.split_first()?;
            let (signed_in, campaign) = rest.split_first()?;
            let (network, agent) = fingerprint.split_at_checked(8)?;
            Some(Self {
                visitor: Uuid::try_parse_ascii(visitor).ok()?,
                session: Session {
                    id: Uuid::try_parse_ascii(session).ok()?,
                    start: number(start)?,
                    last: number(last)?,
                    reason: reason_of(*letter)?,
                    signed_in: *signed_in == b'1',
                    campaign: hex(campaign)?,
                    number: u32::try_from(number(number_of)?).ok()?,
                },
                fingerprint: Fingerprint {
                    network: hex(network)?,
                    agent: hex(agent)?,
                },
            })
        };
        read().map(|cookie| (cookie, key)).ok_or(Refused::Form)
    }
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn hex(text: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()
}

/// The letter of a reason, in cookies and tokens.
pub(crate) const fn letter(reason: SessionReason) -> u8 {
    match reason {
        SessionReason::New => b'n',
        SessionReason::Idle => b'i',
        SessionReason::Length => b'x',
        SessionReason::Campaign => b'c',
        SessionReason::Midnight => b'm',
        SessionReason::Login => b'l',
        SessionReason::Server => b's',
    }
}

/// The reason of a letter.
pub(crate) const fn reason_of(letter: u8) -> Option<SessionReason> {
    Some(match letter {
        b'n' => SessionReason::New,
        b'i' => SessionReason::Idle,
        b'x' => SessionReason::Length,
        b'c' => SessionReason::Campaign,
        b'm' => SessionReason::Midnight,
        b'l' => SessionReason::Login,
        b's' => SessionReason::Server,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
