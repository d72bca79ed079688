//! When a session ends, and which one follows: pure, one event at a time.
//!
//! Nothing is remembered here but what the visitor's cookie says, so every node decides alike. The id of the next session
//! is made of the visitor, the session before and that session's last activity *as the old cookie says*: two tabs that
//! cross a cut with the same cookie get the same session, wherever their requests land, and so does a retry.

use super::key::Key;
use crate::sites::Site;
use footfall_schemas::event::SessionReason;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

/// Clocks of nodes differ, and so does the time on the way: this much before a session's start still counts as in it, ms.
pub(crate) const SLACK_MS: i64 = 60_000;

const DAY_SECONDS: i64 = 24 * 3600;

/// A session as the cookie says. Times are ms since 1970 by the clocks of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) start: i64,
    /// Last activity.
    pub(crate) last: i64,
    /// Why it began.
    pub(crate) reason: SessionReason,
    /// Somebody has logged in, and not out again.
    pub(crate) signed_in: bool,
    /// Which campaign it belongs to, a hash; 0: none.
    pub(crate) campaign: u32,
    /// How many the visitor has had, 1 for the first: of two cookies it tells the later session, whatever nodes' clocks say.
    pub(crate) number: u32,
}

/// What ends a session, as the site says it.
#[derive(Debug, Clone)]
pub(crate) struct Cuts {
    /// Milliseconds without events; 0: never.
    idle: i64,
    /// Greatest length in milliseconds; 0: none.
    length: i64,
    campaign: bool,
    /// The zone whose midnight ends sessions.
    midnight: Option<TimeZone>,
    login: bool,
}

/// What of an event bears on its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Moment {
    /// When it was received, ms.
    pub(crate) at: i64,
    /// A login (true) or logout (false).
    pub(crate) login: Option<bool>,
    /// The campaign in the address of a page view, a hash; 0: none.
    pub(crate) campaign: u32,
}

impl Cuts {
    pub(crate) fn of(site: &Site) -> Self {
        let millis = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let zone = || TimeZone::get(&site.timezone).ok();
        Self {
            idle: millis(site.session.idle),
            length: millis(site.session.length),
            campaign: site.session.campaign,
            midnight: site.session.midnight.then(zone).flatten(),
            login: site.session.login,
        }
    }

    /// Whether campaigns have to be looked for.
    pub(crate) const fn by_campaign(&self) -> bool {
        self.campaign
    }

    /// Why the session ends before the event of this moment, if it does. Of several reasons the first in this order
    /// counts, so that tabs which cross a cut together say the same.
    pub(crate) fn reason(&self, session: &Session, moment: &Moment) -> Option<SessionReason> {
        if let Some(reason) = self.by_time(session, moment.at) {
            return Some(reason);
        }
        if self.campaign && moment.campaign != 0 && moment.campaign != session.campaign {
            return Some(SessionReason::Campaign);
        }
        (self.login && moment.login.is_some()).then_some(SessionReason::Login)
    }

    fn by_time(&self, session: &Session, at: i64) -> Option<SessionReason> {
        if self.idle > 0 && at - session.last >= self.idle {
            return Some(SessionReason::Idle);
        }
        if self.length > 0 && at - session.start >= self.length {
            return Some(SessionReason::Length);
        }
        let zone = self.midnight.as_ref()?;
        (at > session.last && day(zone, at) != day(zone, session.last)).then_some(SessionReason::Midnight)
    }

    /// Whether an event of that time belongs to the session, judged by the times that the session is known to have had.
    pub(crate) fn holds(&self, session: &Session, time: i64) -> bool {
        time >= session.start - SLACK_MS && self.by_time(session, time).is_none()
    }
}

/// Days since 1970 by the clocks on the walls of `zone`.
fn day(zone: &TimeZone, at: i64) -> i64 {
    let seconds = at.div_euclid(1000);
    let offset =
        Timestamp::from_second(seconds).map_or(0, |moment| i64::from(zone.to_offset(moment).seconds()));
    (seconds + offset).div_euclid(DAY_SECONDS)
}

impl Session {
    /// The session of the event of this moment: this one, or the next, whose id is made of this one's.
    pub(crate) fn step(self, moment: &Moment, cuts: &Cuts, next_id: impl FnOnce(Uuid) -> Uuid) -> Self {
        let mut session = match cuts.reason(&self, moment) {
            None => self,
            Some(reason) => Self {
                id: next_id(self.id),
                start: moment.at,
                reason,
                signed_in: false,
                campaign: 0,
                number: self.number.saturating_add(1),
                ..self
            },
        };
        session.last = session.last.max(moment.at);
        session.signed_in = moment.login.unwrap_or(session.signed_in);
        if moment.campaign != 0 {
            session.campaign = moment.campaign;
        }
        session
    }
}

/// The id of the session that follows `session`. `anchor` is the last activity in the cookie that came with the request, 0
/// without one; it stays the same while several events of one request cut, so that a retry of them gets the same ids.
pub(crate) fn next_id(key: &Key, site: &str, visitor: Uuid, session: Uuid, anchor: i64) -> Uuid {
    let mut bytes = [0; 40];
    bytes[..16].copy_from_slice(visitor.as_bytes());
    bytes[16..32].copy_from_slice(session.as_bytes());
    bytes[32..].copy_from_slice(&anchor.to_be_bytes());
    key.ids("session", site, &bytes).0
}

#[cfg(test)]
mod tests;
