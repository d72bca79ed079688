//! Reads the one line that says what a record is. The format stands in `record`, [`crate::Outgoing`] writes it.

use uuid::Uuid;

use crate::received::{Content, Received, Unreadable, invalid};
use crate::record::{FORMAT, HEADER, LOST_TYPE, MARK_TYPE, Number};

/// A UUID with hyphens.
const UUID_CHARACTERS: usize = 36;

/// `created`: Kafka's timestamp where that is the sender's, for a line that has none.
pub(crate) fn read(line: &[u8], created: Option<i64>) -> Result<Received, Unreadable> {
    let (format, rest) = word(line);
    if format.is_empty() || !format.iter().all(u8::is_ascii_digit) {
        return Err(invalid(HEADER, line));
    }
    let known = format == FORMAT.as_bytes();
    let Some((number, rest)) = identity(rest) else {
        let newer = String::from_utf8_lossy(format).chars().take(64).collect();
        return Err(if known {
            invalid(HEADER, line)
        } else {
            Unreadable::Newer(newer)
        });
    };
    if !known {
        let format = String::from_utf8_lossy(format);
        let content = Content::Unknown(format!("record format {format}"));
        return Ok(received(number, created, content));
    }
    let (time, rest) = word(rest);
    let at = decimal(time).and_then(|at| i64::try_from(at).ok());
    let content = content(number.seq, rest).ok_or_else(|| invalid(HEADER, line))?;
    Ok(received(number, at.or(created), content))
}

fn received(number: Number, received_ms: Option<i64>, content: Content) -> Received {
    Received {
        number,
        received_ms,
        content,
    }
}

/// Log and number, in every format.
fn identity(rest: &[u8]) -> Option<(Number, &[u8])> {
    let (log, rest) = rest.split_at_checked(UUID_CHARACTERS)?;
    let log_id = Uuid::try_parse_ascii(log).ok()?;
    let (seq, rest) = word(rest.strip_prefix(b" ")?);
    let seq = decimal(seq).filter(|seq| *seq > 0)?;
    Some((Number { log_id, seq }, rest))
}

fn content(seq: u64, rest: &[u8]) -> Option<Content> {
    let (kind, rest) = word(rest);
    let lost = LOST_TYPE.as_bytes();
    let mark = MARK_TYPE.as_bytes();
    match kind {
        [] => None,
        [b'$', ..] if kind == mark => Some(Content::Mark),
        [b'$', ..] if kind == lost => {
            let (last, reason) = word(rest);
            let last = decimal(last).filter(|last| *last >= seq)?;
            let reason = String::from_utf8_lossy(reason).into_owned();
            Some(Content::Lost { last, reason })
        }
        [b'$', ..] => Some(Content::Unknown(format!(
            "record type {}",
            String::from_utf8_lossy(kind)
        ))),
        _ => Some(Content::Event),
    }
}

/// Up to the first space, and what stands behind it.
fn word(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
    let (word, rest) = bytes.split_at(end);
    (word, rest.get(1..).unwrap_or_default())
}

