//! Who comes and what they do: a seeded crowd of visitors that walk through a shop, one event at a time.
//!
//! The same seed makes the same journeys; event ids are always new, and the time is the caller's.

use super::people::{self, Person};
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// One event as it is sent. Empty fields are left out, as the beacon does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Sent {
    /// Idempotency key.
    pub id: Uuid,
    /// Type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Name of a custom event.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub name: &'static str,
    /// Client time, ms since 1970.
    pub ts: i64,
    /// Page.
    pub url: String,
    /// Title of the page.
    pub title: String,
    /// Page before.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub referrer: String,
    /// Number on the page, from 1.
    pub seq: u32,
    /// The load of the page.
    pub page_id: Uuid,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The user, once known.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user_id: String,
    /// With `page_leave`.
    #[serde(skip_serializing_if = "is_zero")]
    pub engagement_ms: u32,
    /// With `page_leave`.
    #[serde(skip_serializing_if = "is_zero")]
    pub scroll: u32,
    /// CSS pixels.
    pub screen_w: u32,
    /// CSS pixels.
    pub screen_h: u32,
    /// CSS pixels.
    pub viewport_w: u32,
    /// CSS pixels.
    pub viewport_h: u32,
    /// BCP 47.
    pub language: &'static str,
    /// IANA.
    pub timezone: &'static str,
    /// With `consent`.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub consent: &'static str,
    /// Free properties.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub props: BTreeMap<&'static str, serde_json::Value>,
    /// Visitor, counts only with a server key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor: Option<Uuid>,
    /// Session, counts only with a server key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Uuid>,
    /// Address, counts only with a server key.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ip: String,
    /// User agent, counts only with a server key.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub user_agent: &'static str,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// The crowd.
#[derive(Debug)]
pub struct Journeys {
    random: Xoshiro256PlusPlus,
    /// Not seeded: two runs at the same moment must not make the same ids.
    ids: Xoshiro256PlusPlus,
    people: Vec<Person>,
    /// Whether events name visitor, session, address and agent, which needs a server key.
    with_identity: bool,
}

impl Journeys {
    /// `visitors` people that are on the site at the same time.
    #[must_use]
    pub fn new(seed: u64, visitors: usize, with_identity: bool) -> Self {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let people = (0..visitors.max(1))
            .map(|_| Person::arrive(&mut random))
            .collect();
        Self {
            random,
            ids: rand::make_rng(),
            people,
            with_identity,
        }
    }

    /// What happens next on the site, at `now` ms since 1970.
    pub fn next(&mut self, now: i64) -> Sent {
        let at = self.random.random_range(0..self.people.len());
        let mut person = self.people[at].clone();
        let mut event = self.step(&mut person);
        self.stamp(&mut event, &mut person, now);
        self.people[at] = if person.pages_left == 0 {
            Person::arrive(&mut self.random)
        } else {
            person
        };
        event
    }

    fn step(&mut self, person: &mut Person) -> Sent {
        if person.seq == 0 {
            return Sent {
                kind: "page_view",
                ..Sent::default()
            };
        }
        match self.random.random_range(0..100) {
            0..30 => self.click(),
            30..50 => self.custom(),
            50..58 => self.account(person),
            _ => self.leave(person),
        }
    }

    fn click(&mut self) -> Sent {
        let (target, text) = *self.pick(&people::CLICKS);
        let mut event = Sent {
            kind: "click",
            ..Sent::default()
        };
        event.props.insert("target", target.into());
        event.props.insert("text", text.into());
        event
    }

    fn custom(&mut self) -> Sent {
        let name = *self.pick(&people::CUSTOM);
        let mut event = Sent {
            kind: "custom",
            name,
            ..Sent::default()
        };
        match name {
            "search" => {
                event
                    .props
                    .insert("query", (*self.pick(&people::SEARCHES)).into());
                event
                    .props
                    .insert("results", self.random.random_range(0..120).into());
            }
            "video_play" => {
                event
                    .props
                    .insert("seconds", self.random.random_range(1..600).into());
                event.props.insert("muted", self.random.random_bool(0.5).into());
            }
            _ => {
                event.props.insert(
                    "sku",
                    format!("SKU-{:04}", self.random.random_range(1..2000)).into(),
                );
                event.props.insert(
                    "price",
                    (f64::from(self.random.random_range(100..50_000)) / 100.0).into(),
                );
                event
                    .props
                    .insert("quantity", self.random.random_range(1..5).into());
            }
        }
        event
    }

