//! One statement to ClickHouse as the reader, under limits, over a few kept connections; and what its refusals mean.

use crate::config::{Limits, Reader};
use crate::refusal::Refusal;
use bytes::Bytes;
use footfall_processor::server::{Http, Trouble};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::{Method, Request, Response};
use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, watch};
use url::form_urlencoded::Serializer;

/// ClickHouse closes an idle connection after 3 s; a kept one must not be met while it does.
const IDLE: Duration = Duration::from_secs(2);
/// Most bytes of an answer. Rows are bounded too, but a row has addresses in it.
const ANSWER_BYTES: usize = 32 << 20;
/// What the answer may take beyond the statement's own limit before the connection counts as dead.
const GRACE: Duration = Duration::from_secs(5);

/// In what form the answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// `JSONCompact`, from which [`super::answer`] makes ours.
    Json,
    /// CSV with names, as it is.
    Csv,
}

/// The way to ClickHouse.
#[derive(Debug)]
pub(crate) struct Asker {
    reader: watch::Receiver<Option<Reader>>,
    limits: Limits,
    permits: Semaphore,
    /// Who asks now, or waits for it.
    asking: AtomicUsize,
    idle: Mutex<Vec<(Instant, String, Http)>>,
}

impl Asker {
    pub(crate) fn new(reader: watch::Receiver<Option<Reader>>, limits: Limits) -> Self {
        Self {
            reader,
            limits,
            permits: Semaphore::new(limits.questions),
            asking: AtomicUsize::new(0),
            idle: Mutex::default(),
        }
    }

    /// Sends a statement and reads the whole answer. Dropped before: the connection is closed, by which ClickHouse ends the
    /// statement.
    pub(crate) async fn ask(&self, sql: &str, format: Format) -> Result<Bytes, Refusal> {
        self.asking.fetch_add(1, Ordering::Relaxed);
        let _gone = Gone(&self.asking);
        let turn = tokio::time::timeout(self.limits.wait, self.permits.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Refusal::Busy);
        };
        let reader = self.reader.borrow().clone().ok_or_else(|| {
            Refusal::Away(
                "ClickHouse is being started: this page goes on by itself when it is there".to_owned(),
            )
        })?;
        let patience = self.limits.time + GRACE;
        let answered = tokio::time::timeout(patience, self.exchange(&reader, sql, format));
        answered.await.map_err(|_| {
            // The connection is closed with it, which ends the statement there.
            Refusal::Limit(format!(
                "ClickHouse has not answered within {} s, and was asked to stop. A shorter range or a filter makes it lighter; if \
                 everything is as slow, look at the log of ClickHouse at {}",
                patience.as_secs(),
                reader.server.authority()
            ))
        })?
    }

    async fn exchange(&self, reader: &Reader, sql: &str, format: Format) -> Result<Bytes, Refusal> {
        let mut http = self.connection(reader).await?;
        let request = self.request(reader, sql, format)?;
        let answer = match http.send(request).await {
            Ok(answer) => answer,
            Err(failed) => {
                // A kept connection that was gone already: nothing was sent, a fresh one is tried.
                let Some(request) = failed.unsent else {
                    return Err(away(reader, &failed.error));
                };
                http = open(reader).await?;
                http.send(request)
                    .await
                    .map_err(|failed| away(reader, &failed.error))?
            }
        };
        let (good, body) = read(reader, answer).await?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((Instant::now(), reader.server.authority(), http));
        drop(idle);
        if good {
            return Ok(body);
        }
        Err(self.refused(reader, &String::from_utf8_lossy(&body)))
    }

    /// A kept connection that is still fresh, or a new one.
    async fn connection(&self, reader: &Reader) -> Result<Http, Refusal> {
        loop {
            let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some((since, authority, mut http)) = kept else {
                return open(reader).await;
            };
            if since.elapsed() < IDLE && authority == reader.server.authority() && http.is_ready().await {
                return Ok(http);
            }
        }
    }

    fn request(&self, reader: &Reader, sql: &str, format: Format) -> Result<Request<Full<Bytes>>, Refusal> {
        let mut target = Serializer::new(String::from("/?"));
        let format = match format {
            Format::Json => "JSONCompact",
            Format::Csv => "CSVWithNames",
        };
        target
            .append_pair("database", &reader.server.database)
            .append_pair("default_format", format)
            .append_pair("max_execution_time", &self.limits.time.as_secs().to_string())
            .append_pair("max_memory_usage", &self.limits.memory_bytes.to_string())
            .append_pair("max_result_rows", &self.limits.rows.to_string())
            .append_pair("result_overflow_mode", "throw")
            .append_pair("wait_end_of_query", "1")
            .append_pair("cancel_http_readonly_queries_on_client_close", "1")
            .append_pair("date_time_output_format", "iso")
            .append_pair("output_format_json_quote_64bit_integers", "0")
            .append_pair("log_comment", "footfall/dashboard");
        // Questions side by side do more with a core each than with all cores for each.
        if let Some(cores) = self.limits.cores {
            let side_by_side = self
                .asking
                .load(Ordering::Relaxed)
                .clamp(1, self.limits.questions.max(1));
            let threads = cores / side_by_side;
            target.append_pair("max_threads", &threads.max(1).to_string());
        }
        if reader.hold_back {
            target.append_pair("readonly", "2");
        }
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(target.finish())
            .header(HOST, reader.server.authority());
        if !reader.server.user.is_empty() {
            request = request
                .header("x-clickhouse-user", secret(&reader.server.user)?)
                .header("x-clickhouse-key", secret(&reader.server.password)?);
        }
        let body = Full::new(Bytes::from(sql.to_owned()));
        request.body(body).map_err(|error| fault(&error.to_string()))
    }

    /// What ClickHouse's words mean for whoever asked.
    fn refused(&self, reader: &Reader, said: &str) -> Refusal {
        let code = said
            .trim_start()
            .strip_prefix("Code: ")
            .and_then(|rest| rest.split('.').next());
        let code: u32 = code.and_then(|code| code.trim().parse().ok()).unwrap_or_default();
        if let Some(trouble) = reader.server.not_let_in(said) {
            return told(&trouble);
        }
        let limit =
            |what: String| Refusal::Limit(format!("{what}. A shorter range or a filter makes it lighter"));
        match code {
            159 | 160 | 394 => limit(format!(
                "this takes ClickHouse longer than {} s, and was stopped",
                self.limits.time.as_secs()
            )),
            241 => limit(format!(
                "this needs more memory than a report may have ({} MiB), and was stopped",
                self.limits.memory_bytes >> 20
            )),
            396 => limit(format!("the answer has more than {} rows", self.limits.rows)),
            202 => Refusal::Busy,
            60 | 81 => Refusal::Away(format!(
                "ClickHouse at {} has no reports yet: `footfall migrate` makes them, and every start of Footfall does",
                reader.server.authority()
            )),
            164 => Refusal::Away(format!(
                "ClickHouse at {} lets user `{}` set no limits: give that user the setting readonly=2 instead of 1",
                reader.server.authority(),
                reader.server.user
            )),
            497 => Refusal::Denied {
                user: reader.server.user.clone(),
                why: format!(
                    "ClickHouse at {} does not let user `{}` read: GRANT SELECT ON {}.* TO that user",
                    reader.server.authority(),
                    reader.server.user,
                    reader.server.database
                ),
            },
            _ => fault(said),
        }
    }
}

