//! A record on its way to the topic: key, partition, header, payload. The format stands in `record`.

use std::borrow::Cow;

use footfall_schemas::event::trace;
use footfall_schemas::kind::Kind;
use rdkafka::message::{Header, OwnedHeaders};
use uuid::Uuid;

use crate::partition::partition_of;
use crate::record::{FORMAT, HEADER, LOST_BYTES, LOST_TYPE, MARK_TYPE, Number, TRACEPARENT};

/// A record on its way to the topic.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Its identity; of a lost range the first of it.
    pub number: Number,
    /// When it was received, unix ms.
    pub received_ms: u64,
    /// What it is.
    pub body: Body<'a>,
}

/// What a record going out is.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// An event.
    Event {
        /// The kind byte of the frame.
        code: u8,
        /// The visitor.
        key: Uuid,
        /// JSON.
        payload: &'a [u8],
    },
    /// All lower numbers have been given: JSON.
    Mark(&'a [u8]),
    /// The log cannot read these numbers any more.
    Lost {
        /// The last of them.
        last: u64,
        /// One sentence for the ledger.
        reason: &'a str,
        /// What stands in their place; cut at [`LOST_BYTES`].
        bytes: &'a [u8],
    },
}

impl<'a> Outgoing<'a> {
    /// Whose partition it goes to.
    #[must_use]
    pub fn key(&self) -> Uuid {
        match self.body {
            Body::Event { key, .. } => key,
            Body::Mark(_) | Body::Lost { .. } => self.number.log_id,
        }
    }

    /// Its partition among so many, for ever.
    #[must_use]
    pub fn partition(&self, partitions: u32) -> u32 {
        let mut text = [0; 36];
        partition_of(key_text(self.key(), &mut text).as_bytes(), partitions)
    }

    /// What the record holds.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        match self.body {
            Body::Event { payload, .. } | Body::Mark(payload) => payload,
            Body::Lost { bytes, .. } => bytes.get(..LOST_BYTES).unwrap_or(bytes),
        }
    }

    /// The trace that it belongs to: value of the header [`TRACEPARENT`], if it has one.
    #[must_use]
    pub fn traceparent(&self) -> Option<&'a str> {
        match self.body {
            Body::Event { payload, .. } => trace::of(payload),
            Body::Mark(_) | Body::Lost { .. } => None,
        }
    }

    /// Writes the value of its one header, [`HEADER`], in place of what `line` holds.
    pub fn line(&self, line: &mut String) {
        let (mut log, mut digits) = ([0; 36], [0; 20]);
        line.clear();
        line.push_str(FORMAT);
        line.push(' ');
        line.push_str(key_text(self.number.log_id, &mut log));
        line.push(' ');
        line.push_str(decimal(self.number.seq, &mut digits));
        line.push(' ');
        line.push_str(decimal(self.received_ms, &mut digits));
        line.push(' ');
        line.push_str(&self.event_type());
        if let Body::Lost { last, reason, .. } = self.body {
            line.push(' ');
            line.push_str(decimal(last, &mut digits));
            line.push(' ');
            line.push_str(reason);
        }
    }

    /// The same for rdkafka's own producers.
    #[must_use]
    pub fn headers(&self) -> OwnedHeaders {
        let mut line = String::new();
        self.line(&mut line);
        let value = Some(line.as_str());
        let headers = OwnedHeaders::new_with_capacity(2).insert(Header { key: HEADER, value });
        match self.traceparent() {
            Some(context) => headers.insert(Header {
                key: TRACEPARENT,
                value: Some(context),
            }),
            None => headers,
        }
    }

    fn event_type(&self) -> Cow<'static, str> {
        match self.body {
            Body::Event { code, .. } => match Kind::from_code(code) {
                Some(kind) => Cow::Borrowed(kind.label()),
                // Of a newer release, whose log this one drains; the payload says it too.
                None => Cow::Owned(format!("kind-{code}")),
            },
            Body::Mark(_) => Cow::Borrowed(MARK_TYPE),
            Body::Lost { .. } => Cow::Borrowed(LOST_TYPE),
        }
    }
}

/// A UUID as it stands in keys and in the header.
pub(crate) fn key_text(id: Uuid, buffer: &mut [u8; 36]) -> &str {
    id.hyphenated().encode_lower(buffer)
}

fn decimal(mut number: u64, buffer: &mut [u8; 20]) -> &str {
    let mut at = buffer.len();
    for byte in buffer.iter_mut().rev() {
        at -= 1;
        *byte = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(buffer.get(at..).unwrap_or_default()).unwrap_or_default()
}
