//! Values as people read them: for the data dictionary and for whoever asks what an event would become.

use footfall_schemas::Flags;
use std::borrow::Cow;
use std::net::Ipv6Addr;
use uuid::Uuid;

/// A value of a column as text, about as SQL prints it; empty if it says nothing.
pub trait Show {
    /// The text.
    fn show(&self) -> String;
}

/// Values that print themselves; one that is the type's default says nothing.
macro_rules! plain {
    ($($type:ty),+) => {$(
        impl Show for $type {
            fn show(&self) -> String {
                if *self == <$type>::default() { String::new() } else { self.to_string() }
            }
        }
    )+};
}

plain!(u8, u16, u32, u64, Uuid, &str);

impl Show for bool {
    fn show(&self) -> String {
        if *self { "true".to_owned() } else { String::new() }
    }
}

impl Show for Ipv6Addr {
    fn show(&self) -> String {
        if self.is_unspecified() {
            String::new()
        } else {
            self.to_string()
        }
    }
}

/// Times: ms since 1970, UTC.
impl Show for i64 {
    fn show(&self) -> String {
        if *self == 0 {
            return String::new();
        }
        let (days, rest) = (self.div_euclid(86_400_000), self.rem_euclid(86_400_000));
        let (year, month, day) = date(days);
        let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
        format!(
            "{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02}:{seconds:02}.{:03}",
            rest % 1_000
        )
    }
}

impl Show for Option<i64> {
    fn show(&self) -> String {
        self.map_or_else(String::new, |time| time.show())
    }
}

impl Show for &[u8] {
    fn show(&self) -> String {
        String::from_utf8_lossy(self).into_owned()
    }
}

impl Show for &[&str] {
    fn show(&self) -> String {
        self.join(", ")
    }
}

impl Show for Flags {
    fn show(&self) -> String {
        let names: Vec<&str> = self.iter().map(footfall_schemas::Flag::label).collect();
        names.join(", ")
    }
}

impl Show for &[(Cow<'_, str>, Cow<'_, str>)] {
    fn show(&self) -> String {
        let pairs: Vec<String> = self
            .iter()
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        pairs.join(", ")
    }
}

/// Year, month and day of a day since 1970 (Howard Hinnant's `civil_from_days`).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::Show;

    #[test]
    fn times_are_dates_and_what_says_nothing_is_empty() {
        for (time, expected) in [
            (1_795_273_445_123_i64, "2026-11-21 15:04:05.123"),
            (951_782_400_000, "2000-02-29 00:00:00.000"),
            (-1, "1969-12-31 23:59:59.999"),
            (0, ""),
        ] {
            assert_eq!(time.show(), expected);
        }
        assert_eq!(
            (0_u32.show(), 7_u32.show(), false.show()),
            (String::new(), "7".to_owned(), String::new())
        );
        assert_eq!(None::<i64>.show(), "");
    }
}
