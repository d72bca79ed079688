//! A million events of a random world beside the reference, on two nodes that share nothing but their secrets; and what the
//! reference does not know: several cookies, forged ones, takeovers.

#[path = "../../../tests/model/mod.rs"]
mod model;

use super::{Arrival, Farewell, Visit, Who};
use crate::head::Head;
use crate::identity::Trust;
use crate::identity::daily::DailySalts;
use crate::identity::ring::KeyRing;
use crate::sites::live::Table;
use crate::sites::{Site, Sites};
use footfall_schemas::{BeaconEvent, Flag, Flags, Kind};
use hyper::HeaderMap;
use hyper::header::{COOKIE, HeaderValue};
use model::rule::DAY;
use model::world::{Call, Got, Reply, SITES, World};
use std::time::Duration;
use uuid::Uuid;

const NOW: i64 = 1_795_273_446_000;
const PAGE: &str = "01932f4c-8d1e-7c3a-8001-000000000001";

/// One node.
struct Node {
    table: Table,
    ring: KeyRing,
    salts: DailySalts,
}

/// What a request has beside its events.
#[derive(Clone, Copy)]
struct From<'a> {
    site: &'a str,
    cookie: &'a str,
    agent: &'a str,
    gpc: bool,
    ip: &'a str,
    now: i64,
}

const FROM: From<'static> = From {
    site: "plain",
    cookie: "",
    agent: "Mozilla/5.0",
    gpc: false,
    ip: "203.0.113.7",
    now: NOW,
};

fn node(ring: &KeyRing) -> Node {
    let site = |of: &model::rule::Site| {
        let mut site = Site::new(of.key).unwrap();
        site.timezone = of.midnight.unwrap_or("UTC").to_owned();
        site.cookie.mode = toml::Value::String(of.mode.to_owned()).try_into().unwrap();
        site.session.idle = Duration::from_millis(of.idle.unsigned_abs());
        site.session.length = Duration::from_millis(of.length.unsigned_abs());
        site.session.campaign = of.campaign;
        site.session.midnight = of.midnight.is_some();
        site.session.login = of.login;
        site
    };
    let sites: Sites = SITES.iter().map(site).collect();
    Node {
        table: Table::new(&sites, None),
        ring: ring.clone(),
        salts: DailySalts::shared(),
    }
}

/// One request through a node: each event with how long ago it happened.
fn visit(node: &Node, from: From<'_>, events: &[(BeaconEvent<'_>, i64)]) -> (Vec<(Who, Flags)>, Farewell) {
    let mut headers = HeaderMap::new();
    if !from.cookie.is_empty() {
        headers.append(COOKIE, HeaderValue::from_str(from.cookie).unwrap());
    }
    headers.insert("user-agent", HeaderValue::from_str(from.agent).unwrap());
    headers.insert("host", HeaderValue::from_static("in.shop.example"));
    if from.gpc {
        headers.insert("sec-gpc", HeaderValue::from_static("1"));
    }
    let head = Head::read(&headers);
    let arrival = Arrival {
        live: node.table.get(from.site).unwrap(),
        head: &head,
        trust: Trust::Public,
        ip: from.ip.parse().unwrap(),
        now: from.now,
        request: Uuid::from_u128(9),
    };
    let mut visit = Visit::begin(arrival, &node.ring, &node.salts);
    let mut whos = Vec::new();
    for (event, age) in events {
        let mut flags = Flags::default();
        let who = visit.who(event, from.now - age, &mut flags);
        whos.push((who, flags));
    }
    (whos, visit.end())
}

fn text_of(code: impl serde::Serialize) -> String {
    serde_json::to_value(code).unwrap().as_str().unwrap().to_owned()
}

