//! Sites, browsers with several tabs, nodes whose clocks differ, answers that overtake each other or never come; and the
//! comparison of what came out with what the reference says.

use super::dice::Dice;
use super::jar::{Change, Kept, latest};
use super::rule::{DAY, Expected, HOUR, Known, MINUTE, Names, Order, Request, Sent, Site, judge};
use std::collections::HashMap;

/// Sites with every cut on and off, in zones with and without daylight saving time.
pub(crate) const SITES: [Site; 4] = [
    site("plain", "always", 30 * MINUTE, None, (true, false)),
    site(
        "berlin",
        "always",
        30 * MINUTE,
        Some("Europe/Berlin"),
        (true, true),
    ),
    site(
        "lordhowe",
        "consent",
        10 * MINUTE,
        Some("Australia/Lord_Howe"),
        (false, true),
    ),
    site(
        "newyork",
        "always",
        6 * HOUR,
        Some("America/New_York"),
        (false, false),
    ),
];

const fn site(
    key: &'static str,
    mode: &'static str,
    idle: i64,
    midnight: Option<&'static str>,
    (campaign, login): (bool, bool),
) -> Site {
    Site {
        key,
        mode,
        idle,
        length: 24 * HOUR,
        campaign,
        midnight,
        login,
    }
}

/// Where the world's clock begins: 2026-03-27, before summer time begins in Berlin.
pub(crate) const BEGIN: i64 = 1_774_569_600_000;

/// A request on its way.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) node: usize,
    pub(crate) site: usize,
    pub(crate) browser: usize,
    pub(crate) gpc: bool,
    /// By the node's clock.
    pub(crate) now: i64,
    /// The cookies' texts in the browser.
    pub(crate) cookie: Option<String>,
    pub(crate) events: Vec<Sent>,
    /// The cookies that it was sent with.
    pub(crate) kept: Vec<Kept>,
}

/// What became of an event.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) visitor: u128,
    pub(crate) session: u128,
    pub(crate) start: i64,
    pub(crate) reason: String,
    pub(crate) late: bool,
    pub(crate) decision: String,
}

/// What came back.
pub(crate) struct Reply {
    /// The node's one look at its clock.
    pub(crate) received_at: i64,
    pub(crate) events: Vec<Got>,
    /// `Set-Cookie`.
    pub(crate) set_cookie: Vec<String>,
    pub(crate) token: String,
}

#[derive(Default)]
struct Browser {
    gpc: bool,
    jar: Vec<Kept>,
    /// Each with its page load and the latest token.
    tabs: Vec<(u128, Option<(String, Known)>)>,
    consent: &'static str,
}

/// Everything; see the module.
pub(crate) struct World {
    dice: Dice,
    clock: i64,
    skew: Vec<i64>,
    /// By site and number.
    browsers: Vec<Vec<Browser>>,
    /// Answers that have not reached their browser yet.
    underway: Vec<(Call, Change)>,
    names: Names,
    ids: HashMap<u128, u64>,
    numbers: HashMap<u64, u128>,
    pages: u128,
    pub(crate) compared: u64,
    /// Sessions by reason, late events, and so on: what the run has seen.
    pub(crate) seen: HashMap<String, u64>,
}

const BROWSERS: u64 = 12;

impl World {
    pub(crate) fn new(seed: u64, nodes: usize) -> Self {
        let browser = |number: u64| Browser {
            gpc: number == 0,
            consent: "",
            ..Browser::default()
        };
        Self {
            dice: Dice::new(seed),
            clock: BEGIN,
            skew: (0..nodes).map(|node| [0, -700][node % 2]).collect(),
            browsers: SITES
                .iter()
                .map(|_| (0..BROWSERS).map(browser).collect())
                .collect(),
            underway: Vec::new(),
            names: Names::default(),
            ids: HashMap::new(),
            numbers: HashMap::new(),
            pages: u128::from(seed) << 64,
            compared: 0,
            seen: HashMap::new(),
        }
    }

