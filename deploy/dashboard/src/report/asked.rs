//! A request's parameters, checked against the report's: every name known, every value of its type. What is missing takes
//! its default; what has none is said.

use super::ask::Format;
use super::cache::Fresh;
use super::catalogue::{self, DIMENSION_NAMES, Kind, Parameter, Report, kind};
use super::value::{ALL_BYTES, Value, check_text, check_texts, moment, quoted};
use crate::access::Grant;
use crate::refusal::Refusal;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Rows unless `limit` says otherwise, and the most.
const ROWS: (u64, u64) = (1000, 100_000);
/// The range when none is named: seven days.
const RANGE_MS: i64 = 7 * 24 * 3600 * 1000;
/// A range that ends later than this before now may still get events.
const SETTLED_MS: i64 = 60 * 1000;
/// Events of the last minutes and the clock's own steps: a missing `until` is a whole minute.
const MINUTE_MS: i64 = 60_000;

/// What is asked of a report.
#[derive(Debug)]
pub(crate) struct Asked {
    values: Vec<(&'static str, Value)>,
    /// Of the answer, in this order; empty: all.
    columns: Vec<&'static str>,
    limit: u64,
    /// In what form the answer is wanted.
    pub(crate) format: Format,
    /// How long the answer counts.
    pub(crate) fresh: Fresh,
}

impl Asked {
    /// Reads the pairs of a query string. `now`: milliseconds since 1970.
    pub(crate) fn read(
        report: &'static Report,
        pairs: &[(String, String)],
        now: i64,
    ) -> Result<Self, Refusal> {
        let reading = Reading {
            report,
            pairs,
            now,
            zone: zone(pairs)?,
        };
        reading.check_names()?;
        let mut values = Vec::with_capacity(report.parameters.len());
        for parameter in report.parameters {
            values.push((parameter.name, reading.value(parameter)?));
        }
        let bytes: usize = values.iter().map(|(_, value)| value.literal().len()).sum();
        if bytes > ALL_BYTES {
            return Err(Refusal::parameter(
                "filter",
                format!("has more than {} KiB of values in all", ALL_BYTES / 1024),
            ));
        }
        let asked = Self {
            columns: reading.columns()?,
            limit: reading.limit()?,
            format: reading.format()?,
            fresh: fresh(report, &values, now),
            values,
        };
        asked.check_range()?;
        Ok(asked)
    }

    /// A refusal unless who asks may see the site that is asked for; of reports over all sites, unless all may be seen or
    /// rows say whose they are.
    pub(crate) fn allowed(&self, report: &Report, grant: &Grant) -> Result<(), Refusal> {
        match self.value("site") {
            Some(Value::Text(site)) if catalogue::offered(report, grant) => grant.need(site),
            None if grant.sites.is_none() || report.columns.iter().any(|column| column.name == "site") => {
                Ok(())
            }
            _ => Err(Refusal::Forbidden(format!(
                "`{}` is about all sites together, and this {} shows only some of them",
                report.name, grant.by
            ))),
        }?;
        let hidden = |name: &&&str| catalogue::columns(report, grant).is_some_and(|all| !all.contains(*name));
        match self.columns.iter().find(hidden) {
            Some(name) => Err(Refusal::Forbidden(format!(
                "`{name}` of `{}` is about all sites together, and this {} shows only some of them",
                report.name, grant.by
            ))),
            None => Ok(()),
        }
    }

    /// The statement, as one would type it.
    pub(crate) fn sql(&self, report: &Report, grant: &Grant, database: &str) -> String {
        let columns = match (catalogue::columns(report, grant), &*self.columns) {
            (Some(all), []) => all.join(", "),
            (None, []) => "*".to_owned(),
            (_, some) => some.join(", "),
        };
        let mut sql = format!("SELECT {columns}\nFROM {database}.report_{}", report.name);
        if !self.values.is_empty() {
            let values: Vec<_> = self
                .values
                .iter()
                .map(|(name, value)| format!("    {name} = {}", value.literal()))
                .collect();
            let _ = write!(sql, "(\n{}\n)", values.join(",\n"));
        }
        if let (None, Some(sites)) = (self.value("site"), &grant.sites) {
            let sites: Vec<_> = sites.iter().map(|site| quoted(site)).collect();
            let _ = write!(sql, "\nWHERE site IN ({})", sites.join(", "));
        }
        let _ = write!(sql, "\nLIMIT {}", self.limit);
        sql
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(own, _)| *own == name)
            .map(|(_, value)| value)
    }

