//! Reads the format before this one, whose headers stand one by one. The format stands in `record`; nobody writes it
//! any more.

use uuid::Uuid;

use crate::received::{Content, Received, Unreadable, invalid};
use crate::record::{HEADER, LOST_TYPE, MARK_TYPE, Number};

/// `schema-version` of all records that were sent in this format.
const VERSION: &[u8] = b"1";

/// `content-type` of events and marks.
const CONTENT_TYPE: &[u8] = b"application/json";

/// The headers that were found.
#[derive(Default)]
pub(crate) struct Separate<'a> {
    log: Option<&'a [u8]>,
    seq: Option<&'a [u8]>,
    received: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    event_type: Option<&'a [u8]>,
    content_type: Option<&'a [u8]>,
    last: Option<&'a [u8]>,
    reason: Option<&'a [u8]>,
}

impl<'a> Separate<'a> {
    pub(crate) fn take(&mut self, name: &[u8], value: &'a [u8]) {
        let slot = match name {
            b"log" => &mut self.log,
            b"seq" => &mut self.seq,
            b"received" => &mut self.received,
            b"schema-version" => &mut self.version,
            b"event-type" => &mut self.event_type,
            b"content-type" => &mut self.content_type,
            b"last" => &mut self.last,
            b"reason" => &mut self.reason,
            // `traceparent` and whatever a mirror adds.
            _ => return,
        };
        *slot = Some(value);
    }

    pub(crate) fn read(&self, created: Option<i64>) -> Result<Received, Unreadable> {
        let number = Number {
            log_id: self.log()?,
            seq: number("seq", self.seq)?,
        };
        if number.seq == 0 {
            return Err(invalid("seq", b"0"));
        }
        let content = self.content(number.seq)?;
        Ok(Received {
            number,
            received_ms: self.received.and_then(parse).or(created),
            content,
        })
    }

    fn log(&self) -> Result<Uuid, Unreadable> {
        // Of a record with neither, the header that it should have had is named.
        let value = self.log.ok_or(Unreadable::Missing(HEADER))?;
        Uuid::try_parse_ascii(value).map_err(|_| invalid("log", value))
    }

    fn content(&self, seq: u64) -> Result<Content, Unreadable> {
        let version = self.version.ok_or(Unreadable::Missing("schema-version"))?;
        let event_type = self.event_type.unwrap_or_default();
        let content_type = self.content_type.unwrap_or(CONTENT_TYPE);
        let show = String::from_utf8_lossy;
        if version != VERSION {
            return Ok(Content::Unknown(format!("schema-version {}", show(version))));
        }
        match event_type {
            _ if event_type == LOST_TYPE.as_bytes() => self.lost(seq),
            _ if content_type != CONTENT_TYPE => {
                Ok(Content::Unknown(format!("content-type {}", show(content_type))))
            }
            _ if event_type == MARK_TYPE.as_bytes() => Ok(Content::Mark),
            [b'$', ..] => Ok(Content::Unknown(format!("event-type {}", show(event_type)))),
            _ => Ok(Content::Event),
        }
    }

    fn lost(&self, seq: u64) -> Result<Content, Unreadable> {
        let last = number("last", self.last)?;
        if last < seq {
            return Err(invalid("last", self.last.unwrap_or_default()));
        }
        let reason = self.reason.unwrap_or(b"the edge's log cannot read it");
        Ok(Content::Lost {
            last,
            reason: String::from_utf8_lossy(reason).into_owned(),
        })
    }
}

fn number(header: &'static str, value: Option<&[u8]>) -> Result<u64, Unreadable> {
    let value = value.ok_or(Unreadable::Missing(header))?;
    parse(value).ok_or_else(|| invalid(header, value))
}

