//! The live stream: fates of events as they are decided, and what the edge turned away, as server-sent events (WHATWG HTML,
//! section 9.2). A node of a cluster that only takes events tells of refusals alone.
//!
//! The routes are in `up/late.rs`: `/demo/live` on the public port, which shows only the site `demo`, and `/live` on the
//! operator's port, which `footfall tail` reads. While nobody watches, nothing is made.

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use footfall_delivery::Reason;
use footfall_ingest::{Refusals, Refused};
use footfall_processor::control::{Control, Notice, NoticedEvent};
use footfall_schemas::event::{Decision, SessionReason};
use hyper::body::Frame;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Who may watch at the same time; each costs a task and a queue.
const WATCHERS: usize = 32;
/// Lines that a slow watcher may be behind; what does not fit is left out.
const QUEUE: usize = 256;
/// A comment now and then, so that a watcher who has gone is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// `fate` of what was turned away and has no number.
pub const REFUSED: &str = "refused";

/// One fate as it is streamed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fate {
    /// When it was told, ms since 1970.
    pub at: i64,
    /// `row`, the reason in the ledger, or [`REFUSED`].
    pub fate: String,
    /// Milliseconds from receipt to the acknowledged insert.
    pub latency_ms: i64,
    /// Log and number.
    pub log: Uuid,
    /// Number in that log.
    pub seq: u64,
    /// Id of the event; nil if it could not be read.
    pub event_id: Uuid,
    /// Site.
    pub site: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of a custom event.
    pub name: String,
    /// Path of the page.
    pub path: String,
    /// Who it was.
    #[serde(flatten)]
    pub who: Option<Who>,
    /// Of a refusal: why, the label of a [`Reject`](footfall_schemas::Reject); else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Of a refusal: what exactly.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Of a refusal: the origin of the page, if anything says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
}

/// Who sent an event, as far as others may see: enough to tell one from another, too little to look anybody up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The first digits of the visitor.
    pub visitor: String,
    /// The first digits of the session.
    pub session: String,
    /// Why the session began.
    pub session_reason: SessionReason,
    /// How the visitor is recognised.
    pub decision: Decision,
}

impl Who {
    fn of(event: &NoticedEvent) -> Self {
        let digits = |id: Uuid| format!("{:08x}", id.as_fields().0);
        Self {
            visitor: digits(event.visitor),
            session: digits(event.session),
            session_reason: event.session_reason,
            decision: event.decision,
        }
    }
}

impl From<Refused> for Fate {
    fn from(refused: Refused) -> Self {
        Self {
            at: refused.at,
            fate: REFUSED.to_owned(),
            site: refused.site,
            reason: refused.reason.label().to_owned(),
            detail: refused.detail,
            origin: refused.origin,
            ..Self::default()
        }
    }
}

impl From<Notice> for Fate {
    fn from(notice: Notice) -> Self {
        let event = notice.event;
        let text = |of: fn(&NoticedEvent) -> &str| {
            event
                .as_ref()
                .map_or_else(String::new, |event| of(event).to_owned())
        };
        Self {
            at: crate::target::now_ms(),
            fate: notice.reason.map_or("row", Reason::label).to_owned(),
            latency_ms: notice.latency_ms,
            log: notice.log_id,
            seq: notice.seq,
            event_id: event.as_ref().map_or(Uuid::nil(), |event| event.event_id),
            site: text(|event| &event.site),
            kind: text(|event| event.kind.label()),
            name: text(|event| &event.name),
            path: text(|event| &event.path),
            who: event.as_ref().map(Who::of),
            ..Self::default()
        }
    }
}

/// Which fates a watcher wants.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Only this site.
    site: Option<String>,
    /// Only these types, comma separated.
    r#type: Option<String>,
}

impl Filter {
    /// Only this site.
    #[must_use]
    pub fn site(site: &str) -> Self {
        Self {
            site: Some(site.to_owned()),
            r#type: None,
        }
    }

    /// Whether a fate passes. The log's own marks are nobody's event.
    #[must_use]
    pub fn wants(&self, fate: &Fate) -> bool {
        let kinds = self.r#type.as_ref();
        fate.fate != Reason::Mark.label()
            && self.site.as_ref().is_none_or(|site| *site == fate.site)
            && kinds.is_none_or(|kinds| kinds.split(',').any(|kind| kind == fate.kind))
    }
}

/// What the routes share.
#[derive(Debug, Clone)]
pub struct Live {
    control: Option<Control>,
    refusals: Refusals,
    watchers: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Live {
    /// Streams that end when `stop` is cancelled. Without a processor there are only refusals to tell of.
    #[must_use]
    pub fn new(control: Option<Control>, refusals: Refusals, stop: CancellationToken) -> Self {
        Self {
            control,
            refusals,
            watchers: Arc::new(Semaphore::new(WATCHERS)),
            tasks: TaskTracker::new(),
            stop,
        }
    }

    /// Waits until every stream has ended; `stop` must have been cancelled.
    pub async fn ended(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Begins a stream.
    #[must_use]
    pub fn stream(&self, filter: Filter) -> Response {
        let Ok(permit) = Arc::clone(&self.watchers).try_acquire_owned() else {
            return (
                StatusCode::SERVICE_UNAVAILABLE,
                "too many are watching; try again later\n",
            )
                .into_response();
        };
        let (sender, receiver) = mpsc::channel(QUEUE);
        self.tasks.spawn(self.clone().feed(filter, sender));
        let headers = [
            (header::CONTENT_TYPE, "text/event-stream"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (
            headers,
            Body::new(Lines {
                receiver,
                _permit: permit,
            }),
        )
            .into_response()
    }

    async fn feed(self, filter: Filter, sender: mpsc::Sender<Bytes>) {
        let mut notices = self.control.as_ref().map(Control::subscribe);
        let mut refusals = self.refusals.subscribe();
        let mut line = Some(Bytes::from_static(b": footfall\n\n"));
        loop {
            // A full queue belongs to a slow watcher, who misses some; a closed one has gone.
            if let Some(line) = line
                && matches!(sender.try_send(line), Err(mpsc::error::TrySendError::Closed(_)))
            {
                return;
            }
            line = tokio::select! {
                notice = next(&mut notices) => match notice {
                    Ok(notice) => event_line(&filter, notice.into()),
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return,
                },
                refused = refusals.recv() => match refused {
                    Ok(refused) => event_line(&filter, refused.into()),
                    Err(RecvError::Lagged(_)) => None,
                    Err(RecvError::Closed) => return,
                },
                () = tokio::time::sleep(KEEP_ALIVE) => Some(Bytes::from_static(b":\n\n")),
                () = sender.closed() => return,
                () = self.stop.cancelled() => return,
            };
        }
    }
}

/// The next notice; where there is no processor, none ever.
async fn next(notices: &mut Option<broadcast::Receiver<Notice>>) -> Result<Notice, RecvError> {
    match notices {
        Some(notices) => notices.recv().await,
        None => std::future::pending().await,
    }
}

fn event_line(filter: &Filter, fate: Fate) -> Option<Bytes> {
    if !filter.wants(&fate) {
        return None;
    }
    let json = serde_json::to_string(&fate).ok()?;
    Some(Bytes::from(format!("data: {json}\n\n")))
}

/// The body of a stream: lines as they come, until the feeding task ends.
#[derive(Debug)]
struct Lines {
    receiver: mpsc::Receiver<Bytes>,
    _permit: OwnedSemaphorePermit,
}

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.receiver
            .poll_recv(cx)
            .map(|line| line.map(|line| Ok(Frame::data(line))))
    }
}
