//! What the headers of a consumed record say. The format stands in `record`.

use std::ffi::CStr;

use rdkafka::Timestamp;
use rdkafka::bindings;
use rdkafka::message::{BorrowedMessage, Message};
use uuid::Uuid;

use crate::record::{CONTENT_TYPE, LOST_TYPE, MARK_TYPE, Number, VERSION_TEXT};

/// What a record's headers say. Its payload is looked at by whoever knows the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its identity; of a lost range the first of it.
    pub number: Number,
    /// When the edge received it, unix ms; `None` when neither header nor a `CreateTime` says it.
    pub received_ms: Option<i64>,
    /// What the payload is.
    pub content: Content,
}

/// What a record's payload is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// An event's JSON.
    Event,
    /// A mark's JSON.
    Mark,
    /// What stood in the place of a range that the log cannot read.
    Lost {
        /// The last number of the range.
        last: u64,
        /// One sentence for the ledger.
        reason: String,
    },
    /// Of a newer release: a format, content type or own record that this one does not know. It says which.
    Unknown(String),
}

/// A record without an identity: nobody that keeps to this contract has sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A header that every record has.
    #[error("cannot read a record without the header {0:?}")]
    Missing(&'static str),
    /// A header that is not what it should be.
    #[error("cannot read a record whose header {header:?} is {value:?}")]
    Invalid {
        /// Its name.
        header: &'static str,
        /// At most 64 characters of it.
        value: String,
    },
}

/// What the headers of a consumed message say.
///
/// # Errors
/// [`Unreadable`]: the record is a stranger's.
pub fn decode(message: &BorrowedMessage<'_>) -> Result<Received, Unreadable> {
    let created = match message.timestamp() {
        Timestamp::CreateTime(at) => Some(at),
        Timestamp::NotAvailable | Timestamp::LogAppendTime(_) => None,
    };
    let mut native = std::ptr::null_mut();
    // SAFETY: the message lives as long as its borrow, and its headers as long as the message.
    let found = unsafe { bindings::rd_kafka_message_headers(message.ptr(), &mut native) };
    if found != bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Err(Unreadable::Missing("log"));
    }
    // Not by rdkafka's `Headers`: that panics on a name that is not UTF-8, and anybody can send one.
    let headers = (0..).map_while(|index| {
        let (mut name, mut value, mut size) = (std::ptr::null(), std::ptr::null(), 0);
        // SAFETY: an index beyond the end is answered with an error.
        let answer =
            unsafe { bindings::rd_kafka_header_get_all(native, index, &mut name, &mut value, &mut size) };
        if answer != bindings::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
            return None;
        }
        // SAFETY: names end with a zero.
        let name = unsafe { CStr::from_ptr(name) }.to_bytes();
        let bytes: &[u8] = if value.is_null() {
            &[]
        } else {
            // SAFETY: `size` bytes belong to the message.
            unsafe { std::slice::from_raw_parts(value.cast(), size) }
        };
        Some((name, bytes))
    });
    decode_headers(headers, created)
}

/// The same, from names and values; `created` is Kafka's timestamp where that is the sender's. Of a header that is
/// there twice the last counts.
///
/// # Errors
/// As [`decode`].
pub fn decode_headers<'a>(
    headers: impl Iterator<Item = (&'a [u8], &'a [u8])>,
    created: Option<i64>,
) -> Result<Received, Unreadable> {
    let mut found = Found::default();
    for (name, value) in headers {
        found.take(name, value);
    }
    let number = Number {
        log_id: found.log()?,
        seq: number("seq", found.seq)?,
    };
    if number.seq == 0 {
        return Err(invalid("seq", b"0"));
    }
    let received = found.received.and_then(parse).or(created);
    Ok(Received {
        number,
        received_ms: received,
        content: found.content(number.seq)?,
    })
}

#[derive(Default)]
struct Found<'a> {
    log: Option<&'a [u8]>,
    seq: Option<&'a [u8]>,
    received: Option<&'a [u8]>,
    version: Option<&'a [u8]>,
    event_type: Option<&'a [u8]>,
    content_type: Option<&'a [u8]>,
    last: Option<&'a [u8]>,
    reason: Option<&'a [u8]>,
}

