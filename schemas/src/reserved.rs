//! Names that are Footfall's own: of custom events, which start with `$` and which no page may use, and of a site.

/// The site of `footfall self-check`: its events are of nobody, and lists of sites leave it out.
pub const SELF_SITE: &str = "_self";

/// Takes back what was said about who a visitor is; its `props` name the `visitor`, the `user`, or both. Only with a server
/// key. What it does is in the view `user_statements`.
pub const UNLINK: &str = "$unlink";

/// A session in which somebody is logged in goes on from another network or with another user agent; ingest makes it.
pub const TAKEOVER: &str = "$takeover";

/// Whether only Footfall may make events of that name, or who has a server key.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    name.starts_with('$')
}

/// Whether a sender with a server key may send events of that reserved name.
#[must_use]
pub fn is_for_servers(name: &str) -> bool {
    name == UNLINK
}
