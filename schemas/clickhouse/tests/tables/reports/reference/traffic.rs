//! Reports on traffic as a whole.

use super::{
    Answer, Cell, Event, Question, Session, brought, count, different, is_of_session, median, plain_value,
    share, turn, zone,
};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Visitors who were here before the range.
pub(crate) fn known(question: &Question, events: &[Event]) -> BTreeSet<Uuid> {
    let before = events
        .iter()
        .filter(|event| event.site == question.site && event.time < question.since);
    before.map(|event| event.visitor_id).collect()
}

fn views(events: &[&Event]) -> usize {
    events.iter().filter(|event| event.kind == "page_view").count()
}

/// Bounce rate, median duration, median engagement.
fn rates(sessions: &[&Session<'_>]) -> [Cell; 3] {
    let bounces = sessions.iter().filter(|session| session.is_bounce()).count();
    [
        share(bounces, sessions.len()).into(),
        median(sessions.iter().map(|session| session.duration()).collect()).into(),
        median(sessions.iter().map(|session| session.engagement()).collect()).into(),
    ]
}

pub(crate) fn overview(question: &Question, events: &[Event]) -> Answer {
    let sessions = question.sessions(events);
    let matching: Vec<_> = sessions
        .iter()
        .flat_map(|session| session.matching.clone())
        .collect();
    let visitors: BTreeSet<_> = sessions.iter().map(Session::visitor).collect();
    let bounces = sessions.iter().filter(|session| session.is_bounce()).count();
    let [rate, duration, engagement] = rates(&sessions.iter().collect::<Vec<_>>());
    vec![vec![
        count(visitors.len()).into(),
        count(sessions.len()).into(),
        count(views(&matching)).into(),
        count(matching.len()).into(),
        count(bounces).into(),
        rate,
        share(views(&matching), sessions.len()).into(),
        duration,
        engagement,
    ]]
}

pub(crate) fn newcomers(question: &Question, events: &[Event]) -> Answer {
    let sessions = question.sessions(events);
    let visitors: BTreeSet<_> = sessions.iter().map(Session::visitor).collect();
    let new = visitors.difference(&known(question, events)).count();
    vec![vec![
        count(visitors.len()).into(),
        count(new).into(),
        share(new, visitors.len()).into(),
    ]]
}

/// Visitors, sessions, page views of some events.
fn figures(events: &[&Event]) -> [Cell; 3] {
    [
        count(different(events.iter().map(|event| event.visitor_id))).into(),
        count(different(events.iter().map(|event| event.session_id))).into(),
        count(views(events)).into(),
    ]
}

/// Events that match, of sessions that count.
pub(crate) fn matching<'a>(question: &Question, events: &'a [Event]) -> Vec<&'a Event> {
    let sessions = question.sessions(events);
    sessions
        .into_iter()
        .flat_map(|session| session.matching)
        .collect()
}

pub(crate) fn timeline(question: &Question, events: &[Event], interval: &str) -> Answer {
    let bucket = |at| zone::bucket(at, interval, question.timezone);
    let mut buckets: BTreeMap<i64, Vec<&Event>> = BTreeMap::new();
    // By the minute, so that no bucket is missed; and the last instant.
    let mut at = question.since;
    while at < question.until {
        buckets.entry(bucket(at)).or_default();
        buckets
            .entry(bucket((at + 59_999).min(question.until - 1)))
            .or_default();
        at += 60_000;
    }
    for event in matching(question, events) {
        buckets.entry(bucket(event.time)).or_default().push(event);
    }
    let line = |(at, events): (i64, Vec<&Event>)| {
        let [visitors, sessions, page_views] = figures(&events);
        vec![
            zone::seconds(at).as_str().into(),
            visitors,
            sessions,
            page_views,
            count(events.len()).into(),
        ]
    };
    buckets.into_iter().map(line).collect()
}

pub(crate) fn pattern(question: &Question, events: &[Event]) -> Answer {
    let mut hours: BTreeMap<(i8, i8), Vec<&Event>> = BTreeMap::new();
    for weekday in 1..=7 {
        for hour in 0..24 {
            hours.insert((weekday, hour), Vec::new());
        }
    }
    for event in matching(question, events) {
        let seen = zone::local(event.time, question.timezone);
        let hour = (seen.weekday().to_monday_one_offset(), seen.hour());
        hours.entry(hour).or_default().push(event);
    }
    let line = |((weekday, hour), events): ((i8, i8), Vec<&Event>)| {
        let mut line = vec![
            Cell::from(weekday.to_string().as_str()),
            hour.to_string().as_str().into(),
        ];
        line.extend(figures(&events));
        line
    };
    hours.into_iter().map(line).collect()
}

