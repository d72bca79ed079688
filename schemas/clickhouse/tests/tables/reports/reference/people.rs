//! Reports on one person, on links, on pages that were not found, and on machines.

use super::traffic::matching;
use super::users::resolve;
use super::{Answer, Cell, Event, Question, count, different, is_fast, is_idle, judged, order, turn, zone};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn prop<'a>(event: &'a Event, name: &str) -> &'a str {
    let found = event.props.iter().find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value.as_ref())
}

pub(crate) fn links(question: &Question, events: &[Event], name: &str) -> Answer {
    let mut targets: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in matching(question, events) {
        if event.kind == "click" && event.name == name {
            targets.entry(prop(event, "href")).or_default().push(event);
        }
    }
    let visitors = |clicks: &[&Event]| different(clicks.iter().map(|event| event.visitor_id));
    let mut lines: Vec<_> = targets.into_iter().collect();
    lines.sort_by_key(|(target, clicks)| (Reverse(visitors(clicks)), Reverse(clicks.len()), *target));
    let line = |(target, clicks): (&str, Vec<&Event>)| {
        vec![
            target.into(),
            count(different(clicks.iter().map(|event| event.path))).into(),
            count(clicks.len()).into(),
            count(visitors(&clicks)).into(),
        ]
    };
    lines.into_iter().map(line).collect()
}

pub(crate) fn not_found(question: &Question, events: &[Event]) -> Answer {
    let mut pages: BTreeMap<(&str, u64), Vec<&Event>> = BTreeMap::new();
    for event in matching(question, events) {
        let status = prop(event, "status").parse().unwrap_or(0);
        if event.kind == "page_view" && status >= 400 {
            pages.entry((event.path, status)).or_default().push(event);
        }
    }
    let visitors = |views: &[&Event]| different(views.iter().map(|event| event.visitor_id));
    let mut lines: Vec<_> = pages.into_iter().collect();
    lines.sort_by_key(|(page, views)| (Reverse(visitors(views)), Reverse(views.len()), *page));
    let line = |((page, status), views): ((&str, u64), Vec<&Event>)| {
        let latest = views.iter().max_by_key(|view| turn(view)).unwrap();
        vec![
            page.into(),
            status.into(),
            count(views.len()).into(),
            count(visitors(&views)).into(),
            format!("{}{}", latest.referrer_host, latest.referrer_path)
                .as_str()
                .into(),
        ]
    };
    lines.into_iter().map(line).collect()
}

/// Signs of whole sessions.
fn signs(question: &Question, events: &[Event]) -> BTreeMap<Uuid, Vec<&'static str>> {
    let signs = |events: &Vec<&Event>| {
        let mut signs = Vec::new();
        if is_fast(events) {
            signs.push("rate");
        }
        if is_idle(events) {
            signs.push("no_engagement");
        }
        signs
    };
    let sessions = judged(question, events);
    sessions.iter().map(|(id, events)| (*id, signs(events))).collect()
}

pub(crate) fn bots(question: &Question, events: &[Event]) -> Answer {
    let question = Question {
        bots: 2,
        ..question.clone()
    };
    let signs = signs(&question, events);
    let mut reasons: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in matching(&question, events) {
        let told = event.bot_reasons.iter().filter(|_| event.bot_score >= 50);
        let of_session = signs.get(&event.session_id).into_iter().flatten();
        for reason in told.chain(of_session) {
            reasons.entry(reason).or_default().push(event);
        }
    }
    let mut lines: Vec<_> = reasons.into_iter().collect();
    lines.sort_by_key(|(reason, events)| (Reverse(events.len()), *reason));
    let line = |(reason, events): (&str, Vec<&Event>)| {
        let mut agents: BTreeMap<&str, usize> = BTreeMap::new();
        for event in &events {
            *agents.entry(event.user_agent).or_default() += 1;
        }
        let agent = agents.into_iter().max_by_key(|(agent, times)| (*times, *agent));
        vec![
            reason.into(),
            count(different(events.iter().map(|event| event.visitor_id))).into(),
            count(different(events.iter().map(|event| event.session_id))).into(),
            count(events.len()).into(),
            agent.map_or("", |agent| agent.0).into(),
        ]
    };
    lines.into_iter().map(line).collect()
}

/// One person's sessions: of a visitor, or of a user.
pub(crate) fn visitor(site: &str, events: &[Event], visitor: Option<Uuid>, user: &str) -> Answer {
    let users = resolve(site, events);
    let of = |event: &Event| users.get(&event.event_id).copied().unwrap_or("");
    let here: Vec<_> = events.iter().filter(|event| event.site == site).collect();
    let mut persons: BTreeSet<_> = here
        .iter()
        .filter(|event| Some(event.visitor_id) == visitor)
        .map(|event| of(event))
        .collect();
    persons.insert(user);
    persons.remove("");
    let mut sessions: BTreeMap<(Uuid, Uuid), Vec<&Event>> = BTreeMap::new();
    for event in here {
        let nobodys = of(event).is_empty() && Some(event.visitor_id) == visitor;
        if !event.name.starts_with('$') && (persons.contains(of(event)) || nobodys) {
            let key = (event.session_id, event.visitor_id);
            sessions.entry(key).or_default().push(event);
        }
    }
    let mut lines: Vec<_> = sessions.into_values().collect();
    lines
        .iter_mut()
        .for_each(|events| events.sort_by_key(|event| turn(event)));
    lines.sort_by_key(|events| (Reverse(events[0].time), order(events[0].session_id)));
    lines.iter().map(|events| person_line(events, of)).collect()
}

fn person_line<'a>(events: &[&'a Event], of: impl Fn(&Event) -> &'a str) -> Vec<Cell> {
    let (first, last) = (events[0], events[events.len() - 1]);
    let views: Vec<_> = events.iter().filter(|event| event.kind == "page_view").collect();
    let engaged: u64 = events.iter().map(|event| u64::from(event.engagement_ms)).sum();
    vec![
        first.session_id.to_string().as_str().into(),
        first.visitor_id.to_string().as_str().into(),
        events.iter().map(|event| of(event)).max().unwrap_or("").into(),
        zone::millis(first.time).as_str().into(),
        zone::millis(last.time).as_str().into(),
        last.time.abs_diff(first.time).into(),
        count(views.len()).into(),
        count(events.len()).into(),
        engaged.into(),
        views.first().map_or("", |view| view.path).into(),
        views.last().map_or("", |view| view.path).into(),
        first.country.into(),
        first.city.into(),
        first.device_type.into(),
        first.browser.into(),
        first.os.into(),
    ]
}
