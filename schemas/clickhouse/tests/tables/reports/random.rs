//! Random data sets and questions: several sites, late events, sessions over midnight and over the range's edges, machines,
//! logins, visitors without a cookie and without an id, what an operator takes back, identical times, empty strings, other
//! scripts, days on which clocks change. [`books`] has what the ledger says beside them.

pub(super) mod books;
mod dice;

pub(super) use dice::Random;

use super::reference::{Event, Question};
use footfall_schemas::{Flag, Flags};
use footfall_tables::DIMENSIONS;
use std::borrow::Cow;
use uuid::Uuid;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const NEVER: i64 = 7_258_000_000_000;

/// Days around which data lie: clocks change in Europe, America, Lord Howe; and one without a change.
const MIDDLES: &[i64] = &[
    1_792_900_800_000,
    1_793_520_000_000,
    1_774_756_800_000,
    1_791_072_000_000,
    1_795_168_800_000,
];
pub(super) const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Apia",
    "Australia/Sydney",
];
const COUNTRIES: &[&str] = &["", "DE", "AT", "CH"];
const CITIES: &[&str] = &["", "Wien", "Zürich", "北京", "O'Higgins"];
const BROWSERS: &[&str] = &["Chrome", "Firefox", ""];
const DEVICES: &[&str] = &["mobile", "desktop", ""];
/// Path and template.
const PAGES: &[(&str, &str)] = &[
    ("/", "/"),
    ("/docs/a", "/docs/a"),
    ("/docs/b_%", "/docs/b_%"),
    ("/item/1", "/item/:id"),
    ("/item/2", "/item/:id"),
    ("/über/uns", "/über/uns"),
    ("/x\\y", "/x\\y"),
    ("", ""),
    ("/pricing", "/pricing"),
];
/// Channel, source, medium.
const BROUGHT: &[[&str; 3]] = &[
    ["", "", ""],
    ["direct", "(direct)", "(none)"],
    ["email", "letter", "email"],
    ["organic_search", "google", "organic"],
];
/// None (then there is a hash), IPv4 mapped, IPv6.
const ADDRESSES: &[&str] = &["::", "::ffff:203.0.113.0", "2001:db8:1::"];
const NAMES: &[&str] = &["signup", "sign_up", "video", "(other)", "$takeover"];
const USERS: &[&str] = &["ada", "bob"];

