//! What the public may send: one request body, unchecked beyond its types.
//!
//! 1. [`Beacon::parse`] reads the envelope and leaves each event as raw text, so that one bad event costs only itself;
//! 2. [`BeaconEvent::parse`] reads one event ([`fields`] has the value types, [`props`] the free properties).
//!
//! Most events are plain enough for a reader without serde (`plain`). [`Single::parse`] reads a good request of one event,
//! the most common by far, in one pass; [`Batch::parse`] so reads a plain envelope with all its events.
//!
//! `ingest` goes on from there: it cuts, stamps and makes the [`Event`](crate::Event).

pub mod fields;
pub mod props;

mod batch;
mod envelope;
mod plain;
mod single;

pub use batch::Batch;
pub use envelope::Beacon;
pub use fields::Stamp;
pub use props::Props;
pub use single::Single;

use crate::kind::Kind;
use crate::reject::{Reject, Rejection};
use crate::reserved;
use fields::{Id, Number, Text};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use uuid::Uuid;

/// One event as its sender wrote it. Empty text, 0 and `None` mean "not said". Nothing is cut yet but props.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeaconEvent<'a> {
    /// UUIDv7 made by the client, the idempotency key. None: missing, nil or not a UUID.
    pub id: Option<Uuid>,
    /// What happened.
    pub kind: Kind,
    /// Name of a custom event.
    pub name: Cow<'a, str>,
    /// Client time of the event.
    pub ts: Stamp,
    /// Full URL of the page.
    pub url: Cow<'a, str>,
    /// Title of the page.
    pub title: Cow<'a, str>,
    /// Full URL of the page before.
    pub referrer: Cow<'a, str>,
    /// Number of the event on its page, from 1.
    pub seq: u32,
    /// One page load; a UUID by contract, any text is taken.
    pub page_id: Cow<'a, str>,
    /// Which attempt to send this is, from 1.
    pub attempt: u32,
    /// The user, with `identify` and `login`.
    pub user_id: Cow<'a, str>,
    /// Milliseconds of engagement, with `page_leave`.
    pub engagement_ms: u32,
    /// Deepest scroll position in per cent, with `page_leave`.
    pub scroll: u32,
    /// Screen width, CSS pixels.
    pub screen_w: u32,
    /// Screen height, CSS pixels.
    pub screen_h: u32,
    /// Viewport width, CSS pixels.
    pub viewport_w: u32,
    /// Viewport height, CSS pixels.
    pub viewport_h: u32,
    /// BCP 47 language of the browser.
    pub language: Cow<'a, str>,
    /// IANA time zone of the browser.
    pub timezone: Cow<'a, str>,
    /// `granted` or `refused`.
    pub consent: Cow<'a, str>,
    /// The token of a late event.
    pub token: Cow<'a, str>,
    /// Free properties.
    pub props: Props<'a>,
    /// Only with a server key: visitor id.
    pub visitor: Cow<'a, str>,
    /// Only with a server key: session id.
    pub session: Cow<'a, str>,
    /// Only with a server key: address of the visitor.
    pub ip: Cow<'a, str>,
    /// Only with a server key: user agent of the visitor.
    pub user_agent: Cow<'a, str>,
    /// Fields that this release does not know; ignored and counted.
    pub unknown_fields: u32,
}

impl BeaconEvent<'_> {
    const EMPTY: Self = Self {
        id: None,
        kind: Kind::Custom,
        name: Cow::Borrowed(""),
        ts: Stamp::Missing,
        url: Cow::Borrowed(""),
        title: Cow::Borrowed(""),
        referrer: Cow::Borrowed(""),
        seq: 0,
        page_id: Cow::Borrowed(""),
        attempt: 0,
        user_id: Cow::Borrowed(""),
        engagement_ms: 0,
        scroll: 0,
        screen_w: 0,
        screen_h: 0,
        viewport_w: 0,
        viewport_h: 0,
        language: Cow::Borrowed(""),
        timezone: Cow::Borrowed(""),
        consent: Cow::Borrowed(""),
        token: Cow::Borrowed(""),
        props: Props {
            pairs: Vec::new(),
            cut: false,
        },
        visitor: Cow::Borrowed(""),
        session: Cow::Borrowed(""),
        ip: Cow::Borrowed(""),
        user_agent: Cow::Borrowed(""),
        unknown_fields: 0,
    };
}

