//! Ids that come from a page load or from a server's word, without anything remembered.

use super::ring::KeyRing;
use footfall_schemas::event::{Decision, SessionReason};
use footfall_schemas::{BeaconEvent, Flag, Flags};
use uuid::Uuid;

/// The id of the page load that an event names; nil if it names none.
pub(crate) fn page_id(ring: &KeyRing, site: &str, text: &str, flags: &mut Flags) -> Uuid {
    if text.is_empty() {
        return Uuid::nil();
    }
    Uuid::try_parse(text).unwrap_or_else(|_| {
        flags.set(Flag::PageIdDerived);
        ring.ids().ids("page_id", site, text.as_bytes()).0
    })
}

/// Visitor and session of a page load: all its events and their retries agree, on any node with the same ring.
pub(crate) fn ids(ring: &KeyRing, site: &str, page: Uuid) -> (Uuid, Uuid) {
    ring.ids().ids("page", site, page.as_bytes())
}

/// What a server says, with its key.
pub(crate) struct Word {
    pub(crate) visitor: Uuid,
    pub(crate) session: Uuid,
    pub(crate) reason: SessionReason,
    pub(crate) decision: Decision,
}

/// Ids of a server's own: UUIDs as they are, other text hashed. A visitor without a session has one per page.
pub(crate) fn servers_word(ring: &KeyRing, site: &str, event: &BeaconEvent<'_>, page: Uuid) -> Word {
    let keys = ring.ids();
    let id =
        |room, text: &str| Uuid::try_parse(text).unwrap_or_else(|_| keys.ids(room, site, text.as_bytes()).0);
    let (visitor, session) = ids(ring, site, page);
    let mut word = Word {
        visitor,
        session,
        reason: SessionReason::New,
        decision: Decision::Page,
    };
    if !event.visitor.is_empty() {
        word.visitor = id("visitor", &event.visitor);
        let both = [*word.visitor.as_bytes(), *page.as_bytes()].concat();
        word.session = keys.ids("visitor_page", site, &both).1;
        word.decision = Decision::Server;
        word.reason = SessionReason::Server;
    }
    if !event.session.is_empty() {
        word.session = id("session", &event.session);
        word.reason = SessionReason::Server;
    }
    word
}
