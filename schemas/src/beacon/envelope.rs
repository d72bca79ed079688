//! The envelope of a request: the site, the time of sending, and the events as raw text.

use super::fields::{Stamp, Text};
use super::rejection;
use crate::limits;
use crate::reject::{Reject, Rejection};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// One request body: a batch, or one event with `site` (and `sent_at`) beside its own fields.
#[derive(Debug)]
pub struct Beacon<'a> {
    /// Site key; empty if not said.
    pub site: Cow<'a, str>,
    /// Client time of sending.
    pub sent_at: Stamp,
    /// The events, in order, not looked into. 1 to [`limits::BATCH_EVENTS`].
    pub events: Vec<&'a RawValue>,
}

impl<'a> Beacon<'a> {
    /// Reads the envelope.
    ///
    /// # Errors
    /// A [`Rejection`] of the whole body: not UTF-8, not JSON, not an object, no events, too many.
    pub fn parse(body: &'a [u8]) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(body).map_err(|error| {
            Rejection::new(
                Reject::NotUtf8,
                format!("the body is not UTF-8 after byte {}", error.valid_up_to()),
            )
        })?;
        let envelope: Envelope<'a> = serde_json::from_str(text).map_err(|error| rejection(&error, ""))?;
        let events = match envelope.events {
            Some(Events { count, .. }) if count > limits::BATCH_EVENTS => {
                let detail = format!(
                    "a batch has at most {} events, this one has {count}",
                    limits::BATCH_EVENTS
                );
                return Err(Rejection::new(Reject::TooManyEvents, detail));
            }
            Some(Events { list, .. }) if list.is_empty() => {
                return Err(Rejection::new(Reject::NoEvents, "`events` is empty"));
            }
            Some(Events { list, .. }) => list,
            None => vec![serde_json::from_str(text).map_err(|error| rejection(&error, ""))?],
        };
        Ok(Self {
            site: envelope.site,
            sent_at: envelope.sent_at,
            events,
        })
    }
}

struct Envelope<'a> {
    site: Cow<'a, str>,
    sent_at: Stamp,
    events: Option<Events<'a>>,
}

impl<'de> Deserialize<'de> for Envelope<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Envelope<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object: one event, or a batch with `events`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut envelope = Envelope {
                    site: "".into(),
                    sent_at: Stamp::Missing,
                    events: None,
                };
                while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
                    match key.as_ref() {
                        "site" => envelope.site = map.next_value::<Text<'de>>()?.0,
                        "sent_at" => envelope.sent_at = map.next_value()?,
                        "events" => envelope.events = Some(map.next_value()?),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(envelope)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The events up to the limit, and how many there were: a batch of a million empty objects costs no memory.
struct Events<'a> {
    list: Vec<&'a RawValue>,
    count: usize,
}

impl<'de> Deserialize<'de> for Events<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Events<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`events` as a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::with_capacity(8);
                while list.len() < limits::BATCH_EVENTS {
                    match seq.next_element::<&'de RawValue>()? {
                        Some(event) => list.push(event),
                        None => {
                            return Ok(Events {
                                count: list.len(),
                                list,
                            });
                        }
                    }
                }
                let mut count = list.len();
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Events { list, count })
            }
        }
        deserializer.deserialize_seq(List)
    }
}
