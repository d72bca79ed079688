//! An answer as the API gives it, made from ClickHouse's `JSONCompact` without taking its rows apart.

use super::ask::fault;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    meta: Vec<Column<'a>>,
    #[serde(borrow)]
    data: &'a RawValue,
    rows_before_limit_at_least: Option<u64>,
    statistics: SaidStatistics,
}

/// A column: its name and its type in ClickHouse.
#[derive(Debug, Serialize, Deserialize)]
struct Column<'a> {
    name: &'a str,
    // Types have quotes in them, which JSON may escape.
    r#type: String,
}

#[derive(Deserialize)]
struct SaidStatistics {
    elapsed: f64,
    rows_read: u64,
    bytes_read: u64,
}

#[derive(Serialize)]
struct Answer<'a> {
    report: &'a str,
    columns: Vec<Column<'a>>,
    rows: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_before_limit: Option<u64>,
    statistics: Statistics,
    sql: &'a str,
    /// RFC 3339.
    generated_at: String,
}

/// What the question took in ClickHouse.
#[derive(Serialize)]
struct Statistics {
    elapsed_ms: f64,
    rows_read: u64,
    bytes_read: u64,
}

/// Makes the answer's text.
pub(crate) fn of(report: &str, sql: &str, said: &[u8]) -> Result<Vec<u8>, Refusal> {
    let said: Said<'_> = serde_json::from_slice(said)
        .map_err(|error| fault(&format!("ClickHouse's answer is not what was asked for: {error}")))?;
    let answer = Answer {
        report,
        columns: said.meta,
        rows: said.data,
        rows_before_limit: said.rows_before_limit_at_least,
        statistics: Statistics {
            elapsed_ms: (said.statistics.elapsed * 1e6).round() / 1e3,
            rows_read: said.statistics.rows_read,
            bytes_read: said.statistics.bytes_read,
        },
        sql,
        generated_at: jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
            .to_string(),
    };
    serde_json::to_vec(&answer).map_err(|error| fault(&error.to_string()))
}