    pub(crate) const fn clock(&self) -> i64 {
        self.clock
    }

    /// The next requests: of one browser, all sent before an answer to any of them.
    pub(crate) fn next(&mut self) -> Vec<Call> {
        self.pass_time();
        let site = usize::try_from(self.dice.below(SITES.len() as u64)).unwrap();
        let browser = usize::try_from(self.dice.below(BROWSERS)).unwrap();
        if self.dice.once_in(40) {
            self.browsers[site][browser].jar.clear();
        }
        let count = self.dice.of(&[1, 1, 1, 2, 3]);
        let calls: Vec<Call> = (0..count).map(|_| self.call(site, browser)).collect();
        // The same request again: its answer was lost, and the cookie with it.
        if self.dice.once_in(10) {
            let mut again = calls.clone();
            again.extend(calls);
            return again;
        }
        calls
    }

    fn pass_time(&mut self) {
        self.clock += match self.dice.below(1000) {
            0..=700 => i64::try_from(self.dice.below(20_000)).unwrap(),
            701..=980 => i64::try_from(self.dice.below(10 * 60_000)).unwrap(),
            981..=995 => self.dice.of(&[
                10 * MINUTE - 1,
                10 * MINUTE,
                30 * MINUTE - 1,
                30 * MINUTE,
                30 * MINUTE + 1,
            ]),
            996..=998 => i64::try_from(self.dice.below(8 * 3_600_000)).unwrap(),
            _ => 24 * HOUR,
        };
    }

    fn call(&mut self, site: usize, browser: usize) -> Call {
        let node = usize::try_from(self.dice.below(self.skew.len() as u64)).unwrap();
        let tab = self.tab(site, browser);
        let events = (0..self.dice.of(&[1, 1, 2, 3])).map(|_| self.event(site, browser, tab));
        let events = events.collect();
        let owner = &self.browsers[site][browser];
        Call {
            node,
            site,
            browser,
            gpc: owner.gpc,
            now: self.clock + self.skew[node],
            cookie: (!owner.jar.is_empty()).then(|| {
                let pairs = owner
                    .jar
                    .iter()
                    .map(|kept| format!("{}={}", kept.name, kept.value));
                pairs.collect::<Vec<_>>().join("; ")
            }),
            kept: owner.jar.clone(),
            events,
        }
    }

    /// One of the open tabs, or a new one; at most four are open.
    fn tab(&mut self, site: usize, browser: usize) -> usize {
        let tabs = self.browsers[site][browser].tabs.len();
        if tabs > 0 && !self.dice.once_in(8) {
            return usize::try_from(self.dice.below(tabs as u64)).unwrap();
        }
        self.pages += 1;
        let tabs = &mut self.browsers[site][browser].tabs;
        if tabs.len() == 4 {
            tabs.remove(0);
        }
        tabs.push((self.pages, None));
        tabs.len() - 1
    }

    fn event(&mut self, site: usize, browser: usize, tab: usize) -> Sent {
        let dice = &mut self.dice;
        let kind = dice.of(&[
            "page_view",
            "page_view",
            "click",
            "page_leave",
            "click",
            "consent",
            "login",
            "logout",
        ]);
        let kind = if ["consent", "login", "logout"].contains(&kind) && !dice.once_in(3) {
            "click"
        } else {
            kind
        };
        let owner = &mut self.browsers[site][browser];
        if kind == "consent" {
            owner.consent = dice.of(&["granted", "granted", "refused"]);
        }
        let campaign = dice.of(&["", "", "", "", "utm_source=a", "utm_source=b&gclid=1", "gclid=2"]);
        let age = match dice.below(20) {
            0 => dice.of(&[MINUTE, MINUTE + 1, 5 * MINUTE, 29 * MINUTE, 31 * MINUTE]),
            1 => i64::try_from(dice.below(2 * 86_400_000)).unwrap(),
            2 => i64::try_from(dice.below(40 * 60_000)).unwrap(),
            _ => i64::try_from(dice.below(3000)).unwrap(),
        };
        let (page, token) = owner.tabs[tab].clone();
        Sent {
            page,
            kind,
            campaign: campaign.to_owned(),
            consent: owner.consent,
            attempt: dice.of(&[0, 1, 1, 1, 2]),
            age: age.min(29 * DAY),
            token: token.filter(|_| !dice.once_in(4)),
        }
    }

