//! The admin port: `/metrics`, `/ready`, `/version`.

use crate::control::Condition;
use crate::measure;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use std::borrow::Cow;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What the routes show.
#[derive(Clone)]
pub struct Admin {
    /// [`crate::Control::condition`].
    pub condition: watch::Receiver<Condition>,
    /// The recorder of this process; none: `/metrics` is served by somebody else.
    pub metrics: Option<PrometheusHandle>,
}

/// The routes, for a listener that is bound to loopback. The one-machine binary merges them with the edge's.
pub fn router(admin: Admin) -> Router {
    let mut router = Router::new().route("/ready", get(ready)).route(
        "/version",
        get(|| async { concat!(env!("CARGO_PKG_VERSION"), "\n") }),
    );
    if admin.metrics.is_some() {
        router = router.route("/metrics", get(metrics));
    }
    router.with_state(admin)
}

/// Serves the routes until `until` is cancelled.
pub async fn serve(listener: TcpListener, admin: Admin, until: CancellationToken) {
    let serving = axum::serve(listener, router(admin)).with_graceful_shutdown(until.cancelled_owned());
    if let Err(error) = serving.await {
        tracing::error!(%error, "the admin port is gone");
    }
}

/// What `/ready` answers.
#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    /// One sentence: why not, or what is done.
    doing: Cow<'a, str>,
    assigned: usize,
    reading: usize,
    /// Records that wait; null if nobody knows.
    behind: Option<u64>,
    rows: u64,
    ledger: u64,
    /// Everything received before this is in the tables, ms since 1970; 0 before the first round.
    complete_to: i64,
}

/// 200 when records become rows, or would if there were any for us; 503 when not. Its JSON says what it does.
async fn ready(State(admin): State<Admin>) -> Response {
    let condition = admin.condition.borrow().clone();
    let doing = match (condition.ready, condition.assigned) {
        (false, _) => Cow::Borrowed(condition.why_not.as_str()),
        (true, 0) => Cow::Borrowed("standing by: in the group, no partition is assigned"),
        (true, assigned) => Cow::Owned(format!("reading, partitions: {assigned}")),
    };
    let body = Ready {
        ready: condition.ready,
        doing,
        assigned: condition.assigned,
        reading: condition.reading,
        behind: condition.behind,
        rows: condition.rows,
        ledger: condition.ledger,
        complete_to: condition.complete_to,
    };
    let status = if condition.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let headers = [(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, "application/json")];
    // Numbers and texts: nothing that could fail.
    let body = serde_json::to_vec(&body).unwrap_or_default();
    (status, headers, body).into_response()
}

async fn metrics(State(admin): State<Admin>) -> String {
    let mut text = admin.metrics.map(|handle| handle.render()).unwrap_or_default();
    measure::render(&mut text);
    text
}
