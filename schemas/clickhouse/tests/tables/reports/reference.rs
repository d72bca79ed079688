//! The reports, computed plainly over rows in memory: no SQL, loops that can be read at once, speed of no interest. What is
//! here is the definition that the views are held against.
//!
//! [`Question`] chooses events and sessions; [`traffic`], [`behaviour`], [`people`], [`users`], [`books`] and [`now`] have a
//! function for each report.

use footfall_schemas::Flag;
use footfall_tables::EventRow;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(super) mod behaviour;
pub(super) mod books;
pub(super) mod funnel;
pub(super) mod now;
pub(super) mod people;
pub(super) mod traffic;
pub(super) mod users;
pub(super) mod zone;

/// An event: the row itself.
pub(super) type Event = EventRow<'static>;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// The common parameters.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) site: &'static str,
    pub(super) since: i64,
    pub(super) until: i64,
    pub(super) timezone: &'static str,
    pub(super) bots: u8,
    pub(super) filters: BTreeMap<String, Vec<String>>,
}

/// One field of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Text(String),
    Float(f64),
}

/// The lines of an answer.
pub(super) type Answer = Vec<Vec<Cell>>;

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Text(number.to_string())
    }
}
impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

/// What orders events.
pub(super) fn turn(event: &Event) -> (i64, u32, u64) {
    (event.time, event.seq, event.log_seq)
}

/// What the engine orders ids by: the second half goes first.
pub(super) fn order(id: Uuid) -> (u64, u64) {
    let (first, second) = id.as_u64_pair();
    (second, first)
}

/// The element in the middle, of two the upper; 0 of none.
pub(super) fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

pub(super) fn count(of: usize) -> u64 {
    of as u64
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
pub(super) fn share(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

/// Different values.
pub(super) fn different<T: Ord>(values: impl Iterator<Item = T>) -> usize {
    values.collect::<BTreeSet<_>>().len()
}

/// The value of a dimension as the event itself has it.
pub(super) fn plain_value(event: &Event, dimension: &str) -> String {
    let text = match dimension {
        "country" => event.country,
        "region" => event.region,
        "city" => event.city,
        "browser" => event.browser,
        "browser_version" => event.browser_version,
        "os" => event.os,
        "os_version" => event.os_version,
        "device_type" => event.device_type,
        "device_brand" => event.device_brand,
        "device_model" => event.device_model,
        "language" => event.language,
        "timezone" => event.timezone,
        "source" => event.source,
        "medium" => event.medium,
        "channel" => event.channel,
        "referrer_source" => event.referrer_source,
        "referrer_host" => event.referrer_host,
        "utm_source" => event.utm_source,
        "utm_medium" => event.utm_medium,
        "utm_campaign" => event.utm_campaign,
        "utm_term" => event.utm_term,
        "utm_content" => event.utm_content,
        "host" => event.host,
        "path" | "entry_path" | "exit_path" => event.path,
        "path_template" => event.path_template,
        "name" => event.name,
        "type" => event.kind,
        "user_id" => event.user_id,
        "asn_org" => event.asn_org,
        "visitor_id" => return event.visitor_id.to_string(),
        "session_id" => return event.session_id.to_string(),
        other => panic!("no dimension: {other}"),
    };
    text.to_owned()
}

/// Whether a dimension is the session's: what brought it, and its first and last page.
pub(super) fn is_of_session(dimension: &str) -> bool {
    let dimension = dimension.trim_start_matches('!');
    ["source", "medium", "channel", "entry_path", "exit_path"].contains(&dimension)
        || dimension.starts_with("referrer_")
        || dimension.starts_with("utm_")
}

/// What an event on a page says of what brought the visitor.
pub(super) fn brought(event: Option<&Event>, dimension: &str) -> String {
    let Some(event) = event else {
        return String::new();
    };
    match (dimension, event.channel) {
        ("channel", "") => "direct".to_owned(),
        ("source", "") => "(direct)".to_owned(),
        ("medium", "") => "(none)".to_owned(),
        _ => plain_value(event, dimension),
    }
}

/// A session: all of its events that are looked at, in order, and which of them match.
#[derive(Debug, Clone)]
pub(super) struct Session<'a> {
    pub(super) id: Uuid,
    pub(super) events: Vec<&'a Event>,
    pub(super) matching: Vec<&'a Event>,
}

impl<'a> Session<'a> {
    pub(super) fn visitor(&self) -> Uuid {
        self.events[0].visitor_id
    }
    pub(super) fn views(&self) -> impl DoubleEndedIterator<Item = &'a Event> + '_ {
        self.events
            .iter()
            .copied()
            .filter(|event| event.kind == "page_view")
    }
    pub(super) fn is_bounce(&self) -> bool {
        let quiet = ["page_view", "page_leave", "consent"];
        self.views().count() < 2 && self.events.iter().all(|event| quiet.contains(&event.kind))
    }
    pub(super) fn duration(&self) -> u64 {
        let (first, last) = (self.events[0], self.events[self.events.len() - 1]);
        (last.time - first.time).unsigned_abs()
    }
    pub(super) fn engagement(&self) -> u64 {
        self.events
            .iter()
            .map(|event| u64::from(event.engagement_ms))
            .sum()
    }
    /// A dimension of sessions.
    pub(super) fn value(&self, dimension: &str) -> String {
        let path = |event: Option<&Event>| event.map_or("", |event| event.path).to_owned();
        match dimension {
            "entry_path" => path(self.views().next()),
            "exit_path" => path(self.views().next_back()),
            _ => brought(
                self.events.iter().copied().find(|event| !event.url.is_empty()),
                dimension,
            ),
        }
    }
}

impl Question {
    fn passes(&self, dimension: &str, value: &str) -> bool {
        let list = |name: &str| self.filters.get(name).filter(|list| !list.is_empty());
        let has = |list: &Vec<String>| list.iter().any(|allowed| allowed == value);
        list(dimension).is_none_or(has) && !list(&format!("!{dimension}")).is_some_and(has)
    }

    fn all_pass(&self, of_session: bool, value: impl Fn(&str) -> String) -> bool {
        footfall_tables::DIMENSIONS
            .iter()
            .filter(|dimension| is_of_session(dimension.name) == of_session)
            .all(|dimension| self.passes(dimension.name, &value(dimension.name)))
    }

    pub(super) fn in_range(&self, event: &Event) -> bool {
        self.since <= event.time && event.time < self.until
    }

    /// What is looked at: a day more on each side, and without those whom `bots` leaves out; in order.
    pub(super) fn considered<'a>(&self, events: &'a [Event]) -> Vec<&'a Event> {
        let machines = machines(self, events);
        let mut considered: Vec<_> = events
            .iter()
            .filter(|event| event.site == self.site && !event.name.starts_with('$'))
            .filter(|event| self.since - DAY <= event.time && event.time < self.until + DAY)
            .filter(|event| {
                let machine = event.bot_score >= 50 || machines.contains(&event.session_id);
                self.bots == 1 || machine == (self.bots == 2)
            })
            .collect();
        considered.sort_by_key(|event| turn(event));
        considered
    }

    /// The sessions that count.
    pub(super) fn sessions<'a>(&self, events: &'a [Event]) -> Vec<Session<'a>> {
        let mut sessions: BTreeMap<Uuid, Session<'a>> = BTreeMap::new();
        for event in self.considered(events) {
            let session = sessions.entry(event.session_id).or_insert_with(|| Session {
                id: event.session_id,
                events: Vec::new(),
                matching: Vec::new(),
            });
            session.events.push(event);
            if self.in_range(event) && self.all_pass(false, |dimension| plain_value(event, dimension)) {
                session.matching.push(event);
            }
        }
        sessions
            .into_values()
            .filter(|session| !session.matching.is_empty())
            .filter(|session| self.all_pass(true, |dimension| session.value(dimension)))
            .collect()
    }

    /// The same question about everyone.
    pub(super) fn unfiltered(&self) -> Self {
        Self {
            filters: BTreeMap::new(),
            ..self.clone()
        }
    }
}