    fn check_range(&self) -> Result<(), Refusal> {
        match (self.value("since"), self.value("until")) {
            (Some(Value::Time(since)), Some(Value::Time(until))) if since >= until => {
                Err(Refusal::parameter("until", "has to be later than `since`"))
            }
            _ => Ok(()),
        }
    }
}

fn fresh(report: &Report, values: &[(&'static str, Value)], now: i64) -> Fresh {
    let until = values.iter().find(|(name, _)| *name == "until");
    match until {
        _ if report.name.starts_with("live") => Fresh::Live,
        Some((_, Value::Time(until))) if *until < now - SETTLED_MS => Fresh::Past,
        _ => Fresh::Now,
    }
}

/// The zone that is named, UTC if none is.
fn zone(pairs: &[(String, String)]) -> Result<TimeZone, Refusal> {
    let Some((_, name)) = pairs.iter().find(|(name, _)| name == "timezone") else {
        return Ok(TimeZone::UTC);
    };
    TimeZone::get(name).map_err(|_| {
        Refusal::parameter(
            "timezone",
            "is no zone: write an IANA name such as Europe/Berlin, or UTC",
        )
    })
}

struct Reading<'a> {
    report: &'static Report,
    pairs: &'a [(String, String)],
    now: i64,
    zone: TimeZone,
}

impl Reading<'_> {
    /// Everything that is given is a parameter of this report.
    fn check_names(&self) -> Result<(), Refusal> {
        let filters = self
            .report
            .parameters
            .iter()
            .any(|parameter| kind(parameter) == Kind::Filters);
        for (name, _) in self.pairs {
            let known = self
                .report
                .parameters
                .iter()
                .any(|parameter| parameter.name == name && kind(parameter) != Kind::Filters);
            let filter = filters && name.starts_with("filter.");
            if !(known || filter || matches!(name.as_str(), "columns" | "limit" | "format" | "timezone")) {
                return Err(Refusal::parameter(
                    name.clone(),
                    format!(
                        "is no parameter of `{}`: {}",
                        self.report.name,
                        self.names(filters)
                    ),
                ));
            }
        }
        Ok(())
    }

    fn names(&self, filters: bool) -> String {
        let own = self
            .report
            .parameters
            .iter()
            .filter(|parameter| kind(parameter) != Kind::Filters);
        let mut names: Vec<_> = own.map(|parameter| parameter.name).collect();
        if filters {
            names.push("filter.<dimension>");
        }
        names.extend(["columns", "limit", "format"]);
        names.dedup();
        names.join(", ")
    }

    fn given(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut found = self
            .pairs
            .iter()
            .filter(|(own, _)| own == name)
            .map(|(_, text)| text.as_str());
        let first = found.next();
        if found.next().is_some() {
            return Err(Refusal::parameter(name, "is given twice"));
        }
        Ok(first)
    }

    fn value(&self, parameter: &'static Parameter) -> Result<Value, Refusal> {
        let name = parameter.name;
        let wrong = |why: String| Refusal::parameter(name, why);
        match kind(parameter) {
            Kind::Filters => self.filters(),
            Kind::Texts => {
                let texts: Vec<String> = self
                    .pairs
                    .iter()
                    .filter(|(own, _)| own == name)
                    .map(|(_, text)| text.clone())
                    .collect();
                check_texts(&texts).map_err(wrong)?;
                if texts.is_empty() && parameter.default.is_none() {
                    return Err(self.missing(parameter));
                }
                Ok(Value::Texts(texts))
            }
            Kind::Time => match self.given(name)? {
                Some(text) => moment(text, &self.zone).map(Value::Time).map_err(wrong),
                None => self.usual_time(name),
            },
            Kind::Text => {
                let text = self
                    .given(name)?
                    .or(parameter.default)
                    .ok_or_else(|| self.missing(parameter))?;
                check_text(text).map_err(wrong)?;
                one_of(parameter, text).map_err(wrong)?;
                Ok(Value::Text(text.to_owned()))
            }
            Kind::Uuid => {
                let text = self
                    .given(name)?
                    .or(parameter.default)
                    .ok_or_else(|| self.missing(parameter))?;
                let uuid = uuid::Uuid::try_parse(text).map_err(|_| wrong("is no UUID".to_owned()))?;
                Ok(Value::Text(uuid.to_string()))
            }
            Kind::Number(most) => {
                let text = self
                    .given(name)?
                    .or(parameter.default)
                    .ok_or_else(|| self.missing(parameter))?;
                one_of(parameter, text).map_err(wrong)?;
                let number = text.parse::<u64>().ok().filter(|number| *number <= most);
                number
                    .map(Value::Number)
                    .ok_or_else(|| wrong(format!("has to be a whole number from 0 to {most}")))
            }
        }
    }

    fn missing(&self, parameter: &Parameter) -> Refusal {
        Refusal::parameter(parameter.name, format!("is missing: {}", parameter.about))
    }

    fn usual_time(&self, name: &str) -> Result<Value, Refusal> {
        let until = match self.given("until")? {
            Some(text) => moment(text, &self.zone).map_err(|why| Refusal::parameter("until", why))?,
            None => (self.now / MINUTE_MS + 1) * MINUTE_MS,
        };
        Ok(Value::Time(if name == "since" {
            (until - RANGE_MS).max(0)
        } else {
            until
        }))
    }

    fn filters(&self) -> Result<Value, Refusal> {
        let mut filters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, text) in self.pairs {
            let Some(dimension) = name.strip_prefix("filter.") else {
                continue;
            };
            let plain = dimension.strip_prefix('!').unwrap_or(dimension);
            if !DIMENSION_NAMES.contains(&plain) {
                return Err(Refusal::parameter(
                    name.clone(),
                    format!(
                        "filters by no dimension: there are {}",
                        DIMENSION_NAMES.join(", ")
                    ),
                ));
            }
            filters
                .entry(dimension.to_owned())
                .or_default()
                .push(text.clone());
        }
        for (name, values) in &filters {
            check_texts(values).map_err(|why| Refusal::parameter(format!("filter.{name}"), why))?;
        }
        Ok(Value::Filters(filters))
    }

    /// `columns=page,visitors`: fewer of them are sooner there, as ClickHouse does not reckon what nobody wants.
    fn columns(&self) -> Result<Vec<&'static str>, Refusal> {
        let Some(text) = self.given("columns")? else {
            return Ok(Vec::new());
        };
        let mut columns = Vec::new();
        for name in text.split(',') {
            let found = self.report.columns.iter().find(|column| column.name == name);
            let Some(column) = found else {
                let all: Vec<_> = self.report.columns.iter().map(|column| column.name).collect();
                return Err(Refusal::parameter(
                    "columns",
                    format!("are names with commas between them: {}", all.join(", ")),
                ));
            };
            if columns.contains(&column.name) {
                return Err(Refusal::parameter("columns", format!("has `{name}` twice")));
            }
            columns.push(column.name);
        }
        Ok(columns)
    }

    fn limit(&self) -> Result<u64, Refusal> {
        let Some(text) = self.given("limit")? else {
            return Ok(ROWS.0);
        };
        let limit = text.parse().ok().filter(|limit| (1..=ROWS.1).contains(limit));
        limit.ok_or_else(|| {
            Refusal::parameter("limit", format!("has to be a whole number from 1 to {}", ROWS.1))
        })
    }

    fn format(&self) -> Result<Format, Refusal> {
        match self.given("format")? {
            None | Some("json") => Ok(Format::Json),
            Some("csv") => Ok(Format::Csv),
            Some(_) => Err(Refusal::parameter("format", "has to be json or csv")),
        }
    }
}

/// Some parameters take only certain words.
fn one_of(parameter: &Parameter, text: &str) -> Result<(), String> {
    let words = parameter.values;
    if words.is_empty() || words.contains(&text) {
        return Ok(());
    }
    Err(format!("has to be one of {}", words.join(", ")))
}
