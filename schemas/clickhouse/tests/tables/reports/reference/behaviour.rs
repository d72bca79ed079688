//! Reports on what visitors do one after another, and again.

use super::{Answer, Cell, Event, Question, Session, count, different, median, order, share, turn, zone};
use crate::reports::reference::traffic::{known, matching, page};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Everything in the range of sessions that count, in order.
pub(crate) fn session_events<'a>(question: &Question, events: &'a [Event]) -> Vec<&'a Event> {
    let ids: BTreeSet<_> = question
        .sessions(events)
        .iter()
        .map(|session| session.id)
        .collect();
    let mut considered = question.considered(events);
    considered.retain(|event| ids.contains(&event.session_id) && question.in_range(event));
    considered
}

pub(crate) fn sessions(question: &Question, events: &[Event]) -> Answer {
    let mut sessions = question.sessions(events);
    sessions.sort_by_key(|session| (Reverse(session.events[0].time), order(session.id)));
    sessions.iter().map(line).collect()
}

/// One session's events, machines' and Footfall's own too.
pub(crate) fn session(site: &str, events: &[Event], id: Uuid) -> Answer {
    let mut here: Vec<_> = events
        .iter()
        .filter(|event| event.site == site && event.session_id == id)
        .collect();
    here.sort_by_key(|event| turn(event));
    let props = |event: &Event| {
        let pairs = event
            .props
            .iter()
            .map(|(key, value)| format!("'{key}':'{value}'"));
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    };
    let line = |event: &&Event| {
        vec![
            zone::millis(event.time).as_str().into(),
            event.kind.into(),
            event.name.into(),
            event.path.into(),
            event.title.into(),
            u64::from(event.engagement_ms).into(),
            u64::from(event.scroll).into(),
            props(event).as_str().into(),
            event.event_id.to_string().as_str().into(),
        ]
    };
    here.iter().map(line).collect()
}

fn line(session: &Session<'_>) -> Vec<Cell> {
    let (first, last) = (session.events[0], session.events[session.events.len() - 1]);
    let named = |event: &&&Event| !event.user_id.is_empty() && event.kind != "login_failed";
    let user = session
        .events
        .iter()
        .rfind(named)
        .map_or("", |event| event.user_id);
    let score = session
        .events
        .iter()
        .map(|event| u64::from(event.bot_score))
        .max();
    vec![
        session.id.to_string().as_str().into(),
        session.visitor().to_string().as_str().into(),
        user.into(),
        zone::millis(first.time).as_str().into(),
        zone::millis(last.time).as_str().into(),
        session.duration().into(),
        count(session.views().count()).into(),
        count(session.events.len()).into(),
        session.engagement().into(),
        session.value("entry_path").as_str().into(),
        session.value("exit_path").as_str().into(),
        session.value("channel").as_str().into(),
        session.value("source").as_str().into(),
        session.value("medium").as_str().into(),
        session.value("utm_campaign").as_str().into(),
        session.value("referrer_host").as_str().into(),
        first.country.into(),
        first.city.into(),
        first.device_type.into(),
        first.browser.into(),
        first.os.into(),
        score.unwrap_or(0).into(),
        u64::from(session.is_bounce()).into(),
    ]
}

/// What paths are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    pub(crate) start: &'static str,
    pub(crate) backward: bool,
    pub(crate) depth: usize,
    pub(crate) by: &'static str,
}

/// The moves of one session: step, from, to, dwell.
fn moves(session: &Session<'_>, walk: Walk) -> Vec<(usize, String, String, u64)> {
    let mut seen: Vec<(&str, i64)> = Vec::new();
    for view in session.views() {
        let page = page(view, walk.by);
        if seen.last().is_none_or(|last| last.0 != page) {
            seen.push((page, view.time));
        }
    }
    if walk.backward {
        // The same walk in a mirror.
        seen.reverse();
    }
    let begin = seen
        .iter()
        .position(|(page, _)| walk.start.is_empty() || *page == walk.start);
    let mut moves = Vec::new();
    let Some(begin) = begin else {
        return moves;
    };
    for step in 1..=walk.depth {
        let Some(here) = seen.get(begin + step - 1) else {
            break;
        };
        let next = seen.get(begin + step);
        let dwell = next.map_or(0, |next| next.1.abs_diff(here.1));
        let (here, next) = (here.0.to_owned(), next.map_or("", |next| next.0).to_owned());
        let (from, to) = if walk.backward { (next, here) } else { (here, next) };
        moves.push((step, from, to, dwell));
    }
    moves
}

pub(crate) fn paths(question: &Question, events: &[Event], walk: Walk) -> Answer {
    let mut all: BTreeMap<(usize, String, String), Vec<u64>> = BTreeMap::new();
    for session in question.sessions(events) {
        for (step, from, to, dwell) in moves(&session, walk) {
            all.entry((step, from, to)).or_default().push(dwell);
        }
    }
    let mut lines: Vec<_> = all.into_iter().collect();
    lines.sort_by_key(|((step, from, to), dwells)| (*step, Reverse(dwells.len()), from.clone(), to.clone()));
    let line = |((step, from, to), dwells): ((usize, String, String), Vec<u64>)| {
        let sessions = count(dwells.len());
        vec![
            count(step).into(),
            from.as_str().into(),
            to.as_str().into(),
            sessions.into(),
            median(dwells).into(),
        ]
    };
    lines.into_iter().map(line).collect()
}

