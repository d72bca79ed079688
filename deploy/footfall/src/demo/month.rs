//! Which visits a month has: an iterator over the visits of each day, day by day.

use super::machine;
use super::people::Person;
use super::source::Source;
use super::visit::{Visit, walk};
use crate::loadgen::journey::Sent;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};

/// Of a hundred visits, so many are of machines.
const MACHINES: u32 = 4;
/// How long somebody may stay away and still come back, in days.
const MEMORY: i64 = 45;
/// Share of a day's visits by people who were never there before, per cent.
const NEW: u32 = 58;

/// Visits by hour of the day where the visitor lives: working days, and days off.
const HOURS: [u32; 24] = [
    3, 2, 1, 1, 1, 2, 5, 9, 13, 15, 15, 14, 16, 14, 13, 13, 13, 14, 16, 19, 22, 20, 13, 7,
];
const HOURS_OFF: [u32; 24] = [
    5, 3, 2, 1, 1, 1, 2, 4, 8, 13, 17, 19, 18, 17, 17, 18, 18, 17, 17, 18, 19, 16, 12, 8,
];

/// A seeded month that ends now.
#[derive(Debug)]
pub struct Month {
    seed: u64,
    per_day: u32,
    first: i64,
    now: i64,
    day: Date,
    /// Visits of `day` that are still to come.
    left: u32,
    made: u32,
    random: Xoshiro256PlusPlus,
}

impl Month {
    /// `days` days before `now` (ms since 1970), about `per_day` visits each.
    #[must_use]
    pub fn new(seed: u64, per_day: u32, days: u32, now: i64) -> Self {
        let first = now - i64::from(days) * 86_400_000;
        let day = date_of(first);
        let mut month = Self {
            seed,
            per_day,
            first,
            now,
            day,
            left: 0,
            made: 0,
            random: Xoshiro256PlusPlus::seed_from_u64(0),
        };
        month.begin();
        month
    }

    /// About how many visits there will be.
    #[must_use]
    pub fn visits(&self) -> u64 {
        let last = date_of(self.now);
        let days = self
            .day
            .series(1.day())
            .take_while(|day| *day <= last)
            .map(|day| u64::from(self.on(day)));
        days.sum()
    }

    /// How many visits a day has: less on days off, a little more each week, many when a mail goes out.
    fn on(&self, day: Date) -> u32 {
        let week = match day.weekday() {
            Weekday::Saturday => 78,
            Weekday::Sunday => 86,
            Weekday::Tuesday => 128,
            Weekday::Monday => 106,
            _ => 100,
        };
        // A year of growth by a half, and an accident of the day.
        let grown = 100 + i64::from(day.day_of_year()) * 50 / 365;
        let luck = i64::from(mixed(self.seed, number(day)) % 17) + 92;
        u32::try_from(i64::from(self.per_day) * week * grown * luck / 1_250_000).unwrap_or(u32::MAX)
    }

    fn begin(&mut self) {
        self.left = self.on(self.day);
        self.made = 0;
        self.random = Xoshiro256PlusPlus::seed_from_u64(u64::from(mixed(self.seed, number(self.day))));
    }

    /// Somebody who was here before, rather lately and rather often; or nobody yet known.
    fn visitor(&mut self) -> (Person, bool) {
        let today = number(self.day);
        if self.random.random_range(0..100) < NEW {
            return (Person::new(self.seed, today, self.made), true);
        }
        let skewed = |random: &mut Xoshiro256PlusPlus| random.random::<f64>().powi(3);
        #[expect(clippy::cast_possible_truncation, reason = "below MEMORY")]
        let ago = 1 + (skewed(&mut self.random) * MEMORY as f64) as i64;
        let of_that_day = f64::from(self.per_day) * f64::from(NEW) / 100.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let index = (skewed(&mut self.random) * of_that_day) as u32;
        (Person::new(self.seed, today - ago, index), false)
    }

