//! For how long what is kept, and what follows from it at a given time.
//!
//! Days are whole ones, UTC: what was received on one day goes together, in the first run after that day is as old as its site
//! wants it. So everything is kept for at least the days that are set, and for less than one more.

use footfall_schemas::site::is_key;
use std::collections::BTreeMap;

/// Milliseconds of a day.
const DAY: i64 = 24 * 3_600_000;

/// A number of days; `None`: for ever.
pub type Days = Option<u32>;

/// For how long something of a site is kept, counted from its receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// Rows of `events`.
    pub events: Days,
    /// Their column `ip`, as far as it has a full address; the row stays.
    pub addresses: Days,
}

/// The terms of all sites.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Of sites that are not named.
    pub default: Terms,
    /// By site key.
    pub sites: BTreeMap<String, Terms>,
    /// Bytes of what could not be read, in the ledger; the entry stays.
    pub payloads: Days,
}

/// What a policy means at one time.
pub(super) struct Due {
    /// Rows of `events` that have expired.
    pub(super) events: Option<Before>,
    /// Rows whose full address has.
    pub(super) addresses: Option<Before>,
    /// Payloads of entries of before then have, ms since 1970.
    pub(super) payloads: Option<i64>,
}

/// Received before a time that depends on the site.
pub(super) struct Before {
    /// The latest of them, ms since 1970.
    pub(super) latest: i64,
    /// As a condition on a row of `events`.
    pub(super) condition: String,
}

impl Policy {
    pub(super) fn due(&self, now: i64) -> Due {
        Due {
            events: self.before(now, |terms| terms.events),
            addresses: self.before(now, |terms| terms.addresses),
            payloads: self.payloads.map(|days| cut(now, days)),
        }
    }

    /// Nothing if all is kept for ever.
    fn before(&self, now: i64, of: impl Fn(&Terms) -> Days) -> Option<Before> {
        let at = |terms: &Terms| of(terms).map(|days| cut(now, days));
        let default = at(&self.default);
        // What is for ever was received before the beginning of time, for the server.
        let own: Vec<(&str, Option<i64>)> = (self.sites.iter())
            .filter(|(site, _)| is_key(site))
            .map(|(site, terms)| (site.as_str(), at(terms)))
            .filter(|(_, own)| *own != default)
            .collect();
        let latest = own.iter().filter_map(|(_, own)| *own).chain(default).max()?;
        let cut = if own.is_empty() {
            format!("{latest}")
        } else {
            let keys: Vec<_> = own.iter().map(|(site, _)| format!("'{site}'")).collect();
            let cuts: Vec<_> = own
                .iter()
                .map(|(_, own)| format!("toInt64({})", own.unwrap_or(0)))
                .collect();
            format!(
                "transform(toString(site), [{}], [{}], toInt64({}))",
                keys.join(","),
                cuts.join(","),
                default.unwrap_or(0)
            )
        };
        Some(Before {
            latest,
            condition: format!(
                "received_at < fromUnixTimestamp64Milli(toInt64({latest}), 'UTC') AND toUnixTimestamp64Milli(received_at) < {cut}"
            ),
        })
    }
}

/// The first moment that is kept.
fn cut(now: i64, days: u32) -> i64 {
    (now.div_euclid(DAY) - i64::from(days)) * DAY
}

#[cfg(test)]
mod tests {
    use super::{DAY, Policy, Terms, cut};

    #[test]
    fn a_day_goes_when_it_is_over_and_old_enough() {
        assert_eq!(cut(40 * DAY + 1, 30), 10 * DAY);
        assert_eq!(cut(40 * DAY, 30), 10 * DAY);
        assert_eq!(cut(40 * DAY - 1, 30), 9 * DAY);
    }

    #[test]
    fn a_site_has_its_own_time_and_the_others_the_default() {
        let terms = |days| Terms {
            events: days,
            addresses: None,
        };
        let mut policy = Policy::default();
        assert!(policy.due(90 * DAY).events.is_none());
        policy.default = terms(Some(30));
        policy.sites.insert("long".to_owned(), terms(None));
        policy.sites.insert("short".to_owned(), terms(Some(7)));
        policy.sites.insert("same".to_owned(), terms(Some(30)));
        let due = policy.due(90 * DAY);
        assert!(due.addresses.is_none() && due.payloads.is_none());
        let events = due.events.unwrap();
        assert_eq!(events.latest, 83 * DAY);
        let expected = format!(
            "transform(toString(site), ['long','short'], [toInt64(0),toInt64({})], toInt64({}))",
            83 * DAY,
            60 * DAY
        );
        assert!(events.condition.ends_with(&expected), "{}", events.condition);
    }
}
