//! Whose each event is: the statements of a visitor in their order, the links that they make, and the events by the links.

use super::{Answer, Cell, Event, count, order, turn, zone};
use footfall_schemas::Flag;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use uuid::Uuid;

/// As long as a link holds.
const FOREVER: i64 = i64::MAX;

/// Something said about who a visitor is.
struct Statement<'a> {
    event: &'a Event,
    /// When it was said: never before what the same page said earlier.
    said_at: i64,
    /// Whom it makes of the visitor; empty: nobody is known any more.
    user: &'a str,
}

/// A stretch of time in which a visitor was a user.
struct Link<'a> {
    user: &'a str,
    since: i64,
    until: i64,
}

/// Where a statement holds: the visitor, and without a cookie the page load.
type Scope = (Uuid, Uuid);

fn scope(event: &Event) -> Scope {
    let page = if event.decision == "cookieless" {
        event.page_id
    } else {
        Uuid::nil()
    };
    (event.visitor_id, page)
}

fn prop<'a>(event: &'a Event, name: &str) -> &'a str {
    let found = event.props.iter().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value.as_ref())
}

fn is_statement(event: &Event) -> bool {
    event.kind == "logout" || ["identify", "login"].contains(&event.kind) && !event.user_id.is_empty()
}

/// Whether an operator has taken back what was said by then: of the visitor, of the user, or of the one on the other.
fn is_void(event: &Event, said_at: i64, site: &[&Event]) -> bool {
    site.iter().any(|unlink| {
        let (visitor, user) = (prop(unlink, "visitor"), prop(unlink, "user"));
        let of_visitor = visitor.is_empty() || visitor == event.visitor_id.to_string();
        let of_user = user.is_empty() || user == event.user_id;
        unlink.kind == "custom"
            && unlink.name == "$unlink"
            && unlink.flags.has(Flag::Server)
            && !(visitor.is_empty() && user.is_empty())
            && of_visitor
            && of_user
            && unlink.time >= said_at
    })
}

fn statements<'a>(site: &[&'a Event]) -> Vec<Statement<'a>> {
    let all: Vec<_> = site.iter().copied().filter(|event| is_statement(event)).collect();
    let said_at = |event: &Event| {
        let number = |event: &Event| (event.seq, order(event.log_id), event.log_seq);
        let same_page = all.iter().filter(|other| {
            other.visitor_id == event.visitor_id
                && other.page_id == event.page_id
                && other.seq > 0
                && number(other) <= number(event)
        });
        let earlier = same_page.map(|other| other.time).max();
        if event.seq > 0 {
            earlier.unwrap()
        } else {
            event.time
        }
    };
    let mut statements: Vec<_> = all
        .iter()
        .map(|event| {
            let said_at = said_at(event);
            let says = event.kind != "logout" && !is_void(event, said_at, site);
            let user = if says { event.user_id } else { "" };
            Statement { event, said_at, user }
        })
        .collect();
    statements.sort_by_key(|of| {
        (
            of.said_at,
            order(of.event.page_id),
            of.event.seq,
            order(of.event.log_id),
            of.event.log_seq,
        )
    });
    statements
}

/// The links of each scope, the last that begins at an instant only.
fn links<'a>(statements: &[Statement<'a>]) -> BTreeMap<Scope, Vec<Link<'a>>> {
    let mut scopes: BTreeMap<Scope, Vec<&Statement<'a>>> = BTreeMap::new();
    for statement in statements {
        scopes.entry(scope(statement.event)).or_default().push(statement);
    }
    let mut all = BTreeMap::new();
    for (scope, said) in scopes {
        let mut links: Vec<Link<'a>> = Vec::new();
        let mut user_before = "";
        for (nth, statement) in said.iter().enumerate() {
            if nth > 0 && statement.user == user_before {
                continue;
            }
            user_before = statement.user;
            if let Some(last) = links.last_mut().filter(|last| last.until == FOREVER) {
                last.until = statement.said_at;
            }
            if !statement.user.is_empty() {
                let since = if nth == 0 { 0 } else { statement.said_at };
                links.retain(|link| link.since < since);
                links.push(Link {
                    user: statement.user,
                    since,
                    until: FOREVER,
                });
            }
        }
        all.insert(scope, links);
    }
    all
}

