//! A barrier: kill the queries of some tags and see that those listed at its start are gone. Two users:
//! [`crate::fence`] (the old owner's) and [`crate::doubt`] (our own).

use crate::output::Targets;

/// Milliseconds between polls.
const POLL: u64 = 50;
/// Polls between two kills, and between two alarms.
const AGAIN: u32 = 20;

#[derive(Debug)]
pub(crate) struct Barrier {
    pub(crate) targets: Targets,
    /// The queries that ran when it began and still do; `None` before the first list.
    ids: Option<Vec<String>>,
    killed: bool,
    poll_at: u64,
    polls: u32,
}

/// What a barrier wants next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    List,
    Kill,
    /// Until this local time.
    Wait(u64),
    Done,
}

impl Barrier {
    pub(crate) fn new(targets: Targets) -> Self {
        Self {
            targets,
            ids: None,
            killed: false,
            poll_at: 0,
            polls: 0,
        }
    }

    pub(crate) fn next(&self, now: u64) -> Next {
        match &self.ids {
            None => Next::List,
            Some(ids) if ids.is_empty() => Next::Done,
            Some(_) if !self.killed => Next::Kill,
            Some(_) if now < self.poll_at => Next::Wait(self.poll_at),
            Some(_) => Next::List,
        }
    }

    /// Takes a list; the number of polls when it is time for an alarm.
    pub(crate) fn listed(&mut self, now: u64, running: &[String]) -> Option<u32> {
        let Some(ids) = &mut self.ids else {
            self.ids = Some(running.to_vec());
            return None;
        };
        ids.retain(|id| running.contains(id));
        self.polls += 1;
        self.poll_at = now + POLL;
        let stuck = !ids.is_empty() && self.polls.is_multiple_of(AGAIN);
        self.killed = !stuck;
        stuck.then_some(self.polls)
    }

    pub(crate) fn killed(&mut self) {
        self.killed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn it_waits_for_the_queries_of_the_first_list_and_for_no_others() {
        let mut barrier = Barrier::new(Targets::default());
        assert_eq!(barrier.next(0), Next::List);
        barrier.listed(0, &ids(&["a", "b"]));
        assert_eq!(barrier.next(0), Next::Kill);
        barrier.killed();
        barrier.listed(10, &ids(&["b", "c"]));
        assert_eq!(barrier.next(10), Next::Wait(60));
        barrier.listed(60, &ids(&["c", "d"]));
        assert_eq!(barrier.next(60), Next::Done);
    }

    #[test]
    fn a_query_that_will_not_die_is_killed_again_and_raises_an_alarm() {
        let mut barrier = Barrier::new(Targets::default());
        barrier.listed(0, &ids(&["a"]));
        barrier.killed();
        let alarms: Vec<_> = (1..=40)
            .filter_map(|n| barrier.listed(n * 100, &ids(&["a"])))
            .collect();
        assert_eq!(alarms, [20, 40]);
        assert_eq!(barrier.next(9_000), Next::Kill);
    }
}
