//! Settings with a unit: durations and bytes.

use super::value::Value;
use std::time::Duration;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl Value for Duration {
    const KIND: &'static str = "duration";
    const EXAMPLE: &'static str = "`500ms`, `5s`, `2m`, `24h`, `30d`";

    fn parse(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text).ok_or("is not a number with a unit")?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" if number == 0 => 0,
            "" => return Err("has no unit".into()),
            _ => return Err(format!("has the unknown unit `{unit}`")),
        };
        let total = number.checked_mul(millis).ok_or("is too long")?;
        Ok(Self::from_millis(total))
    }

    fn show(&self) -> String {
        let millis = self.as_millis();
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        units
            .into_iter()
            .find(|(size, _)| millis > 0 && millis.is_multiple_of(*size))
            .map_or_else(
                || format!("{millis}ms"),
                |(size, unit)| format!("{}{unit}", millis / size),
            )
    }
}

impl Value for Bytes {
    const KIND: &'static str = "bytes";
    const EXAMPLE: &'static str = "`64MiB`, `8GiB`, `500MB`, `4096`";

    fn parse(text: &str) -> Result<Self, String> {
        let (number, unit) = split_unit(text).ok_or("is not a number with a unit")?;
        let size: u64 = match unit {
            "" | "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            "kB" | "KB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            _ => return Err(format!("has the unknown unit `{unit}`")),
        };
        number
            .checked_mul(size)
            .map(Self)
            .ok_or_else(|| "is too large".into())
    }

    fn show(&self) -> String {
        let units = [
            (1_u64 << 40, "TiB"),
            (1 << 30, "GiB"),
            (1 << 20, "MiB"),
            (1 << 10, "KiB"),
        ];
        units
            .into_iter()
            .find(|(size, _)| self.0 > 0 && self.0.is_multiple_of(*size))
            .map_or_else(
                || self.0.to_string(),
                |(size, unit)| format!("{}{unit}", self.0 / size),
            )
    }
}

/// Splits `64MiB` into 64 and `MiB`.
fn split_unit(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(text.len());
    let number = text[..end].replace('_', "").parse().ok()?;
    Some((number, text[end..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Duration, Value};

    #[test]
    fn durations_need_a_unit_and_come_back_as_written() {
        for text in ["500ms", "5s", "2m", "24h", "30d", "90s"] {
            let read = <Duration as Value>::parse(text).unwrap();
            assert_eq!(<Duration as Value>::parse(&read.show()), Ok(read), "{text}");
        }
        for bad in ["5", "s", "", "5 parsecs", "-1s", "99999999999999999d"] {
            assert!(<Duration as Value>::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bytes_come_back_as_written() {
        for (text, bytes) in [
            ("64MiB", 64 << 20),
            ("1_000", 1000),
            ("500MB", 500_000_000),
            ("1 GiB", 1 << 30),
        ] {
            let read = Bytes::parse(text).unwrap();
            assert_eq!(read, Bytes(bytes), "{text}");
            assert_eq!(Bytes::parse(&read.show()), Ok(read));
        }
        assert!(Bytes::parse("12 stone").is_err());
        assert!(Bytes::parse("99999999999TiB").is_err());
    }
}
