//! A request of one event, read in one pass instead of three: what nearly every request is.

use super::fields::{Stamp, Text};
use super::{BeaconEvent, Reader, plain};
use serde::de::{DeserializeSeed, Error, MapAccess};
use std::borrow::Cow;
use std::cell::Cell;

/// One event and the envelope beside its fields.
#[derive(Debug)]
pub struct Single<'a> {
    /// Site key; empty if not said.
    pub site: Cow<'a, str>,
    /// Client time of sending.
    pub sent_at: Stamp,
    /// The event.
    pub event: BeaconEvent<'a>,
}

impl<'a> Single<'a> {
    /// Reads a body that is one good event. None: it is a batch, or something is wrong with it, and
    /// [`Beacon::parse`](super::Beacon::parse) says what.
    #[must_use]
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let mut envelope = (Cow::Borrowed(""), Stamp::Missing);
        if let Some(event) = plain::read(text, Some(&mut envelope)) {
            let (site, sent_at) = envelope;
            return Some(Self { site, sent_at, event });
        }
        envelope = (Cow::Borrowed(""), Stamp::Missing);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let reader = Reader {
            field: &Cell::new(""),
            envelope: Some(&mut envelope),
        };
        let (event, kind) = reader.deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(Self {
            event: event.check(kind.as_deref()).ok()?,
            site: envelope.0,
            sent_at: envelope.1,
        })
    }
}

/// Reads the value of one of the envelope's keys.
pub(super) fn read_envelope<'de, A: MapAccess<'de>>(
    key: &str,
    map: &mut A,
    envelope: &mut (Cow<'de, str>, Stamp),
) -> Result<(), A::Error> {
    match key {
        "site" => envelope.0 = map.next_value::<Text<'de>>()?.0,
        "sent_at" => envelope.1 = map.next_value()?,
        _ => return Err(A::Error::custom("a batch")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Single;
    use crate::beacon::{Beacon, BeaconEvent};

    #[test]
    fn one_pass_reads_what_three_read() {
        let body = br#" {"type":"custom","site":"demo","name":"a\"b","sent_at":5,"ts":3,"x":[{}],"props":{"k":1},"site":"last"} "#;
        let (single, beacon) = (Single::parse(body).unwrap(), Beacon::parse(body).unwrap());
        assert_eq!((single.site, single.sent_at), (beacon.site, beacon.sent_at));
        assert_eq!(single.event, BeaconEvent::parse(beacon.events[0]).unwrap());
    }

    #[test]
    fn what_is_not_one_good_event_is_left_to_the_slow_way() {
        for body in [
            &b"{"[..],
            b"[]",
            b"",
            b"\xff",
            br#"{"site":"demo","events":[{"type":"click"}]}"#,
            br#"{"type":"click","site":5}"#,
            br#"{"type":"click","url":5}"#,
            br#"{"type":"nonsense"}"#,
            br#"{"type":"custom"}"#,
            br#"{"type":"click"} x"#,
        ] {
            assert!(Single::parse(body).is_none(), "{body:?}");
        }
    }
}
