//! Which entries of the ledger are meant: the arguments, read, and as the condition of a query.

use crate::cli::Filter;
use crate::config::value::Value as _;
use crate::target::now_ms;
use ::clickhouse::query::Query;
use footfall_delivery::Reason;
use std::time::Duration;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time};

/// Every reason, in the order of `DELIVERY`'s fates.
pub const REASONS: [Reason; 7] = [
    Reason::Duplicate,
    Reason::Unreadable,
    Reason::UnknownVersion,
    Reason::Erased,
    Reason::Expired,
    Reason::Lost,
    Reason::Mark,
];

/// The site of an entry: the ledger knows it of duplicates; of records that were kept as bytes the bytes may tell it.
pub(crate) const SITE: &str = "if(site != '' OR reason NOT IN ('unreadable', 'unknown_version'), toString(site), \
                               JSONExtractString(payload, 'site'))";

/// A point in time, as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// So long ago.
    Ago(Duration),
    /// Then, ms since 1970.
    At(i64),
}

impl When {
    /// Reads `2h`, `2026-11-01` (UTC) or `2026-11-01T12:30:00Z`.
    ///
    /// # Errors
    /// What can be given.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(ago) = Duration::parse(text) {
            return Ok(Self::Ago(ago));
        }
        let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
        let at = match day {
            Ok(day) => day.with_time(Time::MIDNIGHT).assume_utc(),
            Err(_) => OffsetDateTime::parse(text, &Rfc3339)
                .map_err(|_| "give a time such as 2h (ago), 2026-11-01 or 2026-11-01T12:30:00Z")?,
        };
        Ok(Self::At(
            at.unix_timestamp() * 1_000 + i64::from(at.millisecond()),
        ))
    }

    fn millis(self) -> i64 {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now_ms().saturating_sub(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX)),
        }
    }
}

/// A duration with its unit.
///
/// # Errors
/// What is wrong with it.
pub fn duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text).map_err(|why| format!("{why}: give {}", Duration::EXAMPLE))
}

/// A reason by its name in the table.
///
/// # Errors
/// The names.
pub fn reason(text: &str) -> Result<Reason, String> {
    let known = REASONS.into_iter().find(|reason| reason.label() == text);
    known.ok_or_else(|| format!("reasons are {}", REASONS.map(Reason::label).join(", ")))
}

/// A condition on the table `ledger`, and what stands for its `?`.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    terms: Vec<String>,
    binds: Vec<String>,
}

impl Condition {
    /// `reasons`: these where the filter names none.
    pub(crate) fn new(filter: &Filter, reasons: &[Reason]) -> Self {
        let mut condition = Self::default();
        let reasons = if filter.reasons.is_empty() {
            reasons
        } else {
            &filter.reasons
        };
        let labels: Vec<_> = reasons
            .iter()
            .map(|reason| format!("'{}'", reason.label()))
            .collect();
        condition.and(format!("reason IN ({})", labels.join(", ")));
        if let Some(since) = filter.since {
            condition.and(format!("at >= fromUnixTimestamp64Milli({})", since.millis()));
        }
        if let Some(until) = filter.until {
            condition.and(format!("at < fromUnixTimestamp64Milli({})", until.millis()));
        }
        if let Some(log) = filter.log {
            condition.and(format!("log_id = '{log}'"));
        }
        if let Some(site) = &filter.site {
            condition.and(format!("{SITE} = ?"));
            condition.binds.push(site.clone());
        }
        condition
    }

    /// One more term.
    pub(crate) fn and(&mut self, term: impl Into<String>) {
        self.terms.push(term.into());
    }

    /// The terms, for a `WHERE`.
    pub(crate) fn sql(&self) -> String {
        self.terms.join(" AND ")
    }

    /// Gives a query that holds [`sql`](Self::sql) once what it needs.
    pub(crate) fn bind(&self, query: Query) -> Query {
        self.binds.iter().fold(query, |query, text| query.bind(text))
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, REASONS, When, reason};
    use crate::cli::Filter;
    use std::time::Duration;

    #[test]
    fn a_time_is_a_while_ago_a_day_or_an_instant() {
        assert_eq!(When::parse("2h"), Ok(When::Ago(Duration::from_secs(7_200))));
        assert_eq!(When::parse("2026-11-01"), Ok(When::At(1_793_491_200_000)));
        assert_eq!(
            When::parse("2026-11-01T01:00:00.250+01:00"),
            Ok(When::At(1_793_491_200_250))
        );
        for wrong in ["", "yesterday", "2026-13-01", "2026-11-01 12:00"] {
            assert!(When::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_site_is_bound_and_never_pasted() {
        let filter = Filter {
            reasons: vec![reason("unreadable").unwrap()],
            site: Some("a' OR 1".to_owned()),
            ..Filter::default()
        };
        let sql = Condition::new(&filter, &REASONS).sql();
        assert!(sql.starts_with("reason IN ('unreadable')"), "{sql}");
        assert!(!sql.contains("a' OR 1"), "{sql}");
    }
}
