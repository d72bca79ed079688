//! The cookies of one site in a browser, and what answers do to them.

use super::rule::{Known, Order, newest};
use super::world::Call;

/// A cookie in a browser.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) value: String,
    /// What the reference says that it says.
    pub(crate) known: Known,
}

/// What an answer does to a jar.
pub(crate) struct Change {
    pub(crate) kept: Option<Kept>,
    /// Names.
    thrown_away: Vec<String>,
}

impl Change {
    /// What the answer's `Set-Cookie` say, which must be what the reference orders.
    pub(crate) fn read(call: &Call, order: Order, set_cookie: &[String]) -> Self {
        let mut lines = set_cookie.iter().map(|line| line.split_once('=').unwrap());
        let kept = match order {
            Order::Set(known) => {
                let (name, rest) = lines.next().expect("a cookie to be set");
                let value = rest.split(';').next().unwrap().to_owned();
                let name = name.to_owned();
                Some(Kept { name, value, known })
            }
            Order::Delete => None,
            Order::Nothing => {
                assert_eq!(lines.next(), None, "nothing is to be set: {call:#?}");
                return Self {
                    kept: None,
                    thrown_away: Vec::new(),
                };
            }
        };
        let thrown_away: Vec<_> = lines
            .map(|(name, rest)| {
                assert!(
                    rest.starts_with("; ") && rest.contains("Max-Age=0"),
                    "{name}={rest}"
                );
                name.to_owned()
            })
            .collect();
        let own = |other: &&Kept| {
            kept.as_ref()
                .is_some_and(|kept| kept.known.session == other.known.session)
        };
        let others = call.kept.iter().filter(|other| !own(other));
        let others: Vec<_> = others.map(|other| other.name.clone()).collect();
        assert_eq!(thrown_away, others, "the rest is to be thrown away: {call:#?}");
        Self { kept, thrown_away }
    }

    /// Browsers keep what arrives last under each name.
    pub(crate) fn apply(self, jar: &mut Vec<Kept>) {
        jar.retain(|kept| !self.thrown_away.contains(&kept.name));
        let Some(kept) = self.kept else { return };
        match jar.iter_mut().find(|old| old.name == kept.name) {
            Some(old) => *old = kept,
            None => jar.push(kept),
        }
    }
}

/// The cookie that counts.
pub(crate) fn latest(jar: &[Kept]) -> Option<Known> {
    let named = jar.iter().map(|kept| (kept.name.as_str(), &kept.known));
    newest(named).cloned()
}