/// How a session goes.
struct Plan {
    site: &'static str,
    visitor: Uuid,
    session: Uuid,
    start: i64,
    events: usize,
    /// Longest pause between two events, ms.
    pause: i64,
    machine: bool,
    /// Only looks at pages.
    reader: bool,
    server: bool,
    country: &'static str,
    browser: &'static str,
    brought: [&'static str; 3],
    cookieless: bool,
}

/// The events of one seed, with the day around which they lie. `site` is the one that is asked about; there is another with
/// the same visitors.
pub(super) fn events(random: &mut Random, site: &'static str) -> (i64, Vec<Event>) {
    let middle = random.pick(MIDDLES);
    (middle, events_around(random, site, middle, 10 * DAY))
}

/// Sessions that begin in the `spread` ms around `middle`.
pub(super) fn events_around(random: &mut Random, site: &'static str, middle: i64, spread: i64) -> Vec<Event> {
    let visitors: Vec<_> = (0..40).map(|_| random.uuid()).collect();
    let logs = [random.log_id(), random.log_id()];
    let mut all = Vec::new();
    for _ in 0..80 + random.below(120) {
        let start = middle - spread / 2 + random.upto(spread);
        let plan = plan(random, site, start, &visitors);
        let first = all.len();
        session(random, &plan, &mut all);
        let log_id = random.pick(&logs);
        all[first..].iter_mut().for_each(|event| event.log_id = log_id);
    }
    // An insert that came twice: the books show it, and a report counts what is there.
    let twice: Vec<_> = all
        .iter()
        .filter(|event| event.kind == "page_view" && event.seq == 0)
        .cloned()
        .collect();
    all.extend(twice.into_iter().filter(|_| random.once_in(20)));
    all
}

fn plan(random: &mut Random, site: &'static str, start: i64, visitors: &[Uuid]) -> Plan {
    let machine = random.once_in(12);
    let far = if random.once_in(15) { 40 * DAY } else { 0 };
    let server = random.once_in(10);
    let nobody = server && random.once_in(3);
    Plan {
        site: if random.once_in(8) { "elsewhere" } else { site },
        visitor: if nobody {
            Uuid::nil()
        } else {
            random.pick(visitors)
        },
        session: random.uuid(),
        start: start - far,
        events: if machine {
            18 + random.below(60)
        } else {
            1 + random.below(12)
        },
        pause: random.pick(&[0, 300, 20 * SECOND, 5 * MINUTE, 29 * MINUTE, 3 * HOUR]),
        machine,
        reader: random.once_in(2),
        server,
        country: random.pick(COUNTRIES),
        browser: random.pick(BROWSERS),
        brought: random.pick(BROUGHT),
        cookieless: random.once_in(6),
    }
}

fn session(random: &mut Random, plan: &Plan, all: &mut Vec<Event>) {
    let mut time = plan.start;
    let mut page_id = random.uuid();
    for nth in 0..plan.events {
        if nth > 0 {
            time += random.upto(plan.pause);
        }
        if random.once_in(3) {
            page_id = if random.once_in(9) {
                Uuid::nil()
            } else {
                random.uuid()
            };
        }
        let mut event = event(random, plan, time, nth);
        if random.once_in(100) {
            unlink(random, plan, &mut event);
        }
        event.page_id = page_id;
        event.event_id = random.uuid();
        event.log_seq = u64::try_from(all.len()).unwrap() + 1;
        all.push(event);
    }
}

/// Makes of an event an operator's word, or a page's that counts for nothing.
fn unlink(random: &mut Random, plan: &Plan, event: &mut Event) {
    let visitor: &'static str = Box::leak(plan.visitor.to_string().into_boxed_str());
    let mut props = Vec::new();
    if !plan.visitor.is_nil() && !random.once_in(3) {
        props.push((Cow::Borrowed("visitor"), Cow::Borrowed(visitor)));
    }
    if !random.once_in(3) {
        props.push((Cow::Borrowed("user"), Cow::Borrowed(random.pick(USERS))));
    }
    (event.kind, event.name, event.user_id) = ("custom", "$unlink", "");
    event.props = Box::leak(props.into_boxed_slice());
    event.flags.set_if(Flag::Server, !random.once_in(4));
}

fn kind(random: &mut Random, plan: &Plan) -> &'static str {
    if plan.machine && !random.once_in(6) {
        return "page_view";
    }
    if plan.reader && !random.once_in(20) {
        return random.pick(&["page_view", "page_leave"]);
    }
    random.pick(&[
        "page_view",
        "page_view",
        "page_view",
        "page_leave",
        "page_leave",
        "click",
        "custom",
        "custom",
        "consent",
        "login",
        "login_failed",
        "logout",
        "identify",
    ])
}

/// What surrounds an event: who, when, and by which machine.
fn around(random: &mut Random, plan: &Plan, time: i64) -> Event {
    let late = match random.below(10) {
        0 => random.upto(29 * DAY),
        1 => -random.upto(4 * MINUTE),
        _ => random.upto(SECOND),
    };
    let mut flags = Flags::default();
    flags.set_if(Flag::Server, plan.server);
    flags.set_if(Flag::Pixel, !plan.server && random.once_in(15));
    let told = !plan.machine && random.once_in(60) || plan.machine && random.once_in(40);
    Event {
        site: plan.site,
        visitor_id: plan.visitor,
        session_id: plan.session,
        session_start: plan.start,
        decision: if plan.cookieless { "cookieless" } else { "cookie" },
        time,
        received_at: time + late,
        flags,
        bot_score: if told {
            90
        } else {
            u8::try_from(random.below(50)).unwrap()
        },
        bot_reasons: if told { &["bot_word", "no_language"] } else { &[] },
        user_agent: random.pick(&["agent one", "agent two"]),
        ip: random.pick(ADDRESSES).parse().unwrap(),
        ip_hash: "9f86d081",
        country: if random.once_in(10) {
            random.pick(COUNTRIES)
        } else {
            plan.country
        },
        city: random.pick(CITIES),
        browser: plan.browser,
        device_type: random.pick(DEVICES),
        os: random.pick(&["Linux", "iOS"]),
        language: random.pick(&["de-AT", "zh-Hans", ""]),
        timezone: random.pick(ZONES),
        insert_deadline: NEVER,
        ..Event::default()
    }
}

