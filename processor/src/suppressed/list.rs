//! The list in memory, and how it is read. An empty one costs an event a comparison; one with rows a keyed hash for each kind
//! that is on it.

use super::key::{Key, Kind};
use crate::question::clock;
use clickhouse::{Client, Row};
use footfall_schemas::Event;
use footfall_schemas::reserved::UNLINK;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::net::IpAddr;
use uuid::Uuid;

/// Whom the tables name. Cheap to hold against an event; read anew by [`read`].
#[derive(Debug, Clone, Default)]
pub struct List {
    key: Option<Key>,
    /// By [`Kind::ALL`].
    kinds: [FxHashMap<u128, Vec<Span>>; 4],
    /// As the table said: rows, and the time of the newest.
    state: State,
}

/// What of somebody's events is kept out. Times are ms since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Of this site; empty: of all.
    pub site: String,
    /// What happened from then on.
    pub since: i64,
    /// What happened, or was received, up to then.
    pub until: i64,
}

/// Why the list is not known.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// ClickHouse did not answer; it is asked again.
    #[error("read the table `suppressed`: no answer")]
    Unanswered,
    /// ClickHouse refused the question.
    #[error("read the table `suppressed`: {0}")]
    Refused(#[from] clickhouse::error::Error),
    /// There are rows, and we have no key.
    #[error(
        "persons were erased here, and this processor has no key to know them by, so it inserts nothing: \
         give it the one that `footfall erase` has (`erasure.key`, FOOTFALL_ERASURE_KEY_FILE)"
    )]
    NoKey,
    /// There are rows of another key.
    #[error(
        "persons were erased here under the key {theirs:08x}, and this processor has {ours:08x}, so it inserts nothing: \
         give it that key (`erasure.key`, FOOTFALL_ERASURE_KEY_FILE)"
    )]
    OtherKey {
        /// Name of the key of the rows.
        theirs: u32,
        /// Name of ours.
        ours: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Row, Deserialize)]
struct State {
    rows: u64,
    newest: i64,
}

#[derive(Row, Deserialize)]
struct Named {
    kind: String,
    hash: u128,
    key_id: u32,
    site: String,
    since: i64,
    until: i64,
}

/// Reads the server's clock, and then the list. Gives the clock, and the list if it differs from `known`.
///
/// # Errors
/// [`ListError`].
pub async fn read(
    client: &Client,
    key: Option<&Key>,
    known: Option<&List>,
) -> Result<(i64, Option<List>), ListError> {
    // The clock first: whoever writes a row that is not in this list is answered after it.
    let clock = clock(client).await.map_err(|_| ListError::Unanswered)?.now;
    let sql = "SELECT count() AS rows, toUnixTimestamp64Milli(max(at)) AS newest FROM suppressed";
    let state = client.query(sql).fetch_one::<State>().await?;
    if known.is_some_and(|known| known.state == state) {
        return Ok((clock, None));
    }
    let sql = "SELECT toString(kind) AS kind, hash, key_id, toString(site) AS site, \
               toUnixTimestamp64Milli(since) AS since, toUnixTimestamp64Milli(until) AS until FROM suppressed";
    let rows = client.query(sql).fetch_all::<Named>().await?;
    Ok((clock, Some(List::of(key, state, rows)?)))
}

impl List {
    fn of(key: Option<&Key>, state: State, rows: Vec<Named>) -> Result<Self, ListError> {
        let mut list = Self {
            key: key.cloned(),
            state,
            ..Self::default()
        };
        for row in rows {
            let ours = key.ok_or(ListError::NoKey)?.id();
            if row.key_id != ours {
                return Err(ListError::OtherKey {
                    theirs: row.key_id,
                    ours,
                });
            }
            let Named {
                site, since, until, ..
            } = row;
            list.add(&row.kind, row.hash, Span { site, since, until });
        }
        Ok(list)
    }

    /// A kind of a later release means nothing here; its writer has said which processors it needs.
    fn add(&mut self, kind: &str, hash: u128, span: Span) {
        let kinds = Kind::ALL.iter().zip(&mut self.kinds);
        for (_, map) in kinds.filter(|(known, _)| known.label() == kind) {
            let spans = map.entry(hash).or_default();
            if !spans.contains(&span) {
                spans.push(span.clone());
            }
        }
    }

    /// Whether nobody is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.iter().all(FxHashMap::is_empty)
    }

    /// Whether the event is somebody's who was erased.
    #[must_use]
    pub fn covers(&self, event: &Event<'_>) -> bool {
        match &self.key {
            Some(key) if !self.is_empty() => self.names(key, event),
            _ => false,
        }
    }

    #[inline(never)]
    fn names(&self, key: &Key, event: &Event<'_>) -> bool {
        let named = |prop: &str| {
            let of = event
                .props
                .iter()
                .filter(|(name, _)| event.name == UNLINK && name == prop);
            of.map(|(_, value)| value.as_ref()).next().unwrap_or_default()
        };
        self.has(Kind::Visitor, event, || {
            Some(key.of_id(Kind::Visitor, event.visitor))
        }) || self.has(Kind::Visitor, event, || {
            let visitor = Uuid::parse_str(named("visitor")).ok()?;
            Some(key.of_id(Kind::Visitor, visitor))
        }) || self.has(Kind::Page, event, || {
            (!event.page_id.is_nil()).then(|| key.of_id(Kind::Page, event.page_id))
        }) || self.has(Kind::User, event, || {
            (!event.user_id.is_empty()).then(|| key.of_user(&event.user_id))
        }) || self.has(Kind::User, event, || {
            let user = named("user");
            (!user.is_empty()).then(|| key.of_user(user))
        }) || self.has(Kind::Ip, event, || {
            Some(key.of_ip(event.ip.parse::<IpAddr>().ok()?))
        })
    }

    /// `hash` is made only if the kind is on the list.
    fn has(&self, kind: Kind, event: &Event<'_>, hash: impl FnOnce() -> Option<u128>) -> bool {
        let maps = Kind::ALL.iter().zip(&self.kinds);
        let Some((_, map)) = maps
            .into_iter()
            .find(|(known, map)| **known == kind && !map.is_empty())
        else {
            return false;
        };
        let spans = hash().and_then(|hash| map.get(&hash));
        spans.is_some_and(|spans| spans.iter().any(|span| span.has(event)))
    }
}

