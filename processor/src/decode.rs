//! A record's bytes to an [`Event`], borrowed: pure, no clock, no I/O. Next: [`crate::enrich`].
//!
//! One UTF-8 check over the whole record, then one pass: `plain` where the record is written as this release writes it,
//! serde_json otherwise; text without escapes is not copied. The version is judged first: a record of a newer format must
//! never be taken for broken, or a rollback would empty a day into the ledger.

mod plain;

use footfall_schemas::event::{Event, VERSION};
use serde::Deserialize;
use std::fmt;

/// Latest time that a record may carry, ms since 1970 (2200-01-01): beyond it the table's columns wrap around, and one
/// record would make a partition of its own.
pub const TIME_MAX_MS: i64 = 7_258_118_400_000;

/// Why a record is not an event. Carries no text of the record: the ledger has its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// A format above [`VERSION`]: the reader pauses.
    UnknownVersion(u64),
    /// Not an event of any format. One sentence for the ledger's detail.
    Unreadable(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVersion(version) => {
                write!(
                    f,
                    "read a record of format {version}, this release knows up to {VERSION}"
                )
            }
            Self::Unreadable(why) => write!(f, "read a record: {why}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Reads one record.
///
/// # Errors
/// [`DecodeError::UnknownVersion`] for a JSON object with a higher `v`, whatever else it holds; everything else that is
/// not an event of format 1 is [`DecodeError::Unreadable`].
pub fn decode(payload: &[u8]) -> Result<Event<'_>, DecodeError> {
    let text = std::str::from_utf8(payload)
        .map_err(|error| DecodeError::Unreadable(format!("not UTF-8 after byte {}", error.valid_up_to())))?;
    let read = plain::read(text).map_or_else(|| serde_json::from_str::<Event<'_>>(text), Ok);
    match read {
        Ok(event) if event.v == VERSION => check(event),
        Ok(event) => Err(version_error(u64::from(event.v))),
        Err(error) => Err(not_an_event(text, &error)),
    }
}

/// The rare path: an object that is no event of ours may still say that it is of a newer format.
#[cold]
fn not_an_event(text: &str, error: &serde_json::Error) -> DecodeError {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    match serde_json::from_str::<Version>(text) {
        Ok(Version { v }) if v > u64::from(VERSION) => version_error(v),
        // Only the place and the class: serde's own text may quote the record, and the ledger's detail is not for data.
        _ => DecodeError::Unreadable(format!(
            "{} error at line {} column {}",
            class(error),
            error.line(),
            error.column()
        )),
    }
}

#[cold]
fn version_error(version: u64) -> DecodeError {
    if version > u64::from(VERSION) {
        return DecodeError::UnknownVersion(version);
    }
    DecodeError::Unreadable(format!("format {version} never existed"))
}

fn class(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Io => "read",
        serde_json::error::Category::Syntax => "syntax",
        serde_json::error::Category::Data => "data",
        serde_json::error::Category::Eof => "end of text",
    }
}

/// What the types cannot say: times that the table can hold, ids that identify.
fn check(event: Event<'_>) -> Result<Event<'_>, DecodeError> {
    let stamped = [event.time, event.received_at, event.session_start];
    if stamped.iter().any(|time| !(0..=TIME_MAX_MS).contains(time)) {
        return Err(DecodeError::Unreadable(
            "a time lies outside 1970 to 2200".to_owned(),
        ));
    }
    if event.id.is_nil() || event.site.is_empty() {
        return Err(DecodeError::Unreadable("the id or the site is empty".to_owned()));
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::{DecodeError, decode};

    const EVENT: &str = r#"{"v":1,"id":"01890a5d-ac96-774b-bcce-b302099a8057","site":"demo","type":"page_view",
        "visitor":"11111111-1111-4111-8111-111111111111","session":"22222222-2222-4222-8222-222222222222",
        "session_start":1795273445000,"time":1795273445123,"received_at":1795273445456,
        "url":"https://shop.example/a?b=c","props":{"plan":"pro","quote":"\"x\""}}"#;

    #[test]
    fn an_event_is_read_and_its_plain_text_borrowed() {
        let event = decode(EVENT.as_bytes()).unwrap();
        assert_eq!(event.site, "demo");
        assert!(matches!(event.url, std::borrow::Cow::Borrowed(_)));
        assert_eq!(event.props[1].1, "\"x\"");
    }

    #[test]
    fn a_newer_format_is_never_called_broken() {
        let newer = EVENT.replace("\"v\":1", "\"v\":2");
        assert_eq!(decode(newer.as_bytes()), Err(DecodeError::UnknownVersion(2)));
        assert_eq!(
            decode(br#"{"all":"else","v":70000}"#),
            Err(DecodeError::UnknownVersion(70_000))
        );
    }

    #[test]
    fn everything_else_is_unreadable() {
        let cases = [
            "".to_owned(),
            "{".to_owned(),
            "[]".to_owned(),
            "null".to_owned(),
            EVENT.replace("\"v\":1", "\"v\":0"),
            EVENT.replace("\"v\":1,", ""),
            EVENT.replace("1795273445456", "-1"),
            EVENT.replace("1795273445456", "99999999999999"),
            EVENT.replace(
                "01890a5d-ac96-774b-bcce-b302099a8057",
                "00000000-0000-0000-0000-000000000000",
            ),
            EVENT.replace("\"demo\"", "\"\""),
            EVENT.replace("page_view", "page_vision"),
            format!("{EVENT} x"),
        ];
        for case in cases {
            assert!(
                matches!(decode(case.as_bytes()), Err(DecodeError::Unreadable(_))),
                "{case}"
            );
        }
        assert!(matches!(decode(b"\xff\xfe"), Err(DecodeError::Unreadable(_))));
    }
}