fn event(random: &mut Random, plan: &Plan, time: i64, nth: usize) -> Event {
    let kind = kind(random, plan);
    let page = random.pick(PAGES);
    let has_page = !(plan.server && random.once_in(2));
    let says = nth == 0 || random.once_in(6);
    let engaged = kind == "page_leave" && !plan.machine;
    Event {
        kind,
        name: match kind {
            "custom" => random.pick(NAMES),
            "click" => random.pick(&["outbound", "download", ""]),
            _ => "",
        },
        seq: if random.once_in(5) {
            0
        } else {
            u32::try_from(nth).unwrap() + 1
        },
        url: if has_page { "https://shop.example/" } else { "" },
        host: if has_page { "shop.example" } else { "" },
        path: if has_page { page.0 } else { "" },
        path_template: if has_page { page.1 } else { "" },
        title: if random.once_in(4) {
            ""
        } else {
            random.pick(&["One", "Zwei"])
        },
        channel: if says { plan.brought[0] } else { "" },
        source: if says { plan.brought[1] } else { "" },
        medium: if says { plan.brought[2] } else { "" },
        referrer_host: if says {
            random.pick(&["", "news.example"])
        } else {
            ""
        },
        referrer_path: "/from",
        utm_campaign: if says { random.pick(&["", "spring"]) } else { "" },
        user_id: if matches!(kind, "login" | "login_failed" | "identify") || random.once_in(40) {
            random.pick(USERS)
        } else {
            ""
        },
        engagement_ms: if engaged {
            u32::try_from(random.below(50_000)).unwrap()
        } else {
            0
        },
        scroll: if engaged {
            u32::try_from(random.below(101)).unwrap()
        } else {
            0
        },
        props: props(random, kind),
        ..around(random, plan, time)
    }
}

type Props = &'static [(Cow<'static, str>, Cow<'static, str>)];

fn props(random: &mut Random, kind: &str) -> Props {
    const LINK: Props = &[(Cow::Borrowed("href"), Cow::Borrowed("https://other.example/ä"))];
    const FILE: Props = &[(Cow::Borrowed("href"), Cow::Borrowed("/list.pdf"))];
    const MISSING: Props = &[(Cow::Borrowed("status"), Cow::Borrowed("404"))];
    const WRONG: Props = &[(Cow::Borrowed("status"), Cow::Borrowed("no number"))];
    const REASON: Props = &[(Cow::Borrowed("reason"), Cow::Borrowed("wrong password"))];
    match kind {
        "login_failed" => random.pick(&[REASON, &[]]),
        "click" => random.pick(&[LINK, FILE, &[]]),
        "page_view" if random.once_in(6) => random.pick(&[MISSING, WRONG]),
        _ => &[],
    }
}

/// A question about the site, mostly one that has an answer.
pub(super) fn question(random: &mut Random, site: &'static str, middle: i64, events: &[Event]) -> Question {
    let since = middle - random.upto(6 * DAY);
    let long = random.pick(&[DAY, 3 * DAY, 9 * DAY, 9 * DAY]);
    let filters = (0..random.pick(&[0, 0, 1, 1, 2, 3]))
        .map(|_| filter(random, events))
        .collect();
    Question {
        site,
        since,
        until: since + random.upto(long) - if random.once_in(20) { DAY } else { 0 },
        timezone: random.pick(ZONES),
        bots: u8::try_from(random.pick(&[0, 0, 0, 1, 2])).unwrap(),
        filters,
    }
}

/// A dimension, with values of which most occur.
fn filter(random: &mut Random, events: &[Event]) -> (String, Vec<String>) {
    let likely = [
        "country",
        "channel",
        "path",
        "entry_path",
        "browser",
        "source",
        "type",
    ];
    let name = if random.once_in(2) {
        random.pick(&likely)
    } else {
        random.pick(DIMENSIONS).name
    };
    let values = (0..random.pick(&[0, 1, 2, 3])).map(|_| {
        let event = &events[random.below(events.len())];
        match random.below(8) {
            0 => "it's \\ nowhere".to_owned(),
            _ => super::reference::plain_value(event, name),
        }
    });
    let values = values.collect();
    let sign = if random.once_in(3) { "!" } else { "" };
    (format!("{sign}{name}"), values)
}
