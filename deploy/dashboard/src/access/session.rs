//! The cookie of a login: signed, so that no table of sessions is kept and a restart logs nobody out.
//!
//! `v1.<kind>.<id>.<until>.<hmac>`. What it is good for is looked up with every request: revoking a token or a link, or
//! another password, ends its sessions at once.

use super::sign;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use subtle::ConstantTimeEq as _;

/// Name of the cookie. Not `footfall_…`: that is how visitors' cookies are called, and cookies know no ports.
pub(crate) const COOKIE: &str = "footfall-reports";
/// How long a login lasts.
const LASTS: Duration = Duration::from_secs(30 * 24 * 3600);

/// For what a session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The password of this mark.
    Password(String),
    /// The token of this id.
    Token(String),
    /// The link of this id.
    Link(String),
}

/// A session that is genuine and not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) subject: Subject,
}

impl Subject {
    const fn parts(&self) -> (&'static str, &String) {
        match self {
            Self::Password(mark) => ("p", mark),
            Self::Token(id) => ("t", id),
            Self::Link(id) => ("l", id),
        }
    }
}

impl Session {
    /// The cookie's value.
    fn write(subject: &Subject, until: u64, key: &str) -> String {
        let (kind, id) = subject.parts();
        let said = format!("v1.{kind}.{id}.{until}");
        let signature = sign(key, said.as_bytes());
        format!("{said}.{signature}")
    }

    /// Reads a cookie's value.
    pub(crate) fn read(text: &str, key: &str) -> Option<Self> {
        let (said, signature) = text.rsplit_once('.')?;
        let own = sign(key, said.as_bytes());
        if !bool::from(own.as_bytes().ct_eq(signature.as_bytes())) {
            return None;
        }
        let mut parts = said.split('.');
        let (version, kind, id, until) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if version != "v1" || until.parse::<u64>().ok()? < now() {
            return None;
        }
        let subject = match kind {
            "p" => Subject::Password(id.to_owned()),
            "t" => Subject::Token(id.to_owned()),
            "l" => Subject::Link(id.to_owned()),
            _ => return None,
        };
        Some(Self { subject })
    }
}

/// The header that begins a session. `secure`: the browser came over https.
pub(crate) fn begin(subject: &Subject, key: &str, secure: bool) -> String {
    let value = Session::write(subject, now() + LASTS.as_secs(), key);
    let secure = if secure { "; Secure" } else { "" };
    format!(
        "{COOKIE}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        LASTS.as_secs()
    )
}

/// The header that ends it.
pub(crate) fn end() -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::{Session, Subject, now};

    #[test]
    fn a_session_is_read_back_and_cannot_be_changed() {
        let subject = Subject::Token("abc".to_owned());
        let text = Session::write(&subject, now() + 60, "key");
        assert_eq!(Session::read(&text, "key").unwrap().subject, subject);
        assert_eq!(Session::read(&text, "another key"), None);
        assert_eq!(Session::read(&text.replacen(".t.", ".p.", 1), "key"), None);
        assert_eq!(Session::read(&text.replace("abc", "abd"), "key"), None);
        for broken in ["", ".", "v1", "v1.t.abc", &text[..text.len() - 1]] {
            assert_eq!(Session::read(broken, "key"), None, "{broken}");
        }
    }

    #[test]
    fn a_session_ends() {
        let text = Session::write(&Subject::Link("abc".to_owned()), now() - 1, "key");
        assert_eq!(Session::read(&text, "key"), None);
    }
}
