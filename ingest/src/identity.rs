//! Who it was: visitor, session and how they are recognised, decided without anything that nodes would have to share but
//! secrets.
//!
//! [`visit`] is one request from its cookie to its `Set-Cookie`. It is made of pure parts: [`cookie`] and [`token`] (the
//! signed texts), [`session`] (what ends one, and which follows), [`consent`] (whether anybody may be recognised),
//! [`campaign`], [`fingerprint`], [`page`] (ids of a page load), [`daily`] (visitors of one day, without a cookie).
//! [`ring`] has the keys, [`mod@key`] what is made of one; [`header`] reads and writes the two headers. [`keep`] has the
//! secrets of a running node, and takes up a ring that has changed.

pub(crate) mod campaign;
pub(crate) mod consent;
pub(crate) mod cookie;
pub(crate) mod daily;
pub(crate) mod fingerprint;
pub(crate) mod header;
pub(crate) mod keep;
pub(crate) mod key;
pub(crate) mod page;
pub(crate) mod ring;
pub(crate) mod session;
pub(crate) mod token;
pub(crate) mod visit;

/// Whether the sender has one of the site's server keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Anybody: a page.
    Public,
    /// A server of the site's owner.
    Server,
}