    /// Compares a reply with the reference; the browser gets the answer now, later or never.
    pub(crate) fn settle(&mut self, call: Call, reply: Reply) {
        let request = Request {
            site: &SITES[call.site],
            site_number: call.site,
            browser: call.browser,
            gpc: call.gpc,
            cookie: latest(&call.kept),
            events: &call.events,
            now: reply.received_at,
        };
        let (expected, order) = judge(&request, &mut self.names);
        assert_eq!(expected.len(), reply.events.len(), "{call:#?}");
        for (expected, got) in expected.iter().zip(&reply.events) {
            self.compare(&call, expected, got);
        }
        if let Order::Set(known) = &order {
            assert!(!reply.token.is_empty(), "a cookie without a token: {call:#?}");
            self.hand_out(&call, (reply.token, known.clone()));
        }
        let change = Change::read(&call, order, &reply.set_cookie);
        self.underway.push((call, change));
        self.arrive();
    }

    /// A page has its token from the answer, whichever cookie the browser ends up with.
    fn hand_out(&mut self, call: &Call, token: (String, Known)) {
        let page = call.events[0].page;
        let tabs = &mut self.browsers[call.site][call.browser].tabs;
        if let Some((_, of_tab)) = tabs.iter_mut().find(|(of, _)| *of == page) {
            *of_tab = Some(token);
        }
    }

    /// Lets answers reach their browsers, out of order, and a few of them never.
    fn arrive(&mut self) {
        while self.underway.len() > 3 || (!self.underway.is_empty() && !self.dice.once_in(3)) {
            let at = usize::try_from(self.dice.below(self.underway.len() as u64)).unwrap();
            let (call, change) = self.underway.swap_remove(at);
            if self.dice.once_in(20) {
                continue;
            }
            let jar = &mut self.browsers[call.site][call.browser].jar;
            // Whoever refuses and consents again in one request is somebody new.
            let refused = call.events.iter().any(|event| event.consent == "refused");
            let sets = change.kept.is_some() && !refused;
            let before = latest(jar);
            change.apply(jar);
            let after = latest(jar);
            if let (true, Some(before), Some(after)) = (sets, before, after) {
                let same = before.session == after.session;
                assert!(
                    same || after.number >= before.number,
                    "after {before:?} again {after:?}"
                );
            }
            *self.seen.entry(format!("{} cookies", jar.len())).or_default() += 1;
        }
    }

    fn compare(&mut self, call: &Call, expected: &Expected, got: &Got) {
        let rest = (got.start, got.reason.as_str(), got.late, got.decision.as_str());
        let wanted = (expected.start, expected.reason, expected.late, expected.decision);
        assert_eq!(rest, wanted, "{got:?} of {call:#?}");
        // One id for each name, and one name for each id.
        for (number, id) in [(expected.visitor, got.visitor), (expected.session, got.session)] {
            let same = *self.numbers.entry(number).or_insert(id) == id;
            let own = *self.ids.entry(id).or_insert(number) == number;
            assert!(
                same && own,
                "another id than before: {expected:?}, {got:?} of {call:#?}"
            );
        }
        let late = if expected.late {
            "late, unproven"
        } else {
            expected.reason
        };
        *self
            .seen
            .entry(format!("{} {late}", expected.decision))
            .or_default() += 1;
        self.compared += 1;
    }
}