impl<'a> BeaconEvent<'a> {
    /// An event of that kind that says nothing else, for senders that are not JSON.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self { kind, ..Self::EMPTY }
    }

    /// Reads one event of a batch.
    ///
    /// # Errors
    /// A [`Rejection`] of this event alone: wrong type, missing or unknown `type`, missing or reserved name.
    pub fn parse(raw: &'a RawValue) -> Result<Self, Rejection> {
        match plain::read(raw.get(), None) {
            Some(event) => Ok(event),
            None => Self::parse_with_serde(raw),
        }
    }

    fn parse_with_serde(raw: &'a RawValue) -> Result<Self, Rejection> {
        let field = Cell::new("");
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        let reader = Reader {
            field: &field,
            envelope: None,
        };
        let (event, kind) = reader
            .deserialize(&mut deserializer)
            .map_err(|error| rejection(&error, field.get()))?;
        event.check(kind.as_deref())
    }

    /// Sets the kind, and checks what the types cannot say.
    fn check(mut self, kind: Option<&str>) -> Result<Self, Rejection> {
        self.kind = kind.map_or_else(
            || Err(Rejection::new(Reject::MissingField, "`type` is missing: page_view, click, custom, …")),
            |label| {
                Kind::from_label(label).ok_or_else(|| {
                    Rejection::new(Reject::UnknownType, "`type` must be page_view, page_leave, click, custom, identify, login, logout, login_failed or consent")
                })
            },
        )?;
        self.check_name()?;
        Ok(self)
    }

    fn check_name(&self) -> Result<(), Rejection> {
        // Whether the sender is a server is known later: ingest asks again.
        if reserved::is_reserved(&self.name) && !reserved::is_for_servers(&self.name) {
            return Err(Rejection::new(
                Reject::ReservedName,
                "`name` must not start with `$`: such names are reserved",
            ));
        }
        if self.kind == Kind::Custom && self.name.is_empty() {
            return Err(Rejection::new(
                Reject::MissingField,
                "`name` is missing: a custom event needs one",
            ));
        }
        Ok(())
    }
}

/// A JSON error as the sender should see it: broken text, or a field of the wrong type.
fn rejection(error: &serde_json::Error, field: &str) -> Rejection {
    let reason = if error.is_data() {
        Reject::WrongType
    } else {
        Reject::NotJson
    };
    if field.is_empty() {
        return Rejection::new(reason, error.to_string());
    }
    Rejection::new(reason, format!("field `{field}`: {error}"))
}

/// Reads one event and remembers in which field it was, for the error text.
struct Reader<'c, 'de> {
    field: &'c Cell<&'static str>,
    /// Where `site` and `sent_at` go if the event is a request of its own; `events` is an error there.
    envelope: Option<&'c mut (Cow<'de, str>, Stamp)>,
}

/// An event and the text of its `type`, which is checked after the whole object has been read.
type Typed<'a> = (BeaconEvent<'a>, Option<Cow<'a, str>>);

impl<'de> DeserializeSeed<'de> for Reader<'_, 'de> {
    type Value = Typed<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Typed<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_, 'de> {
    type Value = Typed<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Typed<'de>, A::Error> {
        let mut event = BeaconEvent::EMPTY;
        let mut kind = None;
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            macro_rules! read {
                ($name:literal, $target:expr, $type:ty) => {{
                    self.field.set($name);
                    $target = map.next_value::<$type>()?.into();
                }};
            }
            match key.as_ref() {
                "type" => {
                    self.field.set("type");
                    kind = Some(map.next_value::<Text<'de>>()?.0).filter(|label| !label.is_empty());
                }
                "id" => read!("id", event.id, Id),
                "ts" => read!("ts", event.ts, Stamp),
                "name" => read!("name", event.name, Text<'de>),
                "url" => read!("url", event.url, Text<'de>),
                "title" => read!("title", event.title, Text<'de>),
                "referrer" => read!("referrer", event.referrer, Text<'de>),
                "seq" => read!("seq", event.seq, Number),
                "page_id" => read!("page_id", event.page_id, Text<'de>),
                "attempt" => read!("attempt", event.attempt, Number),
                "user_id" => read!("user_id", event.user_id, Text<'de>),
                "engagement_ms" => read!("engagement_ms", event.engagement_ms, Number),
                "scroll" => read!("scroll", event.scroll, Number),
                "screen_w" => read!("screen_w", event.screen_w, Number),
                "screen_h" => read!("screen_h", event.screen_h, Number),
                "viewport_w" => read!("viewport_w", event.viewport_w, Number),
                "viewport_h" => read!("viewport_h", event.viewport_h, Number),
                "language" => read!("language", event.language, Text<'de>),
                "timezone" => read!("timezone", event.timezone, Text<'de>),
                "consent" => read!("consent", event.consent, Text<'de>),
                "token" => read!("token", event.token, Text<'de>),
                "props" => read!("props", event.props, Props<'de>),
                "visitor" => read!("visitor", event.visitor, Text<'de>),
                "session" => read!("session", event.session, Text<'de>),
                "ip" => read!("ip", event.ip, Text<'de>),
                "user_agent" => read!("user_agent", event.user_agent, Text<'de>),
                // The envelope of a request that is one event.
                "site" | "sent_at" | "events" if self.envelope.is_some() => {
                    let Some(envelope) = &mut self.envelope else {
                        continue;
                    };
                    single::read_envelope(&key, &mut map, envelope)?;
                }
                "site" | "sent_at" => drop(map.next_value::<IgnoredAny>()?),
                _ => {
                    self.field.set("");
                    map.next_value::<IgnoredAny>()?;
                    event.unknown_fields += 1;
                }
            }
        }
        self.field.set("");
        Ok((event, kind))
    }
}

#[cfg(test)]
mod tests;
