//! What a request's visitor is without a cookie, and what the answer says when all events have been seen.

use super::{Farewell, PROMPT_MS, Visit, Wish};
use crate::identity::fingerprint::Fingerprint;
use crate::identity::header::tag_of;
use crate::identity::session::Session;
use crate::identity::{daily, page, token};
use crate::sites::Without;
use footfall_schemas::event::{Decision, SessionReason};
use uuid::Uuid;

impl Visit<'_> {
    /// Visitor and session without a cookie: of the day where the site allows it and there is a salt, else of the page.
    pub(super) fn daily_or_page(
        &mut self,
        without: Without,
        page: Uuid,
        time: i64,
    ) -> (Uuid, Session, Decision) {
        let daily = match without {
            Without::Daily => self.daily_ids(time),
            Without::Page => None,
        };
        let (ids, decision) = match daily {
            Some(ids) => (ids, Decision::Cookieless),
            None => (self.of_page(page), Decision::Page),
        };
        let now = self.arrival.now;
        let start = if now - time > PROMPT_MS { time } else { now };
        let session = Session {
            id: ids.1,
            start,
            last: start,
            reason: SessionReason::New,
            signed_in: false,
            campaign: 0,
            number: 0,
        };
        (ids.0, session, decision)
    }

    /// The ids of the day on which it happened; none if that day's salt is gone, or not there yet.
    pub(super) fn daily_ids(&self, time: i64) -> Option<(Uuid, Uuid)> {
        let (arrival, head) = (&self.arrival, self.arrival.head);
        let salt = self.daily.at(time.min(arrival.now), arrival.now)?;
        Some(daily::ids(
            &salt,
            &arrival.live.site.key,
            arrival.ip,
            &head.user_agent,
        ))
    }

    /// The ids of a page load, hashed once for all its events.
    pub(super) fn of_page(&mut self, page: Uuid) -> (Uuid, Uuid) {
        match self.last_page {
            Some((last, ids)) if last == page => ids,
            _ => {
                let ids = page::ids(self.ring, &self.arrival.live.site.key, page);
                self.last_page = Some((page, ids));
                ids
            }
        }
    }

    /// The cookie and the token for the answer.
    pub(crate) fn end(self) -> Farewell {
        let (arrival, jar) = (&self.arrival, &self.arrival.live.jar);
        let (site, secure) = (&arrival.live.site.key, arrival.head.is_secure());
        let presented = self.presented.as_slice();
        let mut farewell = Farewell {
            takeover: self.takeover,
            seen: self.seen,
            ..Farewell::default()
        };
        match (self.wish, self.goes) {
            (Wish::Set, Some(mut cookie)) => {
                let key = self.ring.signing(arrival.now);
                cookie.fingerprint = Fingerprint::of(key, arrival.ip, &arrival.head.user_agent);
                farewell.set_cookie = jar.set(&cookie, site, key, secure);
                let kept = tag_of(cookie.session.id);
                let others = presented.iter().filter(|tag| **tag != kept);
                farewell.deleted = others.flat_map(|tag| jar.delete(*tag, secure)).collect();
                if self.has_page {
                    farewell.token = token::make(site, cookie.visitor, &cookie.session, key);
                }
            }
            (Wish::Delete, _) => {
                farewell.deleted = presented
                    .iter()
                    .flat_map(|tag| jar.delete(*tag, secure))
                    .collect();
            }
            (Wish::Set | Wish::Nothing, _) => {}
        }
        farewell
    }
}