fn answer(nodes: &[Node], call: &Call) -> Reply {
    let node = &nodes[call.node];
    let events: Vec<_> = call
        .events
        .iter()
        .map(|sent| {
            let mut event = BeaconEvent::of(Kind::from_label(sent.kind).unwrap());
            event.page_id = Uuid::from_u128(sent.page).to_string().into();
            event.url = format!("https://shop.example/?{}", sent.campaign).into();
            event.consent = sent.consent.into();
            event.attempt = sent.attempt;
            event.token = sent.token.as_ref().map_or("", |(text, _)| text).into();
            (event, sent.age)
        })
        .collect();
    let agent = format!("browser {}", call.browser);
    let from = From {
        site: SITES[call.site].key,
        cookie: call.cookie.as_deref().unwrap_or_default(),
        agent: &agent,
        gpc: call.gpc,
        now: call.now,
        ..FROM
    };
    let (whos, farewell) = visit(node, from, &events);
    let got = |(who, flags): (Who, Flags)| Got {
        visitor: who.visitor.as_u128(),
        session: who.session.as_u128(),
        start: who.session_start,
        reason: text_of(who.reason),
        late: flags.has(Flag::Late),
        decision: text_of(who.decision),
    };
    Reply {
        received_at: call.now,
        events: whos.into_iter().map(got).collect(),
        token: farewell.token().to_owned(),
        set_cookie: farewell
            .set_cookies()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect(),
    }
}

#[test]
fn a_million_random_events_are_where_the_reference_has_them() {
    let seed = std::env::var("TEST_SEED").map_or(7, |seed| seed.parse().unwrap());
    let wanted = std::env::var("TEST_EVENTS").map_or(1_000_000, |events| events.parse().unwrap());
    let mut world = World::new(seed, 2);
    // Keys that sign from day 30 and from day 300 on.
    let mut ring = KeyRing::random();
    ring.rotate(0, world.clock() + 30 * DAY);
    ring.rotate(0, world.clock() + 300 * DAY);
    let nodes = [node(&ring), node(&ring)];
    while world.compared < wanted {
        for call in world.next() {
            let today = call.now.div_euclid(DAY);
            let node = &nodes[call.node];
            node.salts.tick(call.now);
            for day in [today - 1, today] {
                let mut salt = [0; 32];
                salt[..8].copy_from_slice(&day.to_be_bytes());
                node.salts.offer(day, salt, call.now);
            }
            let reply = answer(&nodes, &call);
            world.settle(call, reply);
        }
    }
    println!(
        "TEST_SEED={seed}: {} events, 0 differences: {:#?}",
        world.compared, world.seen
    );
    for case in [
        "idle",
        "length",
        "campaign",
        "midnight",
        "login",
        "new",
        "late, unproven",
    ] {
        assert!(
            world.seen.contains_key(&format!("cookie {case}")),
            "never met: {case}"
        );
    }
    assert!(world.seen.contains_key("cookieless new") && world.seen.contains_key("page new"));
}

fn view() -> (BeaconEvent<'static>, i64) {
    let mut event = BeaconEvent::of(Kind::PageView);
    event.page_id = PAGE.into();
    (event, 0)
}

fn of_kind(kind: Kind) -> (BeaconEvent<'static>, i64) {
    (BeaconEvent { kind, ..view().0 }, 0)
}

fn elsewhere(cookie: &str) -> From<'_> {
    From {
        cookie,
        ip: "198.51.100.9",
        ..FROM
    }
}

/// The same cookie, but it says that somebody is logged in.
fn logged_in_by_hand(pair: &str) -> String {
    let mut fields: Vec<String> = pair.split('.').map(str::to_owned).collect();
    let reason = fields.len() - 3;
    assert_eq!(&fields[reason][1..2], "0", "{pair}");
    fields[reason].replace_range(1..2, "1");
    fields.join(".")
}

/// The cookie's pair of an answer, as a browser sends it back.
fn pair(farewell: &Farewell) -> String {
    let text = farewell.set_cookie.as_ref().unwrap().to_str().unwrap();
    text.split(';').next().unwrap().to_owned()
}

#[test]
fn of_several_cookies_the_good_one_of_the_latest_session_counts() {
    let node = node(&KeyRing::random());
    let (_, first) = visit(&node, FROM, &[view()]);
    // A campaign, on a node whose clock is behind.
    let mut by_campaign = view();
    by_campaign.0.url = "https://shop.example/?utm_source=news".into();
    let behind = From {
        cookie: &pair(&first),
        now: NOW - 700,
        ..FROM
    };
    let (first_who, newer) = visit(&node, behind, &[by_campaign]);
    assert_ne!(pair(&newer).split('=').next(), pair(&first).split('=').next());
    let other_page = (
        BeaconEvent {
            page_id: "another page".into(),
            ..view().0
        },
        0,
    );
    let (_, other) = visit(&node, FROM, &[other_page]);
    let forged = logged_in_by_hand(&pair(&newer));
    for order in [[&first, &other, &newer], [&newer, &other, &first]] {
        let cookie = order.map(pair).join("; ") + "; " + &forged;
        let (whos, farewell) = visit(
            &node,
            From {
                cookie: &cookie,
                now: NOW + 6000,
                ..FROM
            },
            &[view()],
        );
        assert_eq!(
            (whos[0].0.visitor, whos[0].0.session),
            (first_who[0].0.visitor, first_who[0].0.session)
        );
        assert_eq!((farewell.seen.read, farewell.seen.forged), (3, 1));
        assert_eq!(farewell.deleted.len(), 2, "the others are taken away");
    }
}