    /// Logins, and what belongs to them: some fail, those who are in leave again.
    fn account(&mut self, person: &mut Person) -> Sent {
        if !person.user.is_empty() {
            let user_id = std::mem::take(&mut person.user);
            return Sent {
                kind: "logout",
                user_id,
                ..Sent::default()
            };
        }
        let user_id = format!("user-{:05}", self.random.random_range(1..20_000));
        match self.random.random_range(0..10) {
            0..2 => Sent {
                kind: "login_failed",
                user_id,
                ..Sent::default()
            },
            2..4 => {
                let consent = if self.random.random_bool(0.8) {
                    "granted"
                } else {
                    "refused"
                };
                Sent {
                    kind: "consent",
                    consent,
                    ..Sent::default()
                }
            }
            4..6 => {
                person.user.clone_from(&user_id);
                let mut event = Sent {
                    kind: "identify",
                    user_id,
                    ..Sent::default()
                };
                event
                    .props
                    .insert("plan", (*self.pick(&["free", "pro", "team"])).into());
                event
            }
            _ => {
                person.user.clone_from(&user_id);
                Sent {
                    kind: "login",
                    user_id,
                    ..Sent::default()
                }
            }
        }
    }

    fn leave(&mut self, person: &mut Person) -> Sent {
        let event = Sent {
            kind: "page_leave",
            engagement_ms: self.random.random_range(400..180_000),
            scroll: self.random.random_range(5..=100),
            ..Sent::default()
        };
        person.leaving = true;
        event
    }

    fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        list.choose(&mut self.random).unwrap_or(&list[0])
    }

    /// What every event carries, and the step to the next page after a `page_leave`.
    fn stamp(&mut self, event: &mut Sent, person: &mut Person, now: i64) {
        person.seq += 1;
        event.id = id_at(now, &mut self.ids);
        event.ts = now;
        event.seq = person.seq;
        event.attempt = 1;
        if event.user_id.is_empty() {
            event.user_id.clone_from(&person.user);
        }
        person.fill(event);
        if self.with_identity {
            person.identify(event);
        }
        if person.leaving {
            person.go_on(&mut self.random);
        }
    }
}

/// A UUIDv7 (RFC 9562).
pub(crate) fn id_at(now: i64, random: &mut Xoshiro256PlusPlus) -> Uuid {
    let mut bytes = [0; 10];
    random.fill_bytes(&mut bytes);
    let millis = u64::try_from(now).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::{Journeys, Sent};
    use footfall_schemas::BeaconEvent;
    use std::collections::HashSet;

    fn events(seed: u64) -> Vec<Sent> {
        let mut journeys = Journeys::new(seed, 20, true);
        (0..2_000)
            .map(|at| journeys.next(1_800_000_000_000 + at))
            .collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_journeys_with_new_ids() {
        let (mut first, mut second) = (events(7), events(7));
        let ids: HashSet<_> = first.iter().chain(&second).map(|event| event.id).collect();
        assert_eq!(ids.len(), 4_000);
        for event in first.iter_mut().chain(&mut second) {
            event.id = uuid::Uuid::nil();
        }
        assert_eq!(first, second);
        assert_ne!(events(8)[0].visitor, second[0].visitor);
    }

    #[test]
    fn every_event_passes_the_contract_and_every_type_occurs() {
        let mut kinds = HashSet::new();
        for event in events(1) {
            let json = serde_json::value::to_raw_value(&event).unwrap();
            let read = BeaconEvent::parse(&json).unwrap();
            assert_eq!((read.id, read.unknown_fields), (Some(event.id), 0));
            assert!(!read.props.cut);
            kinds.insert(event.kind);
        }
        assert_eq!(kinds.len(), 9, "{kinds:?}");
    }

    #[test]
    fn a_page_begins_with_its_view_and_ends_with_its_leave() {
        let mut pages = std::collections::HashMap::<_, Vec<_>>::new();
        for event in events(3) {
            pages.entry(event.page_id).or_default().push(event);
        }
        for page in pages.values() {
            let numbers: Vec<_> = page.iter().map(|event| event.seq as usize).collect();
            assert_eq!(numbers, (1..=page.len()).collect::<Vec<_>>());
            assert_eq!(page[0].kind, "page_view");
            assert!(
                page[..page.len() - 1]
                    .iter()
                    .all(|event| event.kind != "page_leave")
            );
        }
    }
}
