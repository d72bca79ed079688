//! One request's visitor: the cookie that came, each event's place in a session, and the cookie that goes back.
//!
//! Pure but for what it is given: the same request at the same moment gives the same on every node. Events are taken in the
//! order of the batch. What the cookie said when it came is kept beside what it will say: an event that comes late is
//! looked up in the former, and never moves the latter.

use super::consent::{self, Consent, Recognition, Signals};
use super::cookie::{Cookie, Refused};
use super::daily::DailySalts;
use super::fingerprint::Fingerprint;
use super::header::Tags;
use super::key::Key;
use super::page;
use super::ring::KeyRing;
use super::session::{self, Cuts, Moment, Session};
use super::token::Token;
use super::{Trust, campaign, token};
use crate::head::Head;
use crate::sites::live::Live;
use footfall_schemas::event::{Decision, SessionReason};
use footfall_schemas::{BeaconEvent, Flag, Flags, Kind};
use hyper::header::HeaderValue;
use std::net::IpAddr;
use uuid::Uuid;

/// An event that is no older than this when it arrives has happened now, ms. An answer may take 20 s, and then is asked
/// for again; what a page has queued while it was offline is older.
const PROMPT_MS: i64 = 60_000;

/// What a request brings.
pub(crate) struct Arrival<'a> {
    pub(crate) live: &'a Live,
    pub(crate) head: &'a Head<'a>,
    pub(crate) trust: Trust,
    /// The client's address, of which only short keyed hashes are kept here.
    pub(crate) ip: IpAddr,
    /// Milliseconds since 1970.
    pub(crate) now: i64,
    /// Stands for the page where an event names none: random.
    pub(crate) request: Uuid,
}

/// The identity fields of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Who {
    pub(crate) visitor: Uuid,
    pub(crate) session: Uuid,
    pub(crate) session_start: i64,
    pub(crate) reason: SessionReason,
    pub(crate) decision: Decision,
    /// Nil if the sender said none.
    pub(crate) page_id: Uuid,
}

/// A session of somebody who is logged in went on from another network, or with another user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Takeover {
    pub(crate) visitor: Uuid,
    pub(crate) session: Session,
    pub(crate) network: bool,
    pub(crate) agent: bool,
}

/// What the answer says to the browser about its cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Nothing,
    Set,
    Delete,
}

/// What is to be told when all events have been seen.
#[derive(Default)]
pub(crate) struct Farewell {
    /// `Set-Cookie` of the visitor's cookie.
    pub(crate) set_cookie: Option<HeaderValue>,
    /// `Set-Cookie` of those that are taken away.
    pub(crate) deleted: Vec<HeaderValue>,
    token: Option<Token>,
    /// For whoever writes the event `$takeover`.
    pub(crate) takeover: Option<Takeover>,
    pub(crate) seen: Seen,
}

impl Farewell {
    /// The values of all `Set-Cookie`.
    pub(crate) fn set_cookies(self) -> impl Iterator<Item = HeaderValue> {
        self.set_cookie.into_iter().chain(self.deleted)
    }

    /// The token of the session as it stands now; empty: none is handed out.
    pub(crate) fn token(&self) -> &str {
        self.token
            .as_ref()
            .and_then(|token| std::str::from_utf8(token).ok())
            .unwrap_or_default()
    }
}

/// What the request's cookies were, for the counters.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) read: u32,
    pub(crate) forged: u32,
    pub(crate) unknown_key: u32,
    pub(crate) malformed: u32,
}

/// See the module.
pub(crate) struct Visit<'a> {
    arrival: Arrival<'a>,
    ring: &'a KeyRing,
    daily: &'a DailySalts,
    /// As it came, with the key that signed it.
    came: Option<(Cookie, &'a Key)>,
    /// The site's cookies of the request, good or bad.
    presented: Tags,
    goes: Option<Cookie>,
    wish: Wish,
    takeover: Option<Takeover>,
    seen: Seen,
    /// A page has been named: it may keep a token.
    has_page: bool,
    /// A batch is what one page has collected, so its page is hashed once.
    last_page: Option<(Uuid, (Uuid, Uuid))>,
}