/// `*` stands for anything.
fn fits(value: &str, wanted: &str) -> bool {
    let mut parts = wanted.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = value.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Whether an event is what a step or goal asks for.
pub(crate) fn happens(event: &Event, step: &str) -> bool {
    match step.split_once(':') {
        Some(("page", page)) => {
            event.kind == "page_view" && (fits(event.path, page) || fits(event.path_template, page))
        }
        Some(("event", name)) => !event.name.is_empty() && fits(event.name, name),
        Some(("type", kind)) => fits(event.kind, kind),
        _ => false,
    }
}

pub(crate) fn goals(question: &Question, events: &[Event], goals: &[&str]) -> Answer {
    let events = session_events(question, events);
    let everyone = different(events.iter().map(|event| event.visitor_id));
    let line = |goal: &&str| {
        let reached: Vec<_> = events.iter().filter(|event| happens(event, goal)).collect();
        let visitors = different(reached.iter().map(|event| event.visitor_id));
        vec![
            (*goal).into(),
            count(reached.len()).into(),
            count(visitors).into(),
            share(visitors, everyone).into(),
        ]
    };
    goals.iter().map(line).collect()
}

pub(crate) fn retention(question: &Question, events: &[Event], unit: &str) -> Answer {
    let number = |at| zone::number(at, unit, question.timezone);
    let known = known(question, events);
    let mut visits: BTreeMap<Uuid, Vec<i64>> = BTreeMap::new();
    for event in matching(question, events) {
        if !known.contains(&event.visitor_id) {
            visits.entry(event.visitor_id).or_default().push(event.time);
        }
    }
    let mut cohorts: BTreeMap<i64, Vec<Vec<i64>>> = BTreeMap::new();
    for mut times in visits.into_values() {
        times.sort_unstable();
        let born = zone::bucket(times[0], unit, question.timezone);
        cohorts.entry(born).or_default().push(times);
    }
    let mut answer = Vec::new();
    for (born, people) in cohorts {
        for period in 0..=number(question.until - 1) - number(born) {
            let came = |times: &&Vec<i64>| times.iter().any(|at| number(*at) == number(born) + period);
            let visitors = people.iter().filter(came).count();
            answer.push(vec![
                zone::seconds(born).as_str().into(),
                period.unsigned_abs().into(),
                count(visitors).into(),
                share(visitors, people.len()).into(),
            ]);
        }
    }
    answer
}

/// Kind and value of what occurs in each session.
fn traits(question: &Question, events: &[Event]) -> BTreeMap<Uuid, BTreeSet<(&'static str, String)>> {
    let everyone = question.unfiltered();
    let mut traits: BTreeMap<Uuid, BTreeSet<_>> = BTreeMap::new();
    for session in everyone.sessions(events) {
        traits
            .entry(session.id)
            .or_default()
            .insert(("source", session.value("source")));
    }
    for event in session_events(&everyone, events) {
        let of = traits.entry(event.session_id).or_default();
        let seen = zone::local(event.time, question.timezone);
        of.insert(("hour", seen.hour().to_string()));
        of.insert(("weekday", seen.weekday().to_monday_one_offset().to_string()));
        of.insert(("device", event.device_type.to_owned()));
        if event.kind == "page_view" {
            let group = event.path_template.split('/').nth(1).unwrap_or("");
            of.insert(("page", format!("/{group}")));
        }
    }
    traits
}

pub(crate) fn preferences(question: &Question, events: &[Event], of: &str) -> Answer {
    let traits = traits(question, events);
    let chosen = question.sessions(events);
    let chosen: BTreeSet<_> = chosen
        .iter()
        .filter(|session| of.is_empty() || session.visitor().to_string() == of)
        .map(|session| session.id)
        .collect();
    let all: BTreeSet<_> = traits
        .values()
        .flatten()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let has = |id: &Uuid, what: &(&str, String)| traits[id].contains(what);
    let mut lines: Vec<_> = all
        .into_iter()
        .map(|what| (what, chosen.iter().filter(|id| has(id, what)).count()))
        .filter(|(_, visits)| *visits > 0)
        .collect();
    lines.sort_by_key(|(what, visits)| (what.0, Reverse(*visits), &what.1));
    let line = |(what, visits): (&(&str, String), usize)| {
        let everyone = share(traits.keys().filter(|id| has(id, what)).count(), traits.len());
        let share = share(visits, chosen.len());
        vec![
            what.0.into(),
            what.1.as_str().into(),
            count(visits).into(),
            share.into(),
            everyone.into(),
            (share / everyone).into(),
        ]
    };
    lines.into_iter().map(line).collect()
}