/// Counts who leaves, also in the middle.
struct Gone<'a>(&'a AtomicUsize);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn open(reader: &Reader) -> Result<Http, Refusal> {
    let opened = reader.server.connector().http().await;
    opened.map_err(|error| match error.downcast::<Trouble>() {
        Ok(trouble) => told(&trouble),
        Err(error) => away(reader, &*error),
    })
}

async fn read(reader: &Reader, answer: Response<Incoming>) -> Result<(bool, Bytes), Refusal> {
    let good = answer.status().is_success();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await;
    match body {
        Ok(body) => Ok((good, body.to_bytes())),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Refusal::Limit(format!(
            "the answer is larger than {} MiB: choose a lower limit",
            ANSWER_BYTES >> 20
        ))),
        Err(error) => Err(away(reader, &*error)),
    }
}

fn told(trouble: &Trouble) -> Refusal {
    Refusal::Away(format!("{}. {}", trouble.what, trouble.remedy))
}

fn away(reader: &Reader, error: &(dyn Error + 'static)) -> Refusal {
    match reader.server.trouble(error) {
        Some(trouble) => told(&trouble),
        None => Refusal::Away(format!(
            "ClickHouse at {} broke the connection: it is gone or being started again. Nothing is lost; events wait in the log",
            reader.server.authority()
        )),
    }
}

fn secret(text: &str) -> Result<HeaderValue, Refusal> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Refusal::Away("user or password of ClickHouse has characters that no header takes".to_owned())
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Logs the cause under a fresh id.
pub(crate) fn fault(cause: &str) -> Refusal {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let id = id.get(..8).unwrap_or_default().to_owned();
    tracing::error!(id, cause, "a report failed");
    Refusal::Fault(id)
}
