//! What the headers of a consumed record say. The formats stand in `record`; `line` and `separate` read one each.

use std::ffi::CStr;

use rdkafka::Timestamp;
use rdkafka::bindings;
use rdkafka::message::{BorrowedMessage, Message};

use crate::line;
use crate::record::{HEADER, Number};
use crate::separate::Separate;

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
    /// A newer release has sent it, and has even changed what was to stay: it must be waited for like
    /// [`Content::Unknown`], not put aside.
    #[error("cannot read a record of format {0}, nor its number")]
    Newer(String),
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
        return Err(Unreadable::Missing(HEADER));
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
    let (mut line, mut separate) = (None, Separate::default());
    for (name, value) in headers {
        if name == HEADER.as_bytes() {
            line = Some(value);
        } else {
            separate.take(name, value);
        }
    }
    match line {
        Some(line) => line::read(line, created),
        None => separate.read(created),
    }
}

pub(crate) fn invalid(header: &'static str, value: &[u8]) -> Unreadable {
    let value = String::from_utf8_lossy(value).chars().take(64).collect();
    Unreadable::Invalid { header, value }
}
