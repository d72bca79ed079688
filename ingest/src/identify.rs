//! Who it was: visitor and session of an event.
//!
//! For now a visitor is one page load: both ids are a keyed hash of site and `page_id`, so that all events of a page and
//! their retries agree, on any node with the same key. A server key lets the sender name visitor and session itself.
//! Signed cookies and sessions over several pages replace this room and no other.

use crate::secret::{self, Secret};
use footfall_schemas::event::{Decision, SessionReason};
use footfall_schemas::{BeaconEvent, Flag, Flags};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::cell::Cell;
use uuid::{Builder, Uuid};

/// Where the ids come from.
pub(crate) struct Identity {
    /// HMAC-SHA256 with the node's key already taken in.
    keyed: Hmac<Sha256>,
}

/// Whether the sender has one of the site's server keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Anybody: a page.
    Public,
    /// A server of the site's owner.
    Server,
}

/// The identity fields of an event.
pub(crate) struct Who {
    pub(crate) visitor: Uuid,
    pub(crate) session: Uuid,
    pub(crate) reason: SessionReason,
    pub(crate) decision: Decision,
    /// Nil if the sender said none.
    pub(crate) page_id: Uuid,
}

/// What the events of one request share. A batch is what one page has collected, so its page is hashed once.
pub(crate) struct Pages {
    /// Stands for the page where an event names none: random.
    request: Uuid,
    last: Cell<Option<(Uuid, (Uuid, Uuid))>>,
}

impl Pages {
    pub(crate) const fn new(request: Uuid) -> Self {
        Self {
            request,
            last: Cell::new(None),
        }
    }

    /// The ids of a page, by `hash` if it is not the last one's.
    fn ids(&self, page: Uuid, hash: impl FnOnce() -> (Uuid, Uuid)) -> (Uuid, Uuid) {
        match self.last.get() {
            Some((last, ids)) if last == page => ids,
            _ => {
                let ids = hash();
                self.last.set(Some((page, ids)));
                ids
            }
        }
    }
}

impl Identity {
    pub(crate) fn new(key: &Secret) -> Self {
        Self {
            keyed: secret::keyed(key),
        }
    }

    /// Who sent `event`, one of those that share `pages`.
    pub(crate) fn who(
        &self,
        site: &str,
        event: &BeaconEvent<'_>,
        trust: Trust,
        pages: &Pages,
        flags: &mut Flags,
    ) -> Who {
        let page_id = self.page_id(site, &event.page_id, flags);
        let page = if page_id.is_nil() { pages.request } else { page_id };
        let (visitor, session) = pages.ids(page, || self.hash("page", site, page.as_bytes()));
        let mut who = Who {
            visitor,
            session,
            reason: SessionReason::New,
            decision: Decision::Page,
            page_id,
        };
        if trust == Trust::Server {
            self.take_the_servers_word(site, event, page, &mut who);
        }
        who
    }

    fn page_id(&self, site: &str, text: &str, flags: &mut Flags) -> Uuid {
        if text.is_empty() {
            return Uuid::nil();
        }
        Uuid::try_parse(text).unwrap_or_else(|_| {
            flags.set(Flag::PageIdDerived);
            self.hash("page_id", site, text.as_bytes()).0
        })
    }

    /// Ids of the server's own: UUIDs as they are, other text hashed. A visitor without a session has one per page.
    fn take_the_servers_word(&self, site: &str, event: &BeaconEvent<'_>, page: Uuid, who: &mut Who) {
        let id = |room, text: &str| {
            Uuid::try_parse(text).unwrap_or_else(|_| self.hash(room, site, text.as_bytes()).0)
        };
        if !event.visitor.is_empty() {
            who.visitor = id("visitor", &event.visitor);
            let both = [*who.visitor.as_bytes(), *page.as_bytes()].concat();
            who.session = self.hash("visitor_page", site, &both).1;
            who.decision = Decision::Server;
            who.reason = SessionReason::Server;
        }
        if !event.session.is_empty() {
            who.session = id("session", &event.session);
            who.reason = SessionReason::Server;
        }
    }

