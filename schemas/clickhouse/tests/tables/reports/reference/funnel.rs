//! The funnel: what an attempt is, and which one counts.

use super::behaviour::{happens, session_events};
use super::{Answer, Event, Question, count, is_of_session, median, plain_value, share};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What a funnel is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps<'a> {
    pub(crate) steps: &'a [&'a str],
    pub(crate) window_ms: i64,
    pub(crate) strict: bool,
    pub(crate) dimension: &'a str,
}

/// The events of the attempt that counts: the furthest; of several the one that got there first.
fn best<'a>(did: &[&'a Event], asked: Steps<'_>) -> Vec<&'a Event> {
    // For each step the latest attempt that has come so far.
    let mut attempts: Vec<Vec<&Event>> = vec![Vec::new(); asked.steps.len()];
    let mut best: Vec<&Event> = Vec::new();
    for event in did {
        let before = attempts.clone();
        for (nth, step) in asked.steps.iter().enumerate() {
            let start = if nth == 0 {
                Some(Vec::new())
            } else {
                before.get(nth - 1).cloned()
            };
            let in_time = |attempt: &Vec<&Event>| match attempt.first() {
                Some(first) => event.time - first.time <= asked.window_ms,
                None => nth == 0,
            };
            match start.filter(in_time).filter(|_| happens(event, step)) {
                Some(mut attempt) => {
                    attempt.push(event);
                    attempts[nth] = attempt;
                }
                None if asked.strict => attempts[nth].clear(),
                None => {}
            }
        }
        if let Some(further) = attempts
            .iter()
            .filter(|attempt| attempt.len() > best.len())
            .max_by_key(|attempt| attempt.len())
        {
            best.clone_from(further);
        }
    }
    best
}

/// How far anybody can get who begins with this event: each next step as soon as it comes.
fn reach(did: &[&Event], asked: Steps<'_>) -> usize {
    let first = did[0];
    let mut reached = 0;
    for event in did {
        let in_time = event.time - first.time <= asked.window_ms;
        if reached < asked.steps.len() && in_time && happens(event, asked.steps[reached]) {
            reached += 1;
        } else if asked.strict {
            break;
        }
    }
    reached
}

pub(crate) fn funnel(question: &Question, events: &[Event], asked: Steps<'_>) -> Answer {
    let mut people: BTreeMap<Uuid, Vec<&Event>> = BTreeMap::new();
    for event in session_events(question, events) {
        if !asked.strict || !["page_leave", "consent"].contains(&event.kind) {
            people.entry(event.visitor_id).or_default().push(event);
        }
    }
    let sessions = question.sessions(events);
    let value = |event: &Event| match asked.dimension {
        "" => String::new(),
        dimension if is_of_session(dimension) => {
            let session = sessions.iter().find(|session| session.id == event.session_id);
            session.unwrap().value(dimension)
        }
        dimension => plain_value(event, dimension),
    };
    let mut values: BTreeMap<String, Vec<Vec<&Event>>> = BTreeMap::new();
    for did in people.values() {
        let best = best(did, asked);
        // Held against the plainest way of saying how far somebody got.
        let furthest = (0..did.len()).map(|from| reach(&did[from..], asked)).max();
        assert_eq!(Some(best.len()), furthest, "{asked:?}");
        if let Some(first) = best.first() {
            values.entry(value(first)).or_default().push(best);
        }
    }
    let mut lines: Vec<_> = values.into_iter().collect();
    lines.sort_by_key(|(value, bests)| (Reverse(bests.len()), value.clone()));
    let mut answer = Vec::new();
    for (value, bests) in lines {
        for step in 1..=asked.steps.len() {
            let at = |step: usize| bests.iter().filter(move |best| best.len() >= step);
            let took = at(step).filter(|_| step > 1);
            let took = took.map(|best| best[step - 1].time.abs_diff(best[step - 2].time));
            answer.push(vec![
                count(step).into(),
                value.as_str().into(),
                count(at(step).count()).into(),
                share(at(step).count(), bests.len()).into(),
                share(at(step).count(), at(step.max(2) - 1).count()).into(),
                median(took.collect()).into(),
            ]);
        }
    }
    answer
}