fn parse<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::received::decode_headers;
    use proptest::prelude::*;

    type Headers<'a> = Vec<(&'a str, &'a [u8])>;

    /// Written down as the last release that wrote this format sent them: never to be changed.
    fn event() -> Headers<'static> {
        vec![
            ("log", b"00000000-0000-0000-0000-000000000007"),
            ("seq", b"42"),
            ("received", b"1700000000123"),
            ("schema-version", b"1"),
            ("event-type", b"page_view"),
            ("content-type", b"application/json"),
        ]
    }

    fn mark() -> Headers<'static> {
        let mut headers = event();
        headers[4].1 = b"$mark";
        headers
    }

    fn lost() -> Headers<'static> {
        let mut headers = event();
        headers[4].1 = b"$lost";
        headers[5].1 = b"application/octet-stream";
        headers.push(("last", b"44"));
        headers.push(("reason", b"torn by a crash"));
        headers
    }

    fn read(headers: &[(&str, &[u8])]) -> Result<Received, Unreadable> {
        let pairs = headers.iter().map(|(name, value)| (name.as_bytes(), *value));
        decode_headers(pairs, Some(5))
    }

    /// The event with one header changed, or without it.
    fn changed(name: &'static str, value: Option<&'static str>) -> Result<Received, Unreadable> {
        let mut headers = event();
        headers.retain(|(other, _)| *other != name);
        headers.extend(value.map(|value| (name, value.as_bytes())));
        read(&headers)
    }

    #[test]
    fn records_of_the_format_before_are_read() {
        let torn = Content::Lost {
            last: 44,
            reason: "torn by a crash".to_owned(),
        };
        let number = Number {
            log_id: Uuid::from_u128(7),
            seq: 42,
        };
        for (headers, content) in [(event(), Content::Event), (mark(), Content::Mark), (lost(), torn)] {
            let expected = Received {
                number,
                received_ms: Some(1_700_000_000_123),
                content,
            };
            assert_eq!(read(&headers).unwrap(), expected);
        }
    }

    #[test]
    fn of_both_formats_in_one_record_the_newer_counts() {
        let line = b"1 00000000-0000-0000-0000-000000000008 43 9 $mark".as_slice();
        for at in [0, event().len()] {
            let mut headers = event();
            headers.insert(at, (HEADER, line));
            let received = read(&headers).unwrap();
            assert_eq!((received.number.seq, received.content), (43, Content::Mark));
        }
    }

    #[test]
    fn a_stranger_is_unreadable_and_says_why() {
        assert_eq!(read(&[]), Err(Unreadable::Missing(HEADER)));
        assert_eq!(changed("log", None), Err(Unreadable::Missing(HEADER)));
        assert_eq!(changed("seq", None), Err(Unreadable::Missing("seq")));
        assert_eq!(
            changed("schema-version", None),
            Err(Unreadable::Missing("schema-version"))
        );
        for seq in ["0", "-1", "", "18446744073709551616", "1x"] {
            assert!(
                matches!(
                    changed("seq", Some(seq)),
                    Err(Unreadable::Invalid { header: "seq", .. })
                ),
                "{seq}"
            );
        }
        assert!(matches!(
            changed("log", Some("7")),
            Err(Unreadable::Invalid { header: "log", .. })
        ));
    }

    #[test]
    fn a_newer_release_is_unknown_and_not_unreadable() {
        for (name, value) in [
            ("schema-version", "2"),
            ("schema-version", "01"),
            ("event-type", "$later"),
            ("content-type", "application/protobuf"),
        ] {
            let content = changed(name, Some(value)).unwrap().content;
            assert_eq!(content, Content::Unknown(format!("{name} {value}")));
        }
        assert_eq!(
            changed("event-type", Some("kind-200")).unwrap().content,
            Content::Event
        );
        assert_eq!(
            changed("traceparent", Some("00-…")).unwrap().content,
            Content::Event
        );
    }

    #[test]
    fn the_time_comes_from_the_header_and_else_from_a_timestamp_of_the_sender() {
        assert_eq!(changed("x", None).unwrap().received_ms, Some(1_700_000_000_123));
        assert_eq!(changed("received", None).unwrap().received_ms, Some(5));
        assert_eq!(changed("received", Some("soon")).unwrap().received_ms, Some(5));
    }

    #[test]
    fn a_lost_range_has_its_end_and_never_before_its_start() {
        let mut headers = lost();
        headers[6].1 = b"41";
        assert!(matches!(
            read(&headers),
            Err(Unreadable::Invalid { header: "last", .. })
        ));
        headers.remove(6);
        assert_eq!(read(&headers), Err(Unreadable::Missing("last")));
    }

    proptest! {
        #[test]
        fn no_headers_panic(headers in proptest::collection::vec(
            (prop_oneof![Just("log"), Just("seq"), Just("last"), Just("event-type"), Just("schema-version"), Just("x")],
             proptest::collection::vec(any::<u8>(), 0..40)), 0..9)) {
            let headers: Headers<'_> = headers.iter().map(|(name, value)| (*name, value.as_slice())).collect();
            drop(read(&headers));
        }
    }
}
