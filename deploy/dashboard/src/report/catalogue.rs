//! Which reports there are. The list is [`footfall_tables`]'; here is what the API makes of its types.

use crate::access::Grant;
use crate::refusal::Refusal;
pub(crate) use footfall_tables::reports::{DIMENSION_NAMES, DIMENSIONS, Parameter, REPORTS, Report};
use serde::Serialize;

/// What a parameter's value is, by its type in ClickHouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One text.
    Text,
    /// Several texts: the parameter is repeated.
    Texts,
    /// A UUID.
    Uuid,
    /// A moment.
    Time,
    /// A whole number up to this.
    Number(u64),
    /// `filter.<dimension>`.
    Filters,
}

/// Every report.
pub(crate) fn all() -> impl Iterator<Item = &'static Report> {
    REPORTS.iter()
}

/// The report of that name.
pub(crate) fn find(name: &str) -> Result<&'static Report, Refusal> {
    all().find(|report| report.name == name).ok_or_else(|| {
        let names: Vec<_> = all().map(|report| report.name).collect();
        Refusal::NotFound(format!(
            "there is no report of this name: there are {}",
            names.join(", ")
        ))
    })
}

/// Reports on whole logs, which serve all sites: who sees only some sees nothing of them.
const WHOLE: &[&str] = &["books"];

/// Whether that report may be asked at all.
pub(crate) fn offered(report: &Report, grant: &Grant) -> bool {
    grant.sites.is_none() || !WHOLE.contains(&report.name)
}

/// The columns that may be seen, if not all. Up to when all is there is everybody's to know; how many numbers of a log wait is
/// not.
pub(crate) fn columns(report: &Report, grant: &Grant) -> Option<&'static [&'static str]> {
    match (report.name, &grant.sites) {
        ("complete_up_to", Some(_)) => Some(&["complete_up_to"]),
        _ => None,
    }
}

/// What the value of a parameter is.
pub(crate) fn kind(parameter: &Parameter) -> Kind {
    match parameter.kind {
        "UUID" => Kind::Uuid,
        "UInt8" => Kind::Number(u8::MAX.into()),
        "UInt16" => Kind::Number(u16::MAX.into()),
        "UInt32" => Kind::Number(u32::MAX.into()),
        "Array(String)" => Kind::Texts,
        kind if kind.starts_with("DateTime") => Kind::Time,
        kind if kind.starts_with("Map") => Kind::Filters,
        _ => Kind::Text,
    }
}

/// The catalogue as the API tells it.
#[derive(Serialize)]
pub(crate) struct Told {
    reports: Vec<ToldReport>,
    dimensions: Vec<ToldDimension>,
}

#[derive(Serialize)]
struct ToldReport {
    name: &'static str,
    about: &'static str,
    parameters: Vec<ToldParameter>,
    columns: Vec<ToldColumn>,
}

#[derive(Serialize)]
struct ToldParameter {
    name: &'static str,
    r#type: &'static str,
    about: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    values: &'static [&'static str],
}

#[derive(Serialize)]
struct ToldColumn {
    name: &'static str,
    r#type: &'static str,
    about: &'static str,
}

#[derive(Serialize)]
struct ToldDimension {
    name: &'static str,
    about: &'static str,
    /// Whether each session has one value; else each event has its own.
    of_session: bool,
}

/// All of it.
pub(crate) fn told(grant: &Grant) -> Told {
    let dimension = |dimension: &footfall_tables::reports::Dimension| ToldDimension {
        name: dimension.name,
        about: dimension.about,
        of_session: dimension.of_session,
    };
    Told {
        reports: all()
            .filter(|report| offered(report, grant))
            .map(told_report)
            .collect(),
        dimensions: DIMENSIONS.iter().map(dimension).collect(),
    }
}

fn told_report(report: &'static Report) -> ToldReport {
    let parameter = |parameter: &'static Parameter| ToldParameter {
        name: parameter.name,
        r#type: parameter.kind,
        about: parameter.about,
        default: parameter.default,
        values: parameter.values,
    };
    let column = |column: &'static footfall_tables::reports::Column| ToldColumn {
        name: column.name,
        r#type: column.kind,
        about: column.about,
    };
    ToldReport {
        name: report.name,
        about: report.about,
        parameters: report.parameters.iter().map(parameter).collect(),
        columns: report.columns.iter().map(column).collect(),
    }
}
