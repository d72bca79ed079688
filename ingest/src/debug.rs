//! `?debug=1` on the endpoint for events: the answer says of each event what became of it, and under which number it is kept.
//!
//! ```json
//! {"accepted":1,"rejected":[{"index":1,"reason":"unknown_type","detail":"…"}],"log_id":"5f0c3c1e-…","cookie":"read",
//!  "events":[{"index":0,"id":"01932f4c-…","log_seq":1207,"decision":"cookie","flags":["url_cut"]}]}
//! ```
//!
//! `cookie` says whether the visitor's cookie came with the request, so that a page can tell that its browser blocks it;
//! `(log_id, log_seq)` is what the tables `events` and `ledger` have; `footfall tail --event <id>` asks them.

use crate::answer::{Answer, Rejected, json, status_of, to_json};
use crate::cors::Cors;
use crate::events::Kept;
use crate::identity::visit::Seen;
use footfall_schemas::event::Decision;
use footfall_schemas::{Event, Flags};
use serde::Serialize;
use uuid::Uuid;

/// Whether the query has `debug=1`.
pub(crate) fn is_asked(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair == "debug=1"))
}

/// What is remembered of an accepted event until it has its number.
pub(crate) struct Asked {
    index: usize,
    id: Uuid,
    decision: Decision,
    flags: Flags,
}

impl Asked {
    pub(crate) const fn of(index: usize, event: &Event<'_>) -> Self {
        Self {
            index,
            id: event.id,
            decision: event.decision,
            flags: event.flags,
        }
    }
}

#[derive(Serialize)]
struct Told<'a> {
    accepted: usize,
    rejected: Vec<Rejected<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    token: &'a str,
    log_id: Uuid,
    /// Of the request, before anything was set.
    cookie: Came,
    events: Vec<Accepted>,
}

/// What cookies of the site came.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    /// A good one.
    Read,
    /// One that is not ours, or not this site's.
    Refused,
    /// None.
    None,
}

impl Came {
    const fn of(seen: Seen) -> Self {
        match (seen.read, seen.forged + seen.unknown_key + seen.malformed) {
            (1.., _) => Self::Read,
            (0, 1..) => Self::Refused,
            (0, 0) => Self::None,
        }
    }
}

#[derive(Serialize)]
struct Accepted {
    /// Place in the request.
    index: usize,
    /// The client's id, or the one that was made here.
    id: Uuid,
    log_seq: u64,
    /// How the visitor is recognised.
    decision: Decision,
    /// What was done to it: cuts, ids that had to be made.
    flags: Flags,
}

/// The usual answer, and what was asked for.
pub(crate) fn answer(log_id: Uuid, kept: &Kept, cors: &Cors) -> Answer {
    let events = kept
        .asked
        .iter()
        .zip(kept.first..)
        .map(|(asked, log_seq)| Accepted {
            index: asked.index,
            id: asked.id,
            log_seq,
            decision: asked.decision,
            flags: asked.flags,
        });
    let body = Told {
        accepted: kept.accepted,
        rejected: Rejected::list(&kept.rejected),
        token: kept.farewell.token(),
        log_id,
        cookie: Came::of(kept.farewell.seen),
        events: events.collect(),
    };
    json(status_of(kept.accepted), to_json(&body), cors)
}