/// Digits only: no sign, as `str::parse` would let pass.
fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        let shifted = number.checked_mul(10)?;
        shifted.checked_add(u64::from(digit)).filter(|_| digit < 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::{Body, Outgoing};
    use proptest::prelude::*;

    const GOLDEN: &str = "1 00000000-0000-0000-0000-000000000007 42 1700000000123 page_view";

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

    fn lost(last: u64, reason: &str) -> Outgoing<'_> {
        let bytes = b"xx";
        outgoing(Body::Lost { last, reason, bytes })
    }

    fn line(sent: &Outgoing<'_>) -> String {
        let mut line = "what was there before".to_owned();
        sent.line(&mut line);
        line
    }

    fn content(line: &str) -> Content {
        read(line.as_bytes(), None).unwrap().content
    }

    #[test]
    fn the_line_is_the_documented_one() {
        assert_eq!(line(&event()), GOLDEN);
        assert_eq!(
            line(&outgoing(Body::Mark(b"{}"))),
            GOLDEN.replace("page_view", "$mark")
        );
        assert_eq!(
            line(&lost(44, "torn by a crash")),
            GOLDEN.replace("page_view", "$lost 44 torn by a crash")
        );
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let torn = Content::Lost {
            last: 44,
            reason: "torn by a crash".to_owned(),
        };
        let cases = [
            (event(), Content::Event),
            (outgoing(Body::Mark(b"{}")), Content::Mark),
            (lost(44, "torn by a crash"), torn),
        ];
        for (sent, content) in cases {
            let expected = received(sent.number, Some(1_700_000_000_123), content);
            assert_eq!(read(line(&sent).as_bytes(), Some(5)).unwrap(), expected);
        }
    }

    #[test]
    fn a_mark_goes_to_the_partition_of_its_log_and_an_event_to_its_visitors() {
        assert_eq!(outgoing(Body::Mark(b"{}")).key(), Uuid::from_u128(7));
        assert_eq!(event().key(), Uuid::from_u128(9));
        let text = Uuid::from_u128(9).to_string();
        assert_eq!(event().partition(12), crate::partition_of(text.as_bytes(), 12));
    }

    #[test]
    fn a_newer_format_is_unknown_and_never_unreadable() {
        let newer = read(GOLDEN.replacen('1', "2", 1).as_bytes(), None).unwrap();
        assert_eq!(newer.number, event().number);
        assert_eq!(newer.content, Content::Unknown("record format 2".to_owned()));
        for format in ["0", "01", "17", "99999999999999999999999"] {
            let line = GOLDEN.replacen('1', format, 1);
            assert_eq!(
                content(&line),
                Content::Unknown(format!("record format {format}"))
            );
        }
        for line in ["2", "2 ", "2 another identity", "3 7 42 1 page_view"] {
            let read = read(line.as_bytes(), None);
            assert!(matches!(read, Err(Unreadable::Newer(_))), "{line}: {read:?}");
        }
        let later = GOLDEN.replace("page_view", "$later");
        assert_eq!(content(&later), Content::Unknown("record type $later".to_owned()));
    }

    #[test]
    fn an_event_of_a_newer_kind_and_more_words_do_no_harm() {
        assert_eq!(content(&GOLDEN.replace("page_view", "kind-200")), Content::Event);
        assert_eq!(content(&format!("{GOLDEN} more words")), Content::Event);
    }

    #[test]
    fn a_line_that_is_none_is_a_strangers() {
        let log = "00000000-0000-0000-0000-000000000007";
        for line in [
            String::new(),
            " ".to_owned(),
            "one".to_owned(),
            "-1".to_owned(),
            "1".to_owned(),
            GOLDEN.replacen('7', "x", 1),
            GOLDEN.replace(" page_view", ""),
            GOLDEN.replace("page_view", "$lost"),
            GOLDEN.replace("page_view", "$lost 41 before its start"),
            format!("1 {log} 0 5 page_view"),
            format!("1 {log} -1 5 page_view"),
            format!("1 {log} +1 5 page_view"),
            format!("1 {log} 18446744073709551616 5 page_view"),
            format!("1 {log} 1x 5 page_view"),
            format!("1 {log}  5 page_view"),
        ] {
            let read = read(line.as_bytes(), None);
            assert!(
                matches!(read, Err(Unreadable::Invalid { .. })),
                "{line}: {read:?}"
            );
        }
    }

    #[test]
    fn a_time_that_is_none_is_the_senders_timestamp() {
        for time in ["soon", "", "-5", "9223372036854775808"] {
            let line = GOLDEN.replace("1700000000123", time);
            assert_eq!(
                read(line.as_bytes(), Some(5)).unwrap().received_ms,
                Some(5),
                "{time}"
            );
        }
    }

    #[test]
    fn what_stands_in_place_of_a_lost_range_is_cut() {
        let bytes = vec![0; crate::LOST_BYTES + 1];
        let (last, reason, bytes) = (42, "", bytes.as_slice());
        let sent = outgoing(Body::Lost { last, reason, bytes });
        assert_eq!(sent.payload().len(), crate::LOST_BYTES);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..120)) {
            drop(read(&line, None));
        }

        #[test]
        fn no_line_that_is_nearly_right_panics(at in 0..GOLDEN.len(), byte in any::<u8>(), len in 0..GOLDEN.len()) {
            let mut line = GOLDEN.as_bytes().to_vec();
            line[at] = byte;
            drop(read(&line, None));
            line.truncate(len);
            drop(read(&line, None));
        }

        #[test]
        fn every_number_comes_back(log in any::<u128>(), seq in 1..=u64::MAX, at in 0..=i64::MAX.unsigned_abs()) {
            let number = Number { log_id: Uuid::from_u128(log), seq };
            let sent = Outgoing { number, received_ms: at, body: Body::Mark(b"") };
            let read = read(line(&sent).as_bytes(), None).unwrap();
            prop_assert_eq!(read, received(number, i64::try_from(at).ok(), Content::Mark));
        }
    }
}
