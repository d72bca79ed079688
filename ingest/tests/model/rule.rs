//! The reference: what one request's events belong to, from what the browser's cookie said when it was sent.

use jiff::{Timestamp, civil::Date};

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// One tenant.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) key: &'static str,
    /// `always` or `consent`.
    pub(crate) mode: &'static str,
    pub(crate) idle: i64,
    pub(crate) length: i64,
    pub(crate) campaign: bool,
    pub(crate) midnight: Option<&'static str>,
    pub(crate) login: bool,
}

/// What an id is the id of. Two names are equal if and only if their ids must be.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Name {
    /// First visitor or session of a page load.
    PageVisitor(usize, u128),
    PageSession(usize, u128),
    /// Of a browser without a cookie on a day.
    DayVisitor(usize, usize, i64),
    DaySession(usize, usize, i64),
    /// What follows a session whose last activity the old cookie had at that moment; all by number, see `Names`.
    After(u64, u64, i64),
    /// What nothing proves.
    Late(u64, u128),
}

/// Names by number.
#[derive(Default)]
pub(crate) struct Names(std::collections::HashMap<Name, u64>);

impl Names {
    pub(crate) fn number(&mut self, name: Name) -> u64 {
        let next = self.0.len() as u64;
        *self.0.entry(name).or_insert(next)
    }
}

/// What a cookie says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) visitor: u64,
    pub(crate) session: u64,
    pub(crate) start: i64,
    pub(crate) last: i64,
    pub(crate) reason: &'static str,
    pub(crate) campaign: String,
    /// How many sessions the visitor has had.
    pub(crate) number: u32,
}

/// One event as the page sends it.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) page: u128,
    pub(crate) kind: &'static str,
    /// The campaign's parameters in the page's address, or nothing.
    pub(crate) campaign: String,
    pub(crate) consent: &'static str,
    pub(crate) attempt: u32,
    /// How long ago it happened when it is sent.
    pub(crate) age: i64,
    /// The token that was kept with it: its text, and what it was handed out for.
    pub(crate) token: Option<(String, Known)>,
}

/// What an event must come out as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) visitor: u64,
    pub(crate) session: u64,
    pub(crate) start: i64,
    pub(crate) reason: &'static str,
    pub(crate) late: bool,
    pub(crate) decision: &'static str,
}

/// What the answer must do to the browser's cookies, which are called after their sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    Nothing,
    /// Keep this one, and throw away the others that the request brought.
    Set(Known),
    /// Throw away all that the request brought.
    Delete,
}

/// One request.
pub(crate) struct Request<'a> {
    pub(crate) site: &'a Site,
    pub(crate) site_number: usize,
    pub(crate) browser: usize,
    pub(crate) gpc: bool,
    /// What counted of all that the browser had when it sent this.
    pub(crate) cookie: Option<Known>,
    pub(crate) events: &'a [Sent],
    pub(crate) now: i64,
}

/// Judges a request.
pub(crate) fn judge(request: &Request<'_>, names: &mut Names) -> (Vec<Expected>, Order) {
    let mut came = request.cookie.clone();
    let mut goes: Option<Known> = None;
    let mut order = Order::Nothing;
    let mut expected = Vec::new();
    for event in request.events {
        let late = event.age > MINUTE;
        let cookie_allowed = match (event.consent, request.site.mode, request.gpc) {
            ("granted", ..) => true,
            ("refused", ..) | (_, _, true) => {
                if !late {
                    order = Order::Delete;
                    came = None;
                    goes = None;
                }
                false
            }
            (_, "always", _) => true,
            _ => false,
        };
        if !cookie_allowed {
            expected.push(without_cookie(request, event, names));
        } else if late {
            expected.push(late_event(request, event, came.as_ref(), names));
        } else {
            let before = goes.clone().or_else(|| came.clone());
            let cookie = before.unwrap_or_else(|| first(request, event, names));
            let anchor = came.as_ref().map_or(0, |came| came.last);
            let after = now_event(request, event, cookie, anchor, names);
            if came.is_some() || event.attempt <= 1 || matches!(order, Order::Set(_)) {
                order = Order::Set(after.clone());
            }
            expected.push(Expected {
                visitor: after.visitor,
                session: after.session,
                start: after.start,
                reason: after.reason,
                late: false,
                decision: "cookie",
            });
            goes = Some(after);
        }
    }
    (expected, order)
}

