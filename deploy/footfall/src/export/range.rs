//! From when to when: what the operator wrote, as moments and as days.

use crate::cli::ExportArgs;
use anyhow::{Context as _, Result, anyhow, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Milliseconds since 1970; the end is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) since: i64,
    pub(super) until: i64,
    /// The day that it is, or a part of.
    day: Date,
}

impl Span {
    /// For a file.
    pub(super) fn name(&self) -> String {
        self.day.to_string()
    }
}

/// What is wanted.
#[derive(Debug)]
pub(super) struct Range {
    since: Timestamp,
    until: Timestamp,
    zone: TimeZone,
}

impl Range {
    pub(super) fn of(args: &ExportArgs, now: Timestamp) -> Result<Self> {
        let zone = TimeZone::get(&args.timezone).map_err(|_| {
            anyhow!(
                "--timezone `{}` is no time zone: write one such as Europe/Berlin",
                args.timezone
            )
        })?;
        let since = moment("--from", &args.from, &zone)?;
        let until = match &args.to {
            Some(to) => moment("--to", to, &zone)?,
            None => now,
        };
        if since >= until {
            bail!("--from {since} is not before --to {until}: there is nothing between them");
        }
        Ok(Self { since, until, zone })
    }

    pub(super) fn whole(&self) -> Span {
        Span {
            since: self.since.as_millisecond(),
            until: self.until.as_millisecond(),
            day: self.since.to_zoned(self.zone.clone()).date(),
        }
    }

    /// The range day by day, in its zone.
    pub(super) fn days(&self) -> Vec<Span> {
        let first = self.since.to_zoned(self.zone.clone()).date();
        let ends = first.series(1.day()).map(|day| {
            let next = day.tomorrow().and_then(|next| next.to_zoned(self.zone.clone()));
            let end = next.map_or(self.until, |next| next.timestamp().min(self.until));
            (day, end.as_millisecond())
        });
        let mut since = self.since.as_millisecond();
        let mut days = Vec::new();
        for (day, until) in ends {
            if since < until {
                days.push(Span { since, until, day });
            }
            since = since.max(until);
            if until >= self.until.as_millisecond() {
                break;
            }
        }
        days
    }
}

/// A day's first moment in the zone, or a moment that says its own.
fn moment(flag: &str, text: &str, zone: &TimeZone) -> Result<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    let day: Date = text
        .parse()
        .ok()
        .filter(|_| !text.contains('T'))
        .with_context(|| {
            format!(
                "{flag} `{text}` is neither a day nor a moment: write 2026-11-01, or 2026-11-01T08:00:00Z"
            )
        })?;
    let start = day.to_zoned(zone.clone()).context("a day that no calendar has")?;
    Ok(start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::Range;
    use crate::cli::{ExportArgs, ExportFormat};

    fn range(from: &str, to: Option<&str>, timezone: &str) -> anyhow::Result<Range> {
        let args = ExportArgs {
            from: from.to_owned(),
            to: to.map(str::to_owned),
            timezone: timezone.to_owned(),
            site: None,
            format: ExportFormat::Csv,
            output: None,
        };
        Range::of(&args, "2026-11-22T12:00:00Z".parse().unwrap())
    }

    fn days(from: &str, to: Option<&str>, timezone: &str) -> Vec<(String, i64)> {
        let days = range(from, to, timezone).unwrap().days();
        assert!(days.windows(2).all(|two| two[0].until == two[1].since));
        let hours = days
            .iter()
            .map(|day| (day.name(), (day.until - day.since) / 3_600_000));
        hours.collect()
    }

    #[test]
    fn days_are_the_zones_with_23_and_25_hours_where_clocks_change() {
        let spring = days("2026-03-28", Some("2026-03-30"), "Europe/Berlin");
        assert_eq!(
            spring,
            [("2026-03-28".to_owned(), 24), ("2026-03-29".to_owned(), 23)]
        );
        let autumn = days("2026-10-25", Some("2026-10-26"), "Europe/Berlin");
        assert_eq!(autumn, [("2026-10-25".to_owned(), 25)]);
        assert_eq!(
            days("2026-11-21T22:00:00Z", None, "UTC"),
            [("2026-11-21".to_owned(), 2), ("2026-11-22".to_owned(), 12)]
        );
    }

    #[test]
    fn what_makes_no_sense_says_what_would() {
        for (from, to, zone, says) in [
            ("yesterday", None, "UTC", "write 2026-11-01"),
            ("2026-11-01T08:00", None, "UTC", "neither a day nor a moment"),
            ("2026-11-23", None, "UTC", "not before"),
            ("2026-11-01", Some("2026-11-01"), "UTC", "not before"),
            ("2026-11-01", None, "Berlin", "no time zone"),
        ] {
            let error = range(from, to, zone).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