impl<'a> Found<'a> {
    fn take(&mut self, name: &[u8], value: &'a [u8]) {
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

    fn log(&self) -> Result<Uuid, Unreadable> {
        let value = self.log.ok_or(Unreadable::Missing("log"))?;
        Uuid::try_parse_ascii(value).map_err(|_| invalid("log", value))
    }

    fn content(&self, seq: u64) -> Result<Content, Unreadable> {
        let version = self.version.ok_or(Unreadable::Missing("schema-version"))?;
        let event_type = self.event_type.unwrap_or_default();
        let content_type = self.content_type.unwrap_or(CONTENT_TYPE.as_bytes());
        let show = String::from_utf8_lossy;
        if version != VERSION_TEXT.as_bytes() {
            return Ok(Content::Unknown(format!("schema-version {}", show(version))));
        }
        match event_type {
            _ if event_type == LOST_TYPE.as_bytes() => self.lost(seq),
            _ if content_type != CONTENT_TYPE.as_bytes() => {
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

fn invalid(header: &'static str, value: &[u8]) -> Unreadable {
    let value = String::from_utf8_lossy(value).chars().take(64).collect();
    Unreadable::Invalid { header, value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::{Body, Outgoing};
    use proptest::prelude::*;
    use rdkafka::message::{Headers, OwnedHeaders};

    fn read(headers: &OwnedHeaders) -> Result<Received, Unreadable> {
        let pairs = headers
            .iter()
            .map(|h| (h.key.as_bytes(), h.value.unwrap_or_default()));
        decode_headers(pairs, None)
    }

    fn outgoing(body: Body<'_>) -> Outgoing<'_> {
        let number = Number {
            log_id: Uuid::from_u128(7),
            seq: 42,
        };
        Outgoing {
            number,
            received_ms: 1_700_000_000_123,
            body,
        }
    }

    fn event() -> Outgoing<'static> {
        outgoing(Body::Event {
            code: 1,
            key: Uuid::from_u128(9),
            payload: b"{}",
        })
    }

    fn changed(name: &str, value: Option<&str>) -> Result<Received, Unreadable> {
        let sent = event().headers();
        let kept = sent.iter().filter(|h| h.key != name);
        let pairs = kept.map(|h| (h.key.as_bytes(), h.value.unwrap_or_default()));
        let extra = value.map(|value| (name.as_bytes(), value.as_bytes()));
        decode_headers(pairs.chain(extra), Some(5))
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let cases = [
            (event(), Content::Event),
            (outgoing(Body::Mark(b"{}")), Content::Mark),
            (
                outgoing(Body::Lost {
                    last: 44,
                    reason: "torn",
                    bytes: b"xx",
                }),
                Content::Lost {
                    last: 44,
                    reason: "torn".to_owned(),
                },
            ),
        ];
        for (sent, content) in cases {
            let received = read(&sent.headers()).unwrap();
            let expected = Received {
                number: sent.number,
                received_ms: Some(1_700_000_000_123),
                content,
            };
            assert_eq!(received, expected);
        }
    }

    #[test]
    fn the_headers_are_the_documented_ones() {
        let headers = event().headers();
        let text: Vec<String> = headers
            .iter()
            .map(|h| format!("{}={}", h.key, String::from_utf8_lossy(h.value.unwrap())))
            .collect();
        assert_eq!(
            text,
            [
                "log=00000000-0000-0000-0000-000000000007",
                "seq=42",
                "received=1700000000123",
                "schema-version=1",
                "event-type=page_view",
                "content-type=application/json",
            ]
        );
    }

    #[test]
    fn a_mark_goes_to_the_partition_of_its_log_and_an_event_to_its_visitors() {
        assert_eq!(outgoing(Body::Mark(b"{}")).key(), Uuid::from_u128(7));
        assert_eq!(event().key(), Uuid::from_u128(9));
        let text = Uuid::from_u128(9).to_string();
        assert_eq!(event().partition(12), crate::partition_of(text.as_bytes(), 12));
    }

    #[test]
    fn a_stranger_is_unreadable_and_says_why() {
        assert_eq!(changed("log", None), Err(Unreadable::Missing("log")));
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
        let lost = outgoing(Body::Lost {
            last: 41,
            reason: "",
            bytes: b"",
        });
        assert!(matches!(
            read(&lost.headers()),
            Err(Unreadable::Invalid { header: "last", .. })
        ));
        let large = vec![0; crate::LOST_BYTES + 1];
        let cut = outgoing(Body::Lost {
            last: 42,
            reason: "",
            bytes: &large,
        });
        assert_eq!(cut.payload().len(), crate::LOST_BYTES);
    }

    proptest! {
        #[test]
        fn no_headers_panic(headers in proptest::collection::vec(
            (prop_oneof![Just("log"), Just("seq"), Just("last"), Just("event-type"), Just("schema-version"), Just("x")],
             proptest::collection::vec(any::<u8>(), 0..40)), 0..9)) {
            let pairs = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
            drop(decode_headers(pairs, None));
        }

        #[test]
        fn every_number_comes_back(log in any::<u128>(), seq in 1..=u64::MAX, at in 0..=i64::MAX.unsigned_abs()) {
            let number = Number { log_id: Uuid::from_u128(log), seq };
            let sent = Outgoing { number, received_ms: at, body: Body::Mark(b"") };
            let received = read(&sent.headers()).unwrap();
            prop_assert_eq!(received.number, number);
            prop_assert_eq!(received.received_ms, i64::try_from(at).ok());
        }
    }
}
