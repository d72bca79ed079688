//! The live stream before there is a processor to watch: the edge takes events from its first moment on, while the engine
//! may still be on its way. Until then a watcher is told to come again.

use crate::live::{Filter, Live};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use std::sync::{Arc, OnceLock};

/// A [`Live`] that comes later.
#[derive(Debug, Clone, Default)]
pub struct Late(Arc<OnceLock<Live>>);

impl Late {
    /// The processor is there; the first call counts.
    pub fn set(&self, live: Live) {
        let _ = self.0.set(live);
    }

    /// Waits until every stream has ended; the token of the [`Live`] must have been cancelled.
    pub async fn ended(&self) {
        if let Some(live) = self.0.get() {
            live.ended().await;
        }
    }

    /// `/demo/live`: the site `demo`, whoever asks.
    pub(super) fn public(&self) -> Router {
        Router::new()
            .route("/demo/live", get(demo))
            .with_state(self.clone())
    }

    /// `/live`: everything, for the operator.
    pub(super) fn admin(&self) -> Router {
        Router::new().route("/live", get(all)).with_state(self.clone())
    }

    fn stream(&self, filter: Filter) -> Response {
        self.0.get().map_or_else(
            || {
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    [(header::RETRY_AFTER, "1")],
                    "starting\n",
                )
                    .into_response()
            },
            |live| live.stream(filter),
        )
    }
}

async fn demo(State(late): State<Late>) -> Response {
    late.stream(Filter::site("demo"))
}

async fn all(State(late): State<Late>, Query(filter): Query<Filter>) -> Response {
    late.stream(filter)
}
