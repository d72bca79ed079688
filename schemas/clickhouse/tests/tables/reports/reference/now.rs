//! Reports on the last half hour: `now` is given.

use super::traffic::matching;
use super::{Answer, Event, Question, count, different, order, turn, zone};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use uuid::Uuid;

const MINUTE: i64 = 60_000;

/// People, from half an hour ago to clocks that are five minutes fast.
fn question(site: &'static str, now: i64) -> Question {
    Question {
        site,
        since: now - 30 * MINUTE,
        until: now + 5 * MINUTE,
        timezone: "UTC",
        bots: 0,
        filters: BTreeMap::new(),
    }
}

pub(crate) fn live(site: &'static str, events: &[Event], now: i64) -> Answer {
    let seen = matching(&question(site, now), events);
    let running = now.div_euclid(MINUTE);
    let line = |minute: i64| {
        let here: Vec<_> = seen
            .iter()
            .filter(|event| event.time.div_euclid(MINUTE) == minute)
            .collect();
        let views = here.iter().filter(|event| event.kind == "page_view").count();
        vec![
            zone::seconds(minute * MINUTE).as_str().into(),
            count(different(here.iter().map(|event| event.visitor_id))).into(),
            count(views).into(),
        ]
    };
    (running - 29..=running).map(line).collect()
}

pub(crate) fn live_now(site: &'static str, events: &[Event], now: i64) -> Answer {
    let question = question(site, now);
    let sessions = question.sessions(events);
    let mut people: BTreeMap<Uuid, Vec<&Event>> = BTreeMap::new();
    for event in matching(&question, events) {
        people.entry(event.visitor_id).or_default().push(event);
    }
    people
        .values_mut()
        .for_each(|seen| seen.sort_by_key(|event| turn(event)));
    let mut here: Vec<_> = people
        .into_iter()
        .filter(|(_, seen)| seen[seen.len() - 1].time >= now - 5 * MINUTE)
        .collect();
    here.sort_by_key(|(visitor, seen)| (Reverse(seen[seen.len() - 1].time), order(*visitor)));
    let line = |(visitor, seen): (Uuid, Vec<&Event>)| {
        let last = seen[seen.len() - 1];
        let on_page = seen.iter().rfind(|event| !event.url.is_empty());
        let titled = seen.iter().rfind(|event| !event.title.is_empty());
        let session = sessions
            .iter()
            .find(|session| session.id == last.session_id)
            .unwrap();
        vec![
            visitor.to_string().as_str().into(),
            zone::millis(last.time).as_str().into(),
            on_page.map_or("", |event| event.path).into(),
            titled.map_or("", |event| event.title).into(),
            last.country.into(),
            last.city.into(),
            last.device_type.into(),
            last.browser.into(),
            session.value("source").as_str().into(),
            count(seen.iter().filter(|event| event.kind == "page_view").count()).into(),
        ]
    };
    here.into_iter().map(line).collect()
}