impl<'a> Visit<'a> {
    /// Reads the request's cookies: of several good ones that of the latest session counts. Neither number nor id of a
    /// session ever changes, so no late answer brings back what it has lost to; the newest activity tells two forms of one
    /// cookie apart.
    pub(crate) fn begin(arrival: Arrival<'a>, ring: &'a KeyRing, daily: &'a DailySalts) -> Self {
        let mut visit = Self {
            arrival,
            ring,
            daily,
            came: None,
            presented: Tags::default(),
            goes: None,
            wish: Wish::Nothing,
            takeover: None,
            seen: Seen::default(),
            has_page: false,
            last_page: None,
        };
        if visit.arrival.trust == Trust::Public {
            visit.read_cookies();
        }
        visit
    }

    fn read_cookies(&mut self) {
        let site = &self.arrival.live.site.key;
        let rank = |cookie: &Cookie| (cookie.session.number, cookie.session.id, cookie.session.last);
        for (tag, text) in self.arrival.live.jar.cookies(self.arrival.head.cookies()) {
            self.presented.push(tag);
            match Cookie::read(text, site, self.ring) {
                Ok((cookie, key)) => {
                    self.seen.read += 1;
                    if self.came.is_none_or(|(best, _)| rank(&best) < rank(&cookie)) {
                        self.came = Some((cookie, key));
                    }
                }
                Err(Refused::Signature) => self.seen.forged += 1,
                Err(Refused::Key) => self.seen.unknown_key += 1,
                Err(Refused::Form) => self.seen.malformed += 1,
            }
        }
    }

    /// Who sent `event`, which happened at `time`.
    pub(crate) fn who(&mut self, event: &BeaconEvent<'_>, time: i64, flags: &mut Flags) -> Who {
        let site = &self.arrival.live.site.key;
        let page_id = page::page_id(self.ring, site, &event.page_id, flags);
        self.has_page |= !page_id.is_nil();
        let page = if page_id.is_nil() {
            self.arrival.request
        } else {
            page_id
        };
        if self.arrival.trust == Trust::Server {
            let word = page::servers_word(self.ring, site, event, page);
            return Who {
                visitor: word.visitor,
                session: word.session,
                session_start: time,
                reason: word.reason,
                decision: word.decision,
                page_id,
            };
        }
        let signals = Signals {
            gpc: self.arrival.head.gpc,
            dnt: self.arrival.head.dnt,
        };
        let policy = &self.arrival.live.site.cookie;
        let late = self.arrival.now - time > PROMPT_MS;
        let (visitor, session, decision) =
            match consent::decide(policy, Consent::read(&event.consent), signals) {
                Recognition::Cookie if late => {
                    let (visitor, session) = self.when_it_happened(event, page, time, flags);
                    (visitor, session, Decision::Cookie)
                }
                Recognition::Cookie => {
                    let cookie = self.by_cookie(event, page);
                    (cookie.visitor, cookie.session, Decision::Cookie)
                }
                Recognition::Never(without) => {
                    if !late {
                        self.forget();
                    }
                    self.daily_or_page(without, page, time)
                }
                Recognition::NotYet(without) => self.daily_or_page(without, page, time),
            };
        Who {
            visitor,
            session: session.id,
            session_start: session.start,
            reason: session.reason,
            decision,
            page_id,
        }
    }

    /// The session of an event that happened now: that of the cookie, the one that follows it, or a first one.
    fn by_cookie(&mut self, event: &BeaconEvent<'_>, page: Uuid) -> Cookie {
        let known = self.goes.or(self.came.map(|(cookie, _)| cookie));
        // A retry is no ground for a first cookie: the visitor may have refused one meanwhile.
        if self.came.is_some() || event.attempt <= 1 {
            self.wish = Wish::Set;
        }
        let cookie = known.unwrap_or_else(|| self.first(event, page));
        let moment = self.moment(event);
        if self.goes.is_none() {
            self.compare(&moment);
        }
        let (ring, site) = (self.ring, &self.arrival.live.site.key);
        let anchor = self.came.map_or(0, |(came, _)| came.session.last);
        let next = |before| session::next_id(ring.ids(), site, cookie.visitor, before, anchor);
        let cookie = Cookie {
            session: cookie.session.step(&moment, &self.arrival.live.cuts, next),
            ..cookie
        };
        self.goes = Some(cookie);
        cookie
    }

