//! Answers: the headers that ClickHouse's clients read, and errors as ClickHouse words them.

use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::output::{Answer, Encoding};
use super::run::{Head, exception_tag};
use crate::session::Facts;
use crate::status::Failure;
use crate::values::Counts;

/// The name that the server goes by, as `displayName()` would.
const DISPLAY_NAME: &str = "footfall";

/// A short text.
pub(crate) fn text(status: StatusCode, text: &str) -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(Some(text.to_owned().into())));
    *response.status_mut() = status;
    put(&mut response, CONTENT_TYPE, "text/html; charset=UTF-8");
    response
}

/// A result or its beginning.
pub(crate) fn good(
    head: Head,
    facts: &Facts,
    query_id: &str,
    tag: &str,
    encoding: Encoding,
) -> Response<Answer> {
    let summary = summary(&head.counts);
    let streamed = matches!(head.body, Answer::Rows(..));
    let content_type = content_type(&head.format);
    let mut response = Response::new(head.body);
    put(&mut response, CONTENT_TYPE, content_type);
    put(
        &mut response,
        HeaderName::from_static("x-clickhouse-summary"),
        &summary,
    );
    put(
        &mut response,
        HeaderName::from_static("x-clickhouse-format"),
        &head.format,
    );
    if streamed {
        put(
            &mut response,
            HeaderName::from_static("x-clickhouse-exception-tag"),
            &exception_tag(tag),
        );
    }
    if let Some(name) = encoding.name() {
        put(&mut response, CONTENT_ENCODING, name);
    }
    common(&mut response, facts, query_id);
    response
}

/// An error before any row.
pub(crate) fn bad(failure: &Failure, facts: &Facts, query_id: &str) -> Response<Answer> {
    let text = format!(
        "{} (version {} (official build))\n",
        failure.text.trim_end(),
        facts.version
    );
    let mut response = Response::new(Answer::Whole(Some(text.into())));
    *response.status_mut() = failure.status();
    put(&mut response, CONTENT_TYPE, "text/plain; charset=UTF-8");
    put(
        &mut response,
        HeaderName::from_static("x-clickhouse-exception-code"),
        &failure.code.to_string(),
    );
    if failure.status() == StatusCode::UNAUTHORIZED {
        put(
            &mut response,
            hyper::header::WWW_AUTHENTICATE,
            "Basic realm=\"ClickHouse server HTTP API\"",
        );
    }
    common(&mut response, facts, query_id);
    response
}

fn common(response: &mut Response<Answer>, facts: &Facts, query_id: &str) {
    put(
        response,
        HeaderName::from_static("x-clickhouse-query-id"),
        query_id,
    );
    put(
        response,
        HeaderName::from_static("x-clickhouse-timezone"),
        &facts.timezone,
    );
    put(
        response,
        HeaderName::from_static("x-clickhouse-server-display-name"),
        DISPLAY_NAME,
    );
}

/// A value that is no header value (a query id with a line break) is left out.
fn put(response: &mut Response<Answer>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// `X-ClickHouse-Summary`; numbers as strings. Of a streamed result it says what was counted when the headers
/// were sent.
fn summary(counts: &Counts) -> String {
    let Counts {
        elapsed_ns,
        result_rows,
        result_bytes,
        read_rows,
        read_bytes,
        written_rows,
        written_bytes,
    } = counts;
    format!(
        "{{\"read_rows\":\"{read_rows}\",\"read_bytes\":\"{read_bytes}\",\"written_rows\":\"{written_rows}\",\
         \"written_bytes\":\"{written_bytes}\",\"total_rows_to_read\":\"0\",\"result_rows\":\"{result_rows}\",\
         \"result_bytes\":\"{result_bytes}\",\"elapsed_ns\":\"{elapsed_ns}\"}}"
    )
}

fn content_type(format: &str) -> &'static str {
    let lower = format.to_ascii_lowercase();
    match lower.as_str() {
        _ if lower.starts_with("jsoneachrow") || lower.starts_with("jsoncompacteachrow") => {
            "application/x-ndjson; charset=UTF-8"
        }
        _ if lower.starts_with("json") => "application/json; charset=UTF-8",
        _ if lower.starts_with("tabseparated") || lower.starts_with("tsv") => {
            "text/tab-separated-values; charset=UTF-8"
        }
        _ if lower.starts_with("csv") => "text/csv; charset=UTF-8",
        _ if lower.starts_with("pretty") || lower == "vertical" || lower == "values" => {
            "text/plain; charset=UTF-8"
        }
        "xml" => "application/xml; charset=UTF-8",
        "markdown" => "text/markdown; charset=UTF-8",
        _ => "application/octet-stream",
    }
}