/// The user of each event of a site, by the event's id; who has none is not in it.
pub(crate) fn resolve<'a>(site: &str, events: &'a [Event]) -> BTreeMap<Uuid, &'a str> {
    let site: Vec<_> = events.iter().filter(|event| event.site == site).collect();
    let statements = statements(&site);
    let links = links(&statements);
    let void = |event: &Event| {
        let said = statements.iter().find(|of| of.event.event_id == event.event_id);
        said.is_some_and(|of| is_void(event, of.said_at, &site))
    };
    let mut users = BTreeMap::new();
    for event in &site {
        if event.kind != "login_failed" && !event.user_id.is_empty() && !void(event) {
            users.insert(event.event_id, event.user_id);
            continue;
        }
        let of_visitor = links.get(&scope(event)).into_iter().flatten();
        let latest = of_visitor
            .filter(|link| link.since <= event.time)
            .max_by_key(|link| link.since);
        let holds =
            |link: &&Link<'_>| event.time < link.until || event.kind == "logout" && event.time == link.until;
        if let Some(link) = latest.filter(holds) {
            users.insert(event.event_id, link.user);
        }
    }
    users
}

/// What happened around logins, and to whom; of a failed login whom somebody tried to be.
struct Happened<'a> {
    event: &'a Event,
    what: &'static str,
    user: &'a str,
}

pub(crate) fn logins(site: &str, since: i64, until: i64, events: &[Event]) -> Answer {
    let users = resolve(site, events);
    let mut all: Vec<_> = events
        .iter()
        .filter(|event| event.site == site)
        .filter_map(|event| {
            let resolved = users.get(&event.event_id).copied().unwrap_or("");
            let (what, user) = match (event.kind, event.name) {
                ("login_failed", _) => ("login_failed", event.user_id),
                (what @ ("login" | "logout"), _) => (what, resolved),
                ("custom", "$takeover") => ("takeover", resolved),
                _ => return None,
            };
            Some(Happened { event, what, user })
        })
        .collect();
    all.sort_by_key(|of| (Reverse(of.event.time), order(of.event.event_id)));
    let asked = all
        .iter()
        .filter(|of| since <= of.event.time && of.event.time < until);
    asked.map(|of| login_line(of, &all)).collect()
}

fn login_line(of: &Happened<'_>, all: &[Happened<'_>]) -> Vec<Cell> {
    let event = of.event;
    let before = all.iter().any(|other| {
        (other.what, other.user, other.event.visitor_id) == ("login", of.user, event.visitor_id)
            && turn(other.event) < turn(event)
    });
    let hour = event.time - 60 * 60 * 1_000..=event.time;
    let failed = all.iter().filter(|other| {
        (other.what, other.user) == ("login_failed", of.user)
            && hour.contains(&other.event.time)
            && other.event.event_id != event.event_id
    });
    let address = match event.ip {
        ip if ip.is_unspecified() => event.ip_hash.to_owned(),
        ip => ip.to_canonical().to_string(),
    };
    vec![
        zone::millis(event.time).as_str().into(),
        of.what.into(),
        of.user.into(),
        event.visitor_id.to_string().as_str().into(),
        event.session_id.to_string().as_str().into(),
        address.as_str().into(),
        event.country.into(),
        event.city.into(),
        event.browser.into(),
        event.os.into(),
        event.device_type.into(),
        prop(event, "reason").into(),
        u64::from(of.what == "login" && !before).into(),
        count(failed.count()).into(),
    ]
}