    /// When on this day, where the visitor lives, in ms since 1970.
    fn moment(&mut self, person: &Person) -> i64 {
        let off = matches!(self.day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let hours = if off { HOURS_OFF } else { HOURS };
        let mut point = self.random.random_range(0..hours.iter().sum::<u32>());
        let mut hour = 0_i8;
        for weight in hours {
            if point < weight {
                break;
            }
            point -= weight;
            hour += 1;
        }
        let zone = TimeZone::get(person.home.zone).unwrap_or(TimeZone::UTC);
        let minute = self.random.random_range(0..60);
        let there = self
            .day
            .at(hour, minute, self.random.random_range(0..60), 0)
            .to_zoned(zone);
        let millis = self.random.random_range(0..1_000);
        there.map_or(self.first, |there| there.timestamp().as_millisecond()) + millis
    }

    fn next_visit(&mut self) -> Vec<Sent> {
        let (person, is_new) = self.visitor();
        let at = self.moment(&person);
        let visit = Visit {
            at,
            id: (u64::from(mixed(self.seed, number(self.day))) << 32) | u64::from(self.made),
            is_new,
        };
        if self.random.random_range(0..100) < MACHINES {
            return machine::visit(&visit, &mut self.random);
        }
        let source = Source::of(is_new, self.day, &mut self.random);
        walk(&person, &visit, source, &mut self.random)
    }
}

impl Iterator for Month {
    /// The events of one visit, in their order; those of the future have not happened yet.
    type Item = Vec<Sent>;

    fn next(&mut self) -> Option<Vec<Sent>> {
        while self.left == 0 {
            self.day = self.day.tomorrow().ok()?;
            if self.day > date_of(self.now) {
                return None;
            }
            self.begin();
        }
        self.left -= 1;
        self.made += 1;
        let mut events = self.next_visit();
        events.retain(|event| (self.first..self.now).contains(&event.ts));
        Some(events)
    }
}

fn date_of(millis: i64) -> Date {
    let at = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(TimeZone::UTC).date()
}

/// Days since 1970.
fn number(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC)
        .map_or(0, |day| day.timestamp().as_second() / 86_400)
}

/// A number that follows from two.
pub(super) fn mixed(seed: u64, day: i64) -> u32 {
    Xoshiro256PlusPlus::seed_from_u64(seed ^ day.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15)).random()
}

#[cfg(test)]
mod tests {
    use super::Month;
    use crate::loadgen::journey::Sent;
    use footfall_schemas::BeaconEvent;
    use std::collections::{HashMap, HashSet};
    use uuid::Uuid;

    /// 2026-11-22 12:00 UTC.
    const NOON: i64 = 1_795_348_800_000;
    const DAY: i64 = 86_400_000;

    fn events(seed: u64, days: u32, now: i64) -> Vec<Sent> {
        Month::new(seed, 300, days, now).flatten().collect()
    }

    #[test]
    fn the_same_seed_fills_the_same_days_with_the_same_events() {
        let first = events(1, 5, NOON);
        assert_eq!(first, events(1, 5, NOON));
        assert_ne!(first.len(), events(2, 5, NOON).len());
        let ids: HashSet<Uuid> = first.iter().map(|event| event.id).collect();
        assert_eq!(ids.len(), first.len());
        // Tomorrow, what was filled today is the same.
        let both = (NOON - 4 * DAY)..NOON;
        let of_both = |events: Vec<Sent>| -> HashSet<Uuid> {
            let events = events.into_iter().filter(|event| both.contains(&event.ts));
            events.map(|event| event.id).collect()
        };
        assert_eq!(of_both(first), of_both(events(1, 5, NOON + DAY)));
    }

    #[test]
    fn every_event_passes_the_contract_and_lies_in_the_days() {
        let mut kinds = HashSet::new();
        for event in events(3, 7, NOON) {
            let json = serde_json::value::to_raw_value(&event).unwrap();
            let read = BeaconEvent::parse(&json).unwrap();
            assert_eq!((read.id, read.unknown_fields), (Some(event.id), 0));
            assert!(!read.props.cut);
            assert!((NOON - 7 * DAY..NOON).contains(&event.ts));
            assert!(event.visitor.is_some() && event.session.is_some());
            kinds.insert(event.kind);
        }
        for kind in [
            "page_view",
            "page_leave",
            "click",
            "custom",
            "login",
            "logout",
            "login_failed",
            "identify",
            "consent",
        ] {
            assert!(kinds.contains(kind), "{kind}");
        }
    }

    #[test]
    fn some_come_back_and_a_session_is_one_visitors() {
        let mut sessions = HashMap::new();
        let mut visits: HashMap<_, HashSet<_>> = HashMap::new();
        for event in events(4, 14, NOON) {
            let owner = *sessions.entry(event.session).or_insert(event.visitor);
            assert_eq!(owner, event.visitor);
            visits.entry(event.visitor).or_default().insert(event.session);
        }
        let again = visits.values().filter(|sessions| sessions.len() > 1).count();
        assert!(
            again * 20 > visits.len() && again * 2 < visits.len(),
            "{again} of {}",
            visits.len()
        );
    }
}
