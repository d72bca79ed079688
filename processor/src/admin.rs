//! The admin port: `/metrics`, `/ready`, `/version`.

use crate::control::Condition;
use crate::measure;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

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

/// 200 when records become rows; 503 with one sentence when not.
async fn ready(State(admin): State<Admin>) -> (StatusCode, String) {
    let condition = admin.condition.borrow();
    if condition.ready {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (
        StatusCode::SERVICE_UNAVAILABLE,
        format!("{}\n", condition.why_not),
    )
}

async fn metrics(State(admin): State<Admin>) -> String {
    let mut text = admin.metrics.map(|handle| handle.render()).unwrap_or_default();
    measure::render(&mut text);
    text
}