    fn moment(&self, event: &BeaconEvent<'_>) -> Moment {
        let asks = event.kind == Kind::PageView && self.arrival.live.cuts.by_campaign();
        Moment {
            at: self.arrival.now,
            login: match event.kind {
                Kind::Login => Some(true),
                Kind::Logout => Some(false),
                _ => None,
            },
            campaign: if asks { campaign::hash(&event.url) } else { 0 },
        }
    }

    /// A visitor who has no cookie yet: known by the page, so that its first requests and their retries agree. Whoever
    /// has just consented goes on in the session of their day.
    fn first(&mut self, event: &BeaconEvent<'_>, page: Uuid) -> Cookie {
        let (visitor, session) = self.of_page(page);
        let now = self.arrival.now;
        let consented = event.kind == Kind::Consent && Consent::read(&event.consent) == Consent::Granted;
        let before = consented.then(|| self.daily_ids(now)).flatten();
        Cookie {
            visitor,
            session: Session {
                id: before.map_or(session, |(_, session)| session),
                start: now,
                last: now,
                reason: SessionReason::New,
                signed_in: false,
                campaign: 0,
                number: 1,
            },
            fingerprint: Fingerprint::default(),
        }
    }

    /// Notes a session that goes on from elsewhere though somebody is logged in. Once: the cookie that goes has the new
    /// fingerprint.
    fn compare(&mut self, moment: &Moment) {
        let Some((came, key)) = &self.came else { return };
        if !came.session.signed_in || self.arrival.live.cuts.reason(&came.session, moment).is_some() {
            return;
        }
        let here = Fingerprint::of(key, self.arrival.ip, &self.arrival.head.user_agent);
        if here != came.fingerprint {
            self.takeover = Some(Takeover {
                visitor: came.visitor,
                session: came.session,
                network: here.network != came.fingerprint.network,
                agent: here.agent != came.fingerprint.agent,
            });
        }
    }

    /// The session of an event that comes late: that of the cookie as it came, or that of its token, if it happened while
    /// that session lasted. What nothing proves gets a session of its own, for each page load; never the current one.
    fn when_it_happened(
        &mut self,
        event: &BeaconEvent<'_>,
        page: Uuid,
        time: i64,
        flags: &mut Flags,
    ) -> (Uuid, Session) {
        let (site, cuts): (&str, &Cuts) = (&self.arrival.live.site.key, &self.arrival.live.cuts);
        let came = self.came.map(|(cookie, _)| cookie);
        let visitor = match came {
            Some(cookie) => cookie.visitor,
            None => self.of_page(page).0,
        };
        let of_cookie = came.map(|cookie| cookie.session);
        let of_token = || token::read(&event.token, site, visitor, self.ring);
        let proven = of_cookie
            .filter(|session| cuts.holds(session, time))
            .or_else(|| of_token().filter(|session| cuts.holds(session, time)));
        if let Some(session) = proven {
            return (visitor, session);
        }
        flags.set(Flag::Late);
        let bytes = [*visitor.as_bytes(), *page.as_bytes()].concat();
        let session = Session {
            id: self.ring.ids().ids("late", site, &bytes).0,
            start: time,
            last: time,
            reason: SessionReason::New,
            signed_in: false,
            campaign: 0,
            number: 0,
        };
        (visitor, session)
    }

    /// The visitor wants no cookie, or the site sets none.
    fn forget(&mut self) {
        self.came = None;
        self.goes = None;
        self.wish = Wish::Delete;
    }
}

mod end;

#[cfg(test)]
mod tests;
