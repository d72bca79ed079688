//! A request of several events behind a plain envelope, read in one pass instead of two.

use super::fields::Stamp;
use super::{BeaconEvent, plain};
use crate::limits;
use crate::reject::Rejection;
use std::borrow::Cow;

/// A batch, its events read.
#[derive(Debug)]
pub struct Batch<'a> {
    /// Site key; empty if not said.
    pub site: Cow<'a, str>,
    /// Client time of sending.
    pub sent_at: Stamp,
    /// The events in order, 1 to [`limits::BATCH_EVENTS`](crate::limits::BATCH_EVENTS).
    pub events: Vec<Result<BeaconEvent<'a>, Rejection>>,
}

impl<'a> Batch<'a> {
    /// Reads a body that is a batch. None: its envelope is unusual or wrong, and
    /// [`Beacon::parse`](super::Beacon::parse) says what.
    #[must_use]
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        // A real event has some hundred bytes.
        let mut events = Vec::with_capacity((text.len() / 256).clamp(1, limits::BATCH_EVENTS));
        let (site, sent_at) = plain::batch(text, |event| events.push(event))?;
        Some(Self {
            site,
            sent_at,
            events,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Batch;
    use crate::beacon::{Beacon, BeaconEvent};

    #[test]
    fn one_pass_reads_what_two_read() {
        for body in [
            r#"{"site":"demo","sent_at":5,"events":[{"type":"click"}]}"#,
            r#" { "events" : [ {"type":"click","title":"a\"b"} , {"type":"click","props":{"a":{}}} ] , "site":"demo" } "#,
            r#"{"site":"demo","events":[{"type":"click","site":"x"},5,"x",[],null,{},{"type":"click","url":1},{"type":"click","x":[{"y":"]"}]}]}"#,
        ] {
            let (batch, beacon) = (
                Batch::parse(body.as_bytes()).unwrap(),
                Beacon::parse(body.as_bytes()).unwrap(),
            );
            assert_eq!((batch.site, batch.sent_at), (beacon.site, beacon.sent_at));
            let events: Vec<_> = beacon.events.into_iter().map(BeaconEvent::parse).collect();
            assert_eq!(format!("{:?}", batch.events), format!("{events:?}"), "{body}");
        }
    }

    #[test]
    fn what_is_not_a_plain_batch_is_left_to_the_slow_way() {
        let full = vec![r#"{"type":"click"}"#; crate::limits::BATCH_EVENTS].join(",");
        let of = |events: &str| format!(r#"{{"site":"demo","events":[{events}]}}"#);
        assert_eq!(Batch::parse(of(&full).as_bytes()).unwrap().events.len(), 500);
        for body in [
            of(&format!("{full},5")),
            of(""),
            of("{"),
            of("{},"),
            of("5 5"),
            of(r#"{"type":"click"}"#) + "x",
            r#"{"events":[5],"events":[5]}"#.to_owned(),
            r#"{"events":[5],"x":1}"#.to_owned(),
            r#"{"events":{}}"#.to_owned(),
            r#"{"type":"click"}"#.to_owned(),
            "[]".to_owned(),
        ] {
            assert!(Batch::parse(body.as_bytes()).is_none(), "{body:.80}");
        }
    }
}
