//! Durations as people write them: a whole number and `ms`, `s`, `m`, `h` or `d`.

use serde::{Deserialize, Deserializer, de::Error};
use std::time::Duration;

/// Milliseconds of each unit.
const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// The duration that `text` says, or none.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    let total = number.parse::<u64>().ok()?.checked_mul(*millis)?;
    Some(Duration::from_millis(total))
}

/// Reads a duration; for `#[serde(with = "duration")]`.
///
/// # Errors
/// If the text is not a duration; the error says how to write one.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| {
        D::Error::custom(format!(
            "`{text}` is not a duration such as \"5s\", \"250ms\" or \"30m\""
        ))
    })
}

/// For a duration that may be left out; with `#[serde(default)]`.
pub mod optional {
    use serde::Deserializer;
    use std::time::Duration;

    /// Reads a duration.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn a_duration_has_a_number_and_a_unit() {
        assert_eq!(parse("5s"), Some(Duration::from_secs(5)));
        assert_eq!(parse("250 ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse("24h"), Some(Duration::from_secs(86_400)));
        for bad in [
            "",
            "5",
            "s",
            "-5s",
            "5 weeks",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
