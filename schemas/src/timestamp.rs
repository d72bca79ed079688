//! Client times: milliseconds since 1970 or RFC 3339 text, as real trackers send both.

/// Days from 1970-01-01 to the given civil date (Howard Hinnant's `days_from_civil`, public domain).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |sum, byte| match byte {
        b'0'..=b'9' => Some(sum * 10 + i64::from(byte - b'0')),
        _ => None,
    })
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Milliseconds since 1970 of an RFC 3339 time such as `2026-11-21T15:04:05.123Z` or `…+09:00`.
/// A fraction finer than milliseconds is cut; a leap second counts as the last second of its minute.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let field = |range: std::ops::Range<usize>| bytes.get(range).and_then(digits);
    let mark = |at: usize, allowed: &[u8]| bytes.get(at).is_some_and(|byte| allowed.contains(byte));
    if !(mark(4, b"-") && mark(7, b"-") && mark(10, b"Tt ") && mark(13, b":") && mark(16, b":")) {
        return None;
    }
    let (year, month, day) = (field(0..4)?, field(5..7)?, field(8..10)?);
    let (hour, minute, second) = (field(11..13)?, field(14..16)?, field(17..19)?);
    let in_range = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour <= 23
        && minute <= 59
        && second <= 60;
    if !in_range {
        return None;
    }
    let (millis, zone) = fraction(bytes.get(19..)?)?;
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second.min(59);
    Some((seconds - offset(zone)?) * 1000 + millis)
}

/// Splits `.123Z` into 123 and `Z`.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(rest) = rest.strip_prefix(b".") else {
        return Some((0, rest));
    };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let (all, zone) = rest.split_at(length);
    let millis = (0..3).fold(0, |sum, at| {
        sum * 10 + all.get(at).map_or(0, |byte| i64::from(byte - b'0'))
    });
    Some((millis, zone))
}

/// Seconds east of UTC of `Z` or `+hh:mm`.
fn offset(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let seconds = hours * 3600 + minutes * 60;
            (hours <= 23 && minutes <= 59).then_some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn rfc_3339_is_read_to_the_millisecond() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2026-11-21T15:04:05.123Z"), Some(1_795_273_445_123));
        assert_eq!(parse("2026-11-21T15:04:05.1239999Z"), Some(1_795_273_445_123));
        assert_eq!(parse("2026-11-22T00:04:05.123+09:00"), Some(1_795_273_445_123));
        assert_eq!(parse("2024-02-29 00:00:00.5-01:30"), Some(1_709_170_200_500));
        assert_eq!(parse("2016-12-31T23:59:60Z"), Some(1_483_228_799_000));
    }

    #[test]
    fn anything_else_is_not_a_time() {
        for bad in [
            "",
            "now",
            "2026-11-21",
            "2026-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T15:04:05",
            "2026-11-21T15:04:05.Z",
            "2026-11-21T15:04:05+9",
            "2026-11-21T15:04:05Zx",
            "２026-11-21T15:04:05Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