/// The cookie of the latest session; of two from one session that of the greater id, which names say.
pub(crate) fn newest<'a>(cookies: impl Iterator<Item = (&'a str, &'a Known)>) -> Option<&'a Known> {
    let latest = cookies.max_by_key(|(name, known)| (known.number, *name));
    latest.map(|(_, known)| known)
}

fn first(request: &Request<'_>, event: &Sent, names: &mut Names) -> Known {
    let site = request.site_number;
    let day = request.now.div_euclid(DAY);
    let session = if event.kind == "consent" && event.consent == "granted" {
        Name::DaySession(site, request.browser, day)
    } else {
        Name::PageSession(site, event.page)
    };
    Known {
        visitor: names.number(Name::PageVisitor(site, event.page)),
        session: names.number(session),
        start: request.now,
        last: request.now,
        reason: "new",
        campaign: String::new(),
        number: 1,
    }
}

/// An event that happens now: does it end the session?
fn now_event(
    request: &Request<'_>,
    event: &Sent,
    mut cookie: Known,
    anchor: i64,
    names: &mut Names,
) -> Known {
    let site = request.site;
    let campaign = if event.kind == "page_view" {
        event.campaign.as_str()
    } else {
        ""
    };
    let cut = if let Some(reason) = over(site, &cookie, request.now) {
        Some(reason)
    } else if site.campaign && !campaign.is_empty() && campaign != cookie.campaign {
        Some("campaign")
    } else if site.login && ["login", "logout"].contains(&event.kind) {
        Some("login")
    } else {
        None
    };
    if let Some(reason) = cut {
        cookie.session = names.number(Name::After(cookie.visitor, cookie.session, anchor));
        cookie.start = request.now;
        cookie.number += 1;
        cookie.reason = reason;
        cookie.campaign = String::new();
    }
    if site.campaign && !campaign.is_empty() {
        cookie.campaign = campaign.to_owned();
    }
    cookie.last = cookie.last.max(request.now);
    cookie
}

/// Whether time alone has ended a session.
fn over(site: &Site, cookie: &Known, at: i64) -> Option<&'static str> {
    if at >= cookie.last + site.idle {
        return Some("idle");
    }
    if at >= cookie.start + site.length {
        return Some("length");
    }
    let zone = site.midnight?;
    (date(at, zone) > date(cookie.last, zone)).then_some("midnight")
}

fn date(at: i64, zone: &str) -> Date {
    let moment = Timestamp::from_millisecond(at).unwrap();
    moment.in_tz(zone).unwrap().date()
}

/// An event that happened long before it came: in the session of the cookie, or of its token, or in one of its own.
fn late_event(request: &Request<'_>, event: &Sent, came: Option<&Known>, names: &mut Names) -> Expected {
    let time = request.now - event.age;
    let of_page = Name::PageVisitor(request.site_number, event.page);
    let visitor = came.map_or_else(|| names.number(of_page), |came| came.visitor);
    let token = event.token.as_ref().map(|(_, token)| token);
    let token = token.filter(|token| token.visitor == visitor);
    for session in [came, token].into_iter().flatten() {
        if time >= session.start - MINUTE && over(request.site, session, time).is_none() {
            return Expected {
                visitor,
                session: session.session,
                start: session.start,
                reason: session.reason,
                late: false,
                decision: "cookie",
            };
        }
    }
    Expected {
        visitor,
        session: names.number(Name::Late(visitor, event.page)),
        start: time,
        reason: "new",
        late: true,
        decision: "cookie",
    }
}

fn without_cookie(request: &Request<'_>, event: &Sent, names: &mut Names) -> Expected {
    let (site, time) = (request.site_number, request.now - event.age);
    let day = time.div_euclid(DAY);
    let has_salt = day > request.now.div_euclid(DAY) - 2;
    let (visitor, session, decision) = if has_salt {
        (
            Name::DayVisitor(site, request.browser, day),
            Name::DaySession(site, request.browser, day),
            "cookieless",
        )
    } else {
        (
            Name::PageVisitor(site, event.page),
            Name::PageSession(site, event.page),
            "page",
        )
    };
    Expected {
        visitor: names.number(visitor),
        session: names.number(session),
        start: if event.age > MINUTE { time } else { request.now },
        reason: "new",
        late: false,
        decision,
    }
}
