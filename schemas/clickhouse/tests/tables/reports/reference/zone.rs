//! Where minutes, hours, days, weeks and months begin in a time zone.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// An instant as people there see it.
pub(crate) fn local(at: i64, zone: &str) -> Zoned {
    let zone = TimeZone::get(zone).unwrap();
    Timestamp::from_millisecond(at).unwrap().to_zoned(zone)
}

fn midnight(date: Date, zone: &str) -> i64 {
    let midnight = date.to_zoned(TimeZone::get(zone).unwrap()).unwrap();
    midnight.timestamp().as_millisecond()
}

/// When the bucket began in which an instant lies, ms.
pub(crate) fn bucket(at: i64, unit: &str, zone: &str) -> i64 {
    let seen = local(at, zone);
    let date = seen.date();
    match unit {
        "minute" => at - at.rem_euclid(60_000),
        "hour" => at - at.rem_euclid(60_000) - i64::from(seen.minute()) * 60_000,
        "day" => midnight(date, zone),
        "week" => {
            let since_monday = i64::from(seen.weekday().since(Weekday::Monday));
            midnight(date.checked_sub(since_monday.days()).unwrap(), zone)
        }
        "month" => midnight(date.first_of_month(), zone),
        other => panic!("no interval: {other}"),
    }
}

/// A number that rises by one from bucket to bucket; only differences mean something.
pub(crate) fn number(at: i64, unit: &str, zone: &str) -> i64 {
    let date = local(at, zone).date();
    let days = i64::from(Date::constant(1970, 1, 5).until(date).unwrap().get_days());
    match unit {
        "day" => days,
        "week" => days.div_euclid(7),
        "month" => i64::from(date.year()) * 12 + i64::from(date.month()),
        other => panic!("no unit: {other}"),
    }
}

/// As the engine prints an instant, to the second.
pub(crate) fn seconds(at: i64) -> String {
    local(at, "UTC").strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// As the engine prints an instant, to the millisecond.
pub(crate) fn millis(at: i64) -> String {
    local(at, "UTC").strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()
}
