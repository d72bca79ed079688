//! `$takeover`: a session in which somebody is logged in goes on from another network, or with another user agent. Mostly it
//! is the user's own phone that has left the house; sometimes it is somebody with a stolen cookie. It is an event of its own,
//! which ingest appends behind those of the request that showed it.

use crate::identity::ring::KeyRing;
use crate::identity::visit::Takeover;
use footfall_schemas::event::{Decision, Event};
use footfall_schemas::reserved::TAKEOVER;
use footfall_schemas::{Flags, Kind};
use std::borrow::Cow;
use uuid::Uuid;

/// The event, with address, agent and page of one that came with it. `props.changed`: `network`, `agent`, or both.
pub(crate) fn event<'a>(takeover: &Takeover, ring: &KeyRing, with: &Event<'a>) -> Event<'a> {
    let changed = match (takeover.network, takeover.agent) {
        (true, true) => "network, agent",
        (true, false) => "network",
        (false, _) => "agent",
    };
    Event {
        id: id(takeover, ring, &with.site),
        kind: Kind::Custom,
        name: Cow::Borrowed(TAKEOVER),
        visitor: takeover.visitor,
        session: takeover.session.id,
        session_start: takeover.session.start,
        session_reason: takeover.session.reason,
        decision: Decision::Cookie,
        user_id: Cow::Borrowed(""),
        seq: 0,
        attempt: 0,
        time: with.received_at,
        ts: None,
        sent_at: None,
        engagement_ms: 0,
        scroll: 0,
        token: Cow::Borrowed(""),
        flags: Flags::default(),
        props: vec![(Cow::Borrowed("changed"), Cow::Borrowed(changed))],
        ..with.clone()
    }
}

/// A request that is sent again, or a second tab, comes with the same cookie: one takeover, one id. Keyed, or who has the
/// cookie could send an event of that id first, and have this one put aside as its duplicate.
fn id(takeover: &Takeover, ring: &KeyRing, site: &str) -> Uuid {
    let session = &takeover.session;
    let which = [u8::from(takeover.network), u8::from(takeover.agent)];
    let bytes = [&session.id.as_bytes()[..], &session.last.to_be_bytes(), &which].concat();
    ring.ids().ids("takeover", site, &bytes).0
}