/// Sessions of machines, as the view `session_bots` says.
pub(super) fn machines(question: &Question, events: &[Event]) -> BTreeSet<Uuid> {
    let mut sessions = judged(question, events);
    sessions.retain(|_, events| {
        events.iter().any(|event| event.bot_score >= 50) || is_fast(events) || is_idle(events)
    });
    sessions.into_keys().collect()
}

/// The events by which sessions are judged.
pub(super) fn judged<'a>(question: &Question, events: &'a [Event]) -> BTreeMap<Uuid, Vec<&'a Event>> {
    let mut sessions: BTreeMap<Uuid, Vec<&Event>> = BTreeMap::new();
    for event in events {
        let looked_at = question.since - DAY <= event.time && event.time < question.until + DAY;
        let is_its_own = !event.name.starts_with('$') && !event.flags.has(Flag::Server);
        if event.site == question.site && looked_at && is_its_own {
            sessions.entry(event.session_id).or_default().push(event);
        }
    }
    sessions
}

/// 60 page views in a minute of the clock.
pub(super) fn is_fast(events: &[&Event]) -> bool {
    let mut minutes: BTreeMap<i64, u32> = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind == "page_view") {
        *minutes.entry(event.time.div_euclid(MINUTE)).or_default() += 1;
    }
    minutes.values().any(|views| *views >= 60)
}

/// 20 page views with the script running, and nothing looked at, scrolled or done.
pub(super) fn is_idle(events: &[&Event]) -> bool {
    let run = |event: &&&Event| event.kind == "page_view" && event.seq > 0 && !event.flags.has(Flag::Pixel);
    let act = |event: &&Event| {
        ["click", "identify", "login", "logout"].contains(&event.kind)
            || event.scroll > 0
            || event.engagement_ms > 0
    };
    events.iter().filter(run).count() >= 20 && !events.iter().any(act)
}