/// What the visitor's very first event on a page said.
fn first_touch(question: &Question, events: &[Event], visitor: Uuid, dimension: &str) -> String {
    let first = events
        .iter()
        .filter(|event| {
            event.site == question.site && event.visitor_id == visitor && event.time < question.until
        })
        .filter(|event| !event.url.is_empty() && !event.name.starts_with('$'))
        .min_by_key(|event| turn(event));
    brought(first, dimension)
}

pub(crate) fn breakdown(question: &Question, events: &[Event], dimension: &str, touch: &str) -> Answer {
    let sessions = question.sessions(events);
    let mut values: BTreeMap<String, (Vec<&Event>, BTreeMap<Uuid, &Session<'_>>)> = BTreeMap::new();
    for session in &sessions {
        for event in &session.matching {
            let value = if touch == "first" {
                first_touch(question, events, event.visitor_id, dimension)
            } else if is_of_session(dimension) {
                session.value(dimension)
            } else {
                plain_value(event, dimension)
            };
            let (events, sessions) = values.entry(value).or_default();
            events.push(event);
            sessions.insert(session.id, session);
        }
    }
    let mut lines: Vec<_> = values.into_iter().collect();
    lines.sort_by_key(|(value, (events, _))| {
        let visitors = different(events.iter().map(|event| event.visitor_id));
        (Reverse(visitors), Reverse(views(events)), value.clone())
    });
    let line = |(value, (events, sessions)): (String, (Vec<&Event>, BTreeMap<_, &Session<'_>>))| {
        let mut line = vec![value.as_str().into()];
        line.extend(figures(&events));
        line.push(count(events.len()).into());
        line.extend(rates(&sessions.into_values().collect::<Vec<_>>()));
        line
    };
    lines.into_iter().map(line).collect()
}

pub(crate) fn page<'a>(event: &'a Event, by: &str) -> &'a str {
    if by == "path_template" {
        event.path_template
    } else {
        event.path
    }
}

/// How long and how deep each view of the page was read, of those that were left.
fn read(matching: &[&Event], page_is: &str, by: &str) -> [Cell; 2] {
    let mut views: BTreeMap<_, (u64, u64)> = BTreeMap::new();
    for event in matching {
        if event.kind == "page_leave" && page(event, by) == page_is {
            let (engaged, deepest) = views.entry((event.session_id, event.page_id)).or_default();
            *engaged += u64::from(event.engagement_ms);
            *deepest = (*deepest).max(u64::from(event.scroll));
        }
    }
    [
        median(views.values().map(|view| view.0).collect()).into(),
        median(views.values().map(|view| view.1).collect()).into(),
    ]
}

pub(crate) fn pages(question: &Question, events: &[Event], by: &str) -> Answer {
    let sessions = question.sessions(events);
    let matching: Vec<_> = sessions
        .iter()
        .flat_map(|session| session.matching.clone())
        .collect();
    let mut pages: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
    for event in matching.iter().filter(|event| event.kind == "page_view") {
        pages.entry(page(event, by)).or_default().push(event);
    }
    let mut lines: Vec<_> = pages.into_iter().collect();
    lines.sort_by_key(|(page, views)| {
        let visitors = different(views.iter().map(|event| event.visitor_id));
        (Reverse(visitors), Reverse(views.len()), *page)
    });
    let matches = |session: &Session<'_>, event: Option<&Event>, page_is: &str| {
        event.is_some_and(|event| {
            page(event, by) == page_is
                && session
                    .matching
                    .iter()
                    .any(|other| other.log_seq == event.log_seq)
        })
    };
    let line = |(page_is, views): (&str, Vec<&Event>)| {
        let began = sessions
            .iter()
            .filter(|session| matches(session, session.views().next(), page_is));
        let ended = sessions
            .iter()
            .filter(|session| matches(session, session.views().next_back(), page_is));
        let entries: Vec<_> = began.collect();
        let bounces = entries.iter().filter(|session| session.is_bounce()).count();
        let titled = views.iter().filter(|view| !view.title.is_empty());
        let title = titled.max_by_key(|view| turn(view)).map_or("", |view| view.title);
        let mut line = vec![
            page_is.into(),
            title.into(),
            count(different(views.iter().map(|event| event.visitor_id))).into(),
            count(views.len()).into(),
            count(entries.len()).into(),
            count(ended.count()).into(),
            share(bounces, entries.len()).into(),
        ];
        line.extend(read(&matching, page_is, by));
        line
    };
    lines.into_iter().map(line).collect()
}
