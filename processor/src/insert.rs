//! One INSERT as one HTTP/1 POST of our own, and the honest result of it.
//!
//! Why not the `clickhouse` crate: it hides `written_rows`, and its pooled client may repeat a request by itself.
//! Invariant: a statement leaves this process at most once per [`Inserter::send`]. A request that provably never
//! touched the wire (the kept connection had been closed) goes over a new connection; everything else is in doubt.

use crate::server::{Http, Server, Unanswered};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde::Deserialize;
use std::time::Duration;
use url::form_urlencoded::Serializer;

/// ClickHouse's `VIOLATED_CONSTRAINT`: here always `insert_deadline`, the only constraint of our tables.
pub const VIOLATED_CONSTRAINT: i32 = 469;

/// Bytes of an answer that are read: an error text. A longer answer is nobody's we know.
const ANSWER_BYTES: usize = 64 * 1024;

/// What is the same in every insert of one process.
#[derive(Debug, Clone)]
pub struct Statement {
    /// `log_comment`: how a barrier finds the insert.
    pub tag: String,
    /// `max_execution_time` on the server.
    pub max_execution: Duration,
    /// When we stop waiting; below `max_execution`.
    pub timeout: Duration,
}

/// What came of a statement, with the words for the log where it went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// A clean answer with its `written_rows`.
    Written(u64),
    /// Code 469: refused by the deadline, nothing written.
    Late,
    /// The server says that the statement failed.
    Refused {
        /// ClickHouse's error code.
        code: i32,
        /// The server's first line.
        text: String,
    },
    /// Nobody knows: time-out, cut connection, an answer that is no server's.
    InDoubt(String),
}

/// Sends inserts one after the other over one kept connection.
#[derive(Debug)]
pub struct Inserter {
    server: Server,
    statement: Statement,
    /// Kept from one insert to the next.
    connection: Option<Http>,
}

impl Inserter {
    /// No connection is opened yet.
    #[must_use]
    pub fn new(server: Server, statement: Statement) -> Self {
        Self {
            server,
            statement,
            connection: None,
        }
    }

    /// Sends `sql` (`INSERT INTO … FORMAT Native`) with `body` and waits for the whole answer. Dropping the future
    /// leaves the statement in doubt; the connection is not used again.
    pub async fn send(&mut self, sql: &str, body: Bytes) -> Inserted {
        let timeout = self.statement.timeout;
        let why = match tokio::time::timeout(timeout, self.attempt(sql, body)).await {
            Ok(Ok(inserted)) => return inserted,
            Ok(Err(why)) => why,
            Err(_) => "wait for the answer to an insert: timed out".to_owned(),
        };
        // The connection is closed; a server that notices may give up by itself, and nothing depends on it.
        Inserted::InDoubt(why)
    }

    /// The connection is put back only after a whole answer.
    async fn attempt(&mut self, sql: &str, body: Bytes) -> Result<Inserted, String> {
        let mut request = self.request(sql, body)?;
        if let Some(mut kept) = self.connection.take()
            && kept.is_ready().await
        {
            match kept.send(request).await {
                Ok(response) => return self.finish(kept, response).await,
                Err(Unanswered {
                    unsent: Some(unsent), ..
                }) => request = unsent,
                Err(Unanswered { error, .. }) => return Err(self.broken("send an insert", &error)),
            }
        }
        let fresh = self.server.connector().http().await;
        let mut fresh =
            fresh.map_err(|error| format!("connect to ClickHouse: {}", self.server.explain(&*error)))?;
        let sent = fresh.send(request).await;
        let response = sent.map_err(|failed| self.broken("send an insert", &failed.error))?;
        self.finish(fresh, response).await
    }

