//! Who asks, and what they may see.
//!
//! 1. [`names`]: is the request meant for this server at all, and does it come from a page of ours;
//! 2. [`session`]: the signed cookie that a login gives;
//! 3. [`slow`]: those who guess have to wait;
//! 4. [`Access::grant`]: from a request to a [`Grant`].

pub(crate) mod names;
pub(crate) mod session;
pub(crate) mod slow;

use crate::kept::{Keeper, Kept};
use crate::refusal::Refusal;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use hmac::{Hmac, Mac as _};
use session::{Session, Subject};
use sha2::{Digest as _, Sha256};
use slow::Slow;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// What somebody may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    /// `open`, `password`, `token` or `link`, for the page.
    pub(crate) by: &'static str,
    /// The sites; `None`: all.
    pub(crate) sites: Option<Vec<String>>,
    /// Whether they may keep segments, goals, tokens and links.
    pub(crate) writes: bool,
}

impl Grant {
    fn whole(by: &'static str) -> Self {
        Self {
            by,
            sites: None,
            writes: true,
        }
    }

    fn reads(by: &'static str, sites: Option<Vec<String>>) -> Self {
        Self {
            by,
            sites,
            writes: false,
        }
    }

    /// Whether that site may be seen.
    pub(crate) fn sees(&self, site: &str) -> bool {
        self.sites
            .as_ref()
            .is_none_or(|sites| sites.iter().any(|own| own == site))
    }

    /// A refusal unless that site may be seen.
    pub(crate) fn need(&self, site: &str) -> Result<(), Refusal> {
        if self.sees(site) {
            return Ok(());
        }
        Err(Refusal::Forbidden(format!(
            "this {} does not show the site `{site}`",
            self.by
        )))
    }

    /// A refusal unless they may change something.
    pub(crate) fn need_writing(&self) -> Result<(), Refusal> {
        if self.writes {
            return Ok(());
        }
        Err(Refusal::Forbidden(format!(
            "a {} shows, and changes nothing: log in with the password",
            self.by
        )))
    }
}

/// The rules.
pub(crate) struct Access {
    password: Option<String>,
    /// Others than this machine's users reach the service.
    exposed: bool,
    keeper: Arc<Keeper>,
    pub(crate) slow: Slow,
}

impl Access {
    pub(crate) fn new(password: Option<String>, keeper: Arc<Keeper>, exposed: bool) -> Self {
        Self {
            password,
            exposed,
            keeper,
            slow: Slow::default(),
        }
    }

    /// Whether whoever reaches the service sees everything.
    pub(crate) const fn is_open(&self) -> bool {
        self.password.is_none() && !self.exposed
    }

    /// What the request's token or cookie is good for.
    pub(crate) fn grant(&self, headers: &HeaderMap, peer: IpAddr) -> Result<Grant, Refusal> {
        let kept = self.keeper.read();
        if let Some(token) = bearer(headers) {
            return self.by_token(&kept, token, peer);
        }
        let session = cookie(headers).and_then(|text| Session::read(text, &kept.session_key));
        // A link in hand shows what the link shows, also where everybody could see all: who shares tries it first.
        let grant = session.and_then(|session| self.of(&kept, &session.subject));
        match grant {
            Some(grant) => Ok(grant),
            None if self.is_open() => Ok(Grant::whole("open")),
            None => Err(Refusal::Unknown(
                "with the password, or send a token (Authorization: Bearer …)",
            )),
        }
    }

    fn by_token(&self, kept: &Kept, token: &str, peer: IpAddr) -> Result<Grant, Refusal> {
        self.slow.may_try(peer)?;
        let Some(token) = kept.token(token) else {
            self.slow.failed(peer);
            return Err(Refusal::Unknown("this token is not known, or was revoked"));
        };
        self.slow.passed(peer);
        Ok(Grant::reads("token", token.sites.clone()))
    }

    /// What a session is good for now: its password, token or link may be gone.
    fn of(&self, kept: &Kept, subject: &Subject) -> Option<Grant> {
        match subject {
            Subject::Password(mark) => {
                let own = self.password_mark(&kept.session_key)?;
                (own == *mark).then(|| Grant::whole("password"))
            }
            Subject::Token(id) => {
                let token = kept.tokens.iter().find(|token| token.id == *id)?;
                Some(Grant::reads("token", token.sites.clone()))
            }
            Subject::Link(id) => {
                let link = kept.links.iter().find(|link| link.id == *id && !link.is_over())?;
                Some(Grant::reads("link", Some(vec![link.site.clone()])))
            }
        }
    }

    /// A login with the password or a token: what its session is for.
    pub(crate) fn login(&self, secret: &str, peer: IpAddr) -> Result<Subject, Refusal> {
        self.slow.may_try(peer)?;
        let kept = self.keeper.read();
        let mark = self.password_mark(&kept.session_key);
        // Digests of equal length: how long the comparison takes says nothing about the password.
        let same = self.password.as_ref().is_some_and(|own| {
            let (own, given) = (digest(own), digest(secret));
            bool::from(own.as_bytes().ct_eq(given.as_bytes()))
        });
        let subject = match (same, mark) {
            (true, Some(mark)) => Some(Subject::Password(mark)),
            _ => kept.token(secret).map(|token| Subject::Token(token.id.clone())),
        };
        match &subject {
            Some(_) => self.slow.passed(peer),
            None => self.slow.failed(peer),
        }
        subject.ok_or(Refusal::Unknown("this is neither the password nor a token"))
    }

    /// The link of that secret: what its session is for.
    pub(crate) fn follow(&self, secret: &str, peer: IpAddr) -> Result<(Subject, String), Refusal> {
        self.slow.may_try(peer)?;
        let kept = self.keeper.read();
        let Some(link) = kept.link(secret) else {
            self.slow.failed(peer);
            return Err(Refusal::NotFound(
                "this link is not known, is over, or was revoked".to_owned(),
            ));
        };
        self.slow.passed(peer);
        Ok((Subject::Link(link.id.clone()), link.view.clone()))
    }

    /// Names the password without telling it: with another password, sessions of the old one end.
    fn password_mark(&self, key: &str) -> Option<String> {
        let password = self.password.as_ref()?;
        Some(sign(key, password.as_bytes()).chars().take(16).collect())
    }
}

/// Digest of a secret. Tokens have 122 random bits: one round is enough.
pub(crate) fn digest(secret: &str) -> String {
    hex(&Sha256::digest(secret.as_bytes()))
}

/// HMAC-SHA256, hex.
pub(crate) fn sign(key: &str, bytes: &[u8]) -> String {
    // An HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(bytes);
    hex(&mac.finalize().into_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == session::COOKIE).then_some(value))
}