    /// Two UUIDv8 from one keyed hash of (room, site, bytes). A site key has no NUL, so the parts cannot run together.
    fn hash(&self, room: &str, site: &str, bytes: &[u8]) -> (Uuid, Uuid) {
        let mut mac = self.keyed.clone();
        for part in [room.as_bytes(), &[0], site.as_bytes(), &[0], bytes] {
            mac.update(part);
        }
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        let id = |half: usize| {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&digest[half * 16..][..16]);
            Builder::from_custom_bytes(bytes).into_uuid()
        };
        (id(0), id(1))
    }
}

#[cfg(test)]
mod tests {
    use super::{Identity, Pages, Trust, Who};
    use footfall_schemas::event::{Decision, SessionReason};
    use footfall_schemas::{BeaconEvent, Flag, Flags};
    use serde_json::value::RawValue;
    use uuid::Uuid;

    const PAGE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn who(key: u8, site: &str, fields: &str, trust: Trust) -> (Who, Flags) {
        let json = format!(r#"{{"type":"click"{fields}}}"#);
        let raw: &RawValue = serde_json::from_str(&json).unwrap();
        let event = BeaconEvent::parse(raw).unwrap();
        let mut flags = Flags::default();
        let who =
            Identity::new(&[key; 32]).who(site, &event, trust, &Pages::new(Uuid::from_u128(5)), &mut flags);
        (who, flags)
    }

    #[test]
    fn a_page_load_is_one_visitor_on_every_node_with_the_key() {
        let page = format!(r#","page_id":"{PAGE}""#);
        let (a, flags) = who(1, "demo", &page, Trust::Public);
        let (b, _) = who(1, "demo", &page, Trust::Public);
        assert_eq!((a.visitor, a.session), (b.visitor, b.session));
        assert_ne!(a.visitor, a.session);
        assert_eq!((a.page_id.to_string().as_str(), flags.is_empty()), (PAGE, true));
        assert_eq!(a.visitor.get_version_num(), 8);
        assert_ne!(a.visitor, who(2, "demo", &page, Trust::Public).0.visitor);
        assert_ne!(a.visitor, who(1, "shop", &page, Trust::Public).0.visitor);
    }

    #[test]
    fn the_pages_of_one_request_are_not_taken_for_one_another() {
        let (identity, pages) = (Identity::new(&[1; 32]), Pages::new(Uuid::from_u128(5)));
        let ids = |fields: &str| {
            let json = format!(r#"{{"type":"click"{fields}}}"#);
            let raw: &RawValue = serde_json::from_str(&json).unwrap();
            let event = BeaconEvent::parse(raw).unwrap();
            let who = identity.who("demo", &event, Trust::Public, &pages, &mut Flags::default());
            (who.visitor, who.session)
        };
        let page = format!(r#","page_id":"{PAGE}""#);
        let (a, again, none, back) = (ids(&page), ids(&page), ids(""), ids(&page));
        assert_eq!((a, a), (again, back));
        assert!(none != a && none == ids(""));
    }

    #[test]
    fn a_page_id_that_is_no_uuid_is_derived_and_said() {
        let (who_, flags) = who(1, "demo", r#","page_id":"page 7""#, Trust::Public);
        assert!(flags.has(Flag::PageIdDerived));
        assert_eq!(who_.page_id.get_version_num(), 8);
        let (nobody, flags) = who(1, "demo", "", Trust::Public);
        assert!(nobody.page_id.is_nil() && flags.is_empty() && !nobody.visitor.is_nil());
    }

    #[test]
    fn only_a_server_names_visitors() {
        let named = format!(r#","visitor":"{PAGE}","session":"s-1""#);
        let (public, _) = who(1, "demo", &named, Trust::Public);
        assert_eq!(
            (public.decision, public.reason),
            (Decision::Page, SessionReason::New)
        );
        assert_ne!(public.visitor.to_string(), PAGE);
        let (server, _) = who(1, "demo", &named, Trust::Server);
        assert_eq!(
            (server.decision, server.reason),
            (Decision::Server, SessionReason::Server)
        );
        assert_eq!(
            (
                server.visitor.to_string().as_str(),
                server.session.get_version_num()
            ),
            (PAGE, 8)
        );
    }
}