#[test]
fn a_forged_cookie_makes_a_new_visitor_and_is_counted() {
    let (ours, theirs) = (node(&KeyRing::random()), node(&KeyRing::random()));
    let (_, good) = visit(&ours, FROM, &[view()]);
    let (_, foreign) = visit(&theirs, FROM, &[view()]);
    let good = pair(&good);
    let last = good.len() - 1;
    let flipped = format!("{}{}", &good[..last], if good.ends_with('0') { '1' } else { '0' });
    let renamed = good.replace("_plain.", "_newyork.");
    let page = (
        BeaconEvent {
            page_id: "p2".into(),
            ..view().0
        },
        0,
    );
    let fresh = visit(&ours, FROM, std::slice::from_ref(&page)).0[0].0.visitor;
    for (cookie, site, seen) in [
        (flipped.as_str(), "plain", (1, 0, 0)),
        (&pair(&foreign), "plain", (0, 1, 0)),
        ("footfall_plain.00000000=x", "plain", (0, 0, 1)),
        (&renamed, "newyork", (0, 0, 1)),
    ] {
        let (whos, farewell) = visit(&ours, From { cookie, site, ..FROM }, std::slice::from_ref(&page));
        let counted = farewell.seen;
        assert_eq!(
            (counted.forged, counted.unknown_key, counted.malformed),
            seen,
            "{cookie}"
        );
        assert!(site != "plain" || whos[0].0.visitor == fresh, "{cookie}");
        assert!(
            farewell.set_cookie.is_some() && farewell.deleted.len() == 1,
            "a good one is set in its place"
        );
    }
}

#[test]
fn a_session_that_goes_on_elsewhere_is_told_once_and_only_of_somebody_logged_in() {
    let node = node(&KeyRing::random());
    let (_, anonymous) = visit(&node, FROM, &[view()]);
    assert_eq!(
        visit(&node, elsewhere(&pair(&anonymous)), &[view()]).1.takeover,
        None
    );
    let (whos, logged_in) = visit(
        &node,
        From {
            cookie: &pair(&anonymous),
            ..FROM
        },
        &[of_kind(Kind::Login)],
    );
    let cookie = pair(&logged_in);
    assert_eq!(
        visit(
            &node,
            From {
                cookie: &cookie,
                ip: "203.0.113.99",
                ..FROM
            },
            &[view()]
        )
        .1
        .takeover,
        None,
        "the same /24"
    );
    let (_, moved) = visit(&node, elsewhere(&cookie), &[view()]);
    let takeover = moved.takeover.unwrap();
    assert_eq!((takeover.network, takeover.agent), (true, false));
    assert_eq!(
        (takeover.visitor, takeover.session.id),
        (whos[0].0.visitor, whos[0].0.session)
    );
    assert_eq!(
        visit(&node, elsewhere(&pair(&moved)), &[view()]).1.takeover,
        None,
        "told already"
    );
    let (_, agent) = visit(
        &node,
        From {
            cookie: &cookie,
            agent: "curl",
            ..FROM
        },
        &[view()],
    );
    assert!(
        agent
            .takeover
            .is_some_and(|takeover| takeover.agent && !takeover.network)
    );
    let (_, out) = visit(
        &node,
        From {
            cookie: &cookie,
            ..FROM
        },
        &[of_kind(Kind::Logout)],
    );
    assert_eq!(
        visit(&node, elsewhere(&pair(&out)), &[view()]).1.takeover,
        None,
        "logged out"
    );
    let tomorrow = From {
        now: NOW + DAY,
        ..elsewhere(&cookie)
    };
    assert_eq!(
        visit(&node, tomorrow, &[view()]).1.takeover,
        None,
        "another session"
    );
}