impl Span {
    fn has(&self, event: &Event<'_>) -> bool {
        (self.site.is_empty() || self.site == event.site)
            && event.time >= self.since
            && event.time.min(event.received_at) <= self.until
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Kind, List, ListError, Named, State};
    use crate::decode::decode;

    const VISITOR: u128 = 0x1111_1111_1111_4111_8111_1111_1111_1111;

    fn key() -> Key {
        Key::parse(&"7".repeat(64)).unwrap()
    }

    fn named(kind: Kind, hash: u128) -> Named {
        Named {
            kind: kind.label().to_owned(),
            hash,
            key_id: key().id(),
            site: String::new(),
            since: 0,
            until: 2_000,
        }
    }

    fn list(rows: Vec<Named>) -> List {
        List::of(Some(&key()), State::default(), rows).unwrap()
    }

    /// An event of a visitor, with these fields more.
    fn covered(list: &List, time: i64, more: &str) -> bool {
        let text = format!(
            r#"{{"v":1,"id":"01890a5d-ac96-774b-bcce-b302099a8057","site":"shop","type":"custom",
            "visitor":"11111111-1111-4111-8111-111111111111","session":"22222222-2222-4222-8222-222222222222",
            "session_start":0,"time":{time},"received_at":{time}{more}}}"#
        );
        list.covers(&decode(text.as_bytes()).unwrap())
    }

    #[test]
    fn each_kind_is_known_by_its_hash_and_no_other() {
        let page = 0x3333_3333_3333_4333_8333_3333_3333_3333_u128;
        let id = uuid::Uuid::from_u128;
        let rows = [
            (Kind::Visitor, key().of_id(Kind::Visitor, id(VISITOR)), ""),
            (
                Kind::Page,
                key().of_id(Kind::Page, id(page)),
                r#","page_id":"33333333-3333-4333-8333-333333333333""#,
            ),
            (Kind::User, key().of_user("ada"), r#","user_id":"ada""#),
            (
                Kind::User,
                key().of_user("ada"),
                r#","name":"$unlink","props":{"user":"ada"}"#,
            ),
            (
                Kind::Ip,
                key().of_ip("203.0.113.7".parse().unwrap()),
                r#","ip":"203.0.113.7""#,
            ),
        ];
        for (kind, hash, more) in rows {
            assert!(covered(&list(vec![named(kind, hash)]), 1_000, more), "{kind:?}");
            assert!(
                !covered(&list(vec![named(kind, hash ^ 1)]), 1_000, more),
                "{kind:?}"
            );
        }
        let others = r#","user_id":"bob","ip":"203.0.113.8","props":{"user":"ada"}"#;
        let all = list(
            rows.into_iter()
                .skip(1)
                .map(|(kind, hash, _)| named(kind, hash))
                .collect(),
        );
        assert!(!covered(&all, 1_000, others));
        assert!(!covered(&List::default(), 1_000, ""));
    }

    #[test]
    fn what_happens_later_or_elsewhere_is_not_meant() {
        let row = || {
            named(
                Kind::Visitor,
                key().of_id(Kind::Visitor, uuid::Uuid::from_u128(VISITOR)),
            )
        };
        for (site, since, time, is_covered) in [
            ("", 0, 2_000, true),
            ("", 0, 2_001, false),
            ("", 1_500, 1_500, true),
            ("", 1_500, 1_499, false),
            ("shop", 0, 1_000, true),
            ("other", 0, 1_000, false),
        ] {
            let one = list(vec![Named {
                site: site.to_owned(),
                since,
                ..row()
            }]);
            assert_eq!(covered(&one, time, ""), is_covered, "{site} {since} {time}");
        }
        // It happened before, whenever it comes.
        let late = r#","sent_at":5000,"ts":1000"#;
        assert!(covered(&list(vec![row()]), 1_000, late));
    }

    #[test]
    fn rows_of_another_key_are_refused_and_rows_without_a_key_too() {
        let row = || named(Kind::User, 1);
        assert!(matches!(
            List::of(None, State::default(), vec![row()]),
            Err(ListError::NoKey)
        ));
        let other = Key::parse(&"8".repeat(64)).unwrap();
        let refused = List::of(Some(&other), State::default(), vec![row()]).unwrap_err();
        assert!(
            refused.to_string().contains(&format!("{:08x}", key().id())),
            "{refused}"
        );
        assert!(List::of(None, State::default(), Vec::new()).unwrap().is_empty());
    }
}