    async fn finish(
        &mut self,
        connection: Http,
        response: Response<hyper::body::Incoming>,
    ) -> Result<Inserted, String> {
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES).collect().await;
        let body = body
            .map_err(|error| self.broken("read the answer to an insert", &*error))?
            .to_bytes();
        self.connection = Some(connection);
        Ok(judge(head.status, &head.headers, &body))
    }

    fn broken(&self, doing: &str, error: &(dyn std::error::Error + 'static)) -> String {
        format!("{doing}: {}", self.server.explain(error))
    }

    fn request(&self, sql: &str, body: Bytes) -> Result<Request<Full<Bytes>>, String> {
        let seconds = self.statement.max_execution.as_secs_f64().to_string();
        let query = Serializer::new(String::new())
            .append_pair("database", &self.server.database)
            .append_pair("query", sql)
            .append_pair("log_comment", &self.statement.tag)
            .append_pair("max_execution_time", &seconds)
            .append_pair("async_insert", "0")
            .append_pair("insert_deduplicate", "0")
            // The summary is complete only when the query is.
            .append_pair("wait_end_of_query", "1")
            .finish();
        let mut request = Request::post(format!("/?{query}"))
            .header(HOST, self.server.authority())
            .header(CONTENT_LENGTH, body.len());
        if !self.server.user.is_empty() {
            request = request.header("X-ClickHouse-User", secret(&self.server.user)?);
            request = request.header("X-ClickHouse-Key", secret(&self.server.password)?);
        }
        request
            .body(Full::new(body))
            .map_err(|error| format!("build an insert: {error}"))
    }
}

fn secret(text: &str) -> Result<HeaderValue, String> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| "build an insert: user or password".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Good only if everything about the answer is; a proxy's error page has no exception code and is doubt.
fn judge(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Inserted {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(code) = text("X-ClickHouse-Exception-Code").and_then(|code| code.parse::<i32>().ok()) {
        if code == VIOLATED_CONSTRAINT {
            return Inserted::Late;
        }
        return Inserted::Refused {
            code,
            text: first_line(body),
        };
    }
    if status != StatusCode::OK || !body.is_empty() {
        return Inserted::InDoubt(format!(
            "read the answer to an insert: {status}, {} bytes",
            body.len()
        ));
    }
    match text("X-ClickHouse-Summary").and_then(written_rows) {
        Some(rows) => Inserted::Written(rows),
        None => {
            Inserted::InDoubt("read the answer to an insert: it does not say what was written".to_owned())
        }
    }
}

/// `{"read_rows":"0",…,"written_rows":"3",…}`: numbers as text.
fn written_rows(summary: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Summary<'a> {
        #[serde(borrow)]
        written_rows: &'a str,
    }
    serde_json::from_str::<Summary<'_>>(summary)
        .ok()?
        .written_rows
        .parse()
        .ok()
}

fn first_line(body: &Bytes) -> String {
    let text = String::from_utf8_lossy(body);
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(300)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Inserted, judge};
    use bytes::Bytes;
    use hyper::StatusCode;
    use hyper::header::{HeaderMap, HeaderValue};

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Inserted {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_static(value));
        }
        judge(
            StatusCode::from_u16(status).unwrap(),
            &map,
            &Bytes::from_static(body.as_bytes()),
        )
    }

    const SUMMARY: (&str, &str) = ("x-clickhouse-summary", r#"{"read_rows":"0","written_rows":"3"}"#);

    #[test]
    fn only_a_clean_answer_that_says_its_rows_is_good() {
        assert_eq!(answer(200, &[SUMMARY], ""), Inserted::Written(3));
        for doubtful in [
            answer(200, &[], ""),
            answer(200, &[("x-clickhouse-summary", "{}")], ""),
            answer(200, &[SUMMARY], "Code: 1"),
            answer(502, &[SUMMARY], ""),
            answer(204, &[SUMMARY], ""),
            answer(502, &[], "<html>bad gateway</html>"),
        ] {
            assert!(matches!(doubtful, Inserted::InDoubt(_)), "{doubtful:?}");
        }
    }

    #[test]
    fn an_exception_is_the_servers_own_word() {
        let code = |code| ("x-clickhouse-exception-code", code);
        assert_eq!(answer(500, &[code("469")], "Code: 469"), Inserted::Late);
        let refused = answer(404, &[code("60")], "Code: 60. no such table\nmore");
        assert_eq!(
            refused,
            Inserted::Refused {
                code: 60,
                text: "Code: 60. no such table".to_owned()
            }
        );
        assert!(matches!(
            answer(200, &[code("243"), SUMMARY], ""),
            Inserted::Refused { code: 243, .. }
        ));
    }
}
