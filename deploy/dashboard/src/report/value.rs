//! A value of a report's parameter, and its text as a literal of SQL.
//!
//! The statement that is sent is the one that is shown, so values are literals, not parameters of the protocol: one spelling
//! for the built-in engine, for a server and for whoever copies it. What can stand in a literal is decided here alone: two
//! characters are escaped, control characters do not come in, and `tests/` sends a corpus of hostile texts through the engine.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Longest text of a parameter, bytes; an address may have 8 KiB.
const LONGEST: usize = 8192;
/// Most texts of one parameter: several thousand would exceed ClickHouse's `max_query_size`.
const MOST: usize = 200;
/// Most bytes of all literals of a statement, well below ClickHouse's `max_query_size` of 256 KiB.
pub(crate) const ALL_BYTES: usize = 128 * 1024;

/// A value that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Text without control characters.
    Text(String),
    /// Several of them.
    Texts(Vec<String>),
    /// A whole number.
    Number(u64),
    /// Milliseconds since 1970.
    Time(i64),
    /// Allowed values by dimension; a name that begins with `!` excludes.
    Filters(BTreeMap<String, Vec<String>>),
}

impl Value {
    /// The literal.
    pub(crate) fn literal(&self) -> String {
        match self {
            Self::Text(text) => quoted(text),
            Self::Texts(texts) => list(texts),
            Self::Number(number) => number.to_string(),
            Self::Time(ms) => quoted(&utc(*ms)),
            Self::Filters(filters) => {
                let pairs: Vec<_> = filters
                    .iter()
                    .map(|(name, values)| format!("{}, {}", quoted(name), list(values)))
                    .collect();
                format!("map({})", pairs.join(", "))
            }
        }
    }
}

/// A text as a literal of SQL.
pub(crate) fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for character in text.chars() {
        match character {
            '\'' => literal.push_str("\\'"),
            '\\' => literal.push_str("\\\\"),
            // `check_text` lets none in; escaped all the same, so that this function is right by itself.
            character if character.is_ascii_control() => {
                let _ = write!(literal, "\\x{:02x}", u32::from(character));
            }
            character => literal.push(character),
        }
    }
    literal.push('\'');
    literal
}

fn list(texts: &[String]) -> String {
    let literals: Vec<_> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", literals.join(", "))
}

/// `2026-11-22 10:00:00.000`, as ClickHouse reads a `DateTime64(3, 'UTC')`.
fn utc(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Why a text cannot be a value, to follow the parameter's name.
pub(crate) fn check_text(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("is longer than {LONGEST} bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err("has control characters".to_owned());
    }
    Ok(())
}

/// Checks several texts.
pub(crate) fn check_texts(texts: &[String]) -> Result<(), String> {
    if texts.len() > MOST {
        return Err(format!("has {} values; {MOST} are the most", texts.len()));
    }
    texts.iter().try_for_each(|text| check_text(text))
}

/// A moment: RFC 3339, `2026-11-22`, `2026-11-22 10:00` (both in `zone`), or milliseconds since 1970.
pub(crate) fn moment(text: &str, zone: &TimeZone) -> Result<i64, String> {
    let trimmed = text.trim();
    let digits = trimmed.len() >= 11 && trimmed.bytes().all(|byte| byte.is_ascii_digit());
    let found = if digits {
        trimmed
            .parse::<i64>()
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok())
    } else if let Ok(at) = trimmed.parse::<Timestamp>() {
        Some(at)
    } else if let Ok(at) = trimmed.parse::<jiff::civil::DateTime>() {
        at.to_zoned(zone.clone()).ok().map(|at| at.timestamp())
    } else {
        let day = trimmed.parse::<jiff::civil::Date>().ok();
        day.and_then(|day| day.to_zoned(zone.clone()).ok())
            .map(|at| at.timestamp())
    };
    let at = found.ok_or_else(|| {
        "is no time: write 2026-11-22T10:00:00Z, 2026-11-22, or milliseconds since 1970".to_owned()
    })?;
    let ms = at.as_millisecond();
    // What a DateTime64 can hold, and no century in which nobody visited a page.
    if !(0..4_102_444_800_000).contains(&ms) {
        return Err("lies before 1970 or after 2099".to_owned());
    }
    Ok(ms)
}

#[cfg(test)]
mod tests {
    use super::{Value, check_text, moment};
    use jiff::tz::TimeZone;

    #[test]
    fn a_literal_ends_where_it_should() {
        let cases = [
            ("plain", "'plain'"),
            ("it's", r"'it\'s'"),
            (r"a\", r"'a\\'"),
            (r"\' OR 1=1 --", r"'\\\' OR 1=1 --'"),
            ("ü€😀", "'ü€😀'"),
            ("{site:String}", "'{site:String}'"),
            ("a\nb\0", r"'a\x0ab\x00'"),
        ];
        for (text, literal) in cases {
            assert_eq!(Value::Text(text.to_owned()).literal(), literal);
        }
    }

    #[test]
    fn several_values_are_lists_and_maps() {
        let texts = vec!["a'".to_owned(), "b".to_owned()];
        assert_eq!(Value::Texts(texts.clone()).literal(), r"['a\'', 'b']");
        let filters = [("!path".to_owned(), texts)].into_iter().collect();
        assert_eq!(Value::Filters(filters).literal(), r"map('!path', ['a\'', 'b'])");
        assert_eq!(Value::Filters(Default::default()).literal(), "map()");
    }

    #[test]
    fn times_are_read_in_the_zone_that_was_named() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let midnight = 1_793_487_600_000;
        for text in [
            "2026-11-01",
            "2026-11-01 00:00",
            "2026-10-31T23:00:00Z",
            "2026-11-01T00:00:00+01:00",
            "1793487600000",
        ] {
            assert_eq!(moment(text, &berlin), Ok(midnight), "{text}");
        }
        assert_eq!(Value::Time(midnight).literal(), "'2026-10-31 23:00:00.000'");
        for text in [
            "",
            "yesterday",
            "1",
            "99999999999999999999",
            "2300-01-01",
            "2026-11-01'; DROP",
        ] {
            assert!(moment(text, &berlin).is_err(), "{text}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        assert!(check_text("a\0b").is_err() && check_text("a\nb").is_err() && check_text("ü").is_ok());
    }
}
