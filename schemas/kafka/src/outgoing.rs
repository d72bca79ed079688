//! A record on its way to the topic: key, partition, headers, payload. The format stands in `record`.

use std::borrow::Cow;

use footfall_schemas::kind::Kind;
use rdkafka::message::{Header, OwnedHeaders};
use uuid::Uuid;

use crate::partition::partition_of;
use crate::record::{CONTENT_TYPE, LOST_BYTES, LOST_TYPE, MARK_TYPE, Number, VERSION_TEXT};

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

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> OwnedHeaders {
        let (mut log, mut seq, mut received) = ([0; 36], [0; 20], [0; 20]);
        let event_type = self.event_type();
        let content_type = match self.body {
            Body::Event { .. } | Body::Mark(_) => CONTENT_TYPE,
            Body::Lost { .. } => "application/octet-stream",
        };
        let headers = OwnedHeaders::new_with_capacity(8)
            .insert(text("log", key_text(self.number.log_id, &mut log)))
            .insert(text("seq", decimal(self.number.seq, &mut seq)))
            .insert(text("received", decimal(self.received_ms, &mut received)))
            .insert(text("schema-version", VERSION_TEXT))
            .insert(text("event-type", &event_type))
            .insert(text("content-type", content_type));
        match self.body {
            Body::Lost { last, reason, .. } => headers
                .insert(text("last", decimal(last, &mut seq)))
                .insert(text("reason", reason)),
            Body::Event { .. } | Body::Mark(_) => headers,
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

/// A UUID as it stands in keys and headers.
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

fn text<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    let value = Some(value);
    Header { key, value }
}
