//! The live stream before there is a processor to watch: the edge takes events from its first moment on, while the engine
//! may still be on its way. Until then a watcher is told to come again.

use crate::live::{Filter, Live};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use footfall_ingest::Refusals;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

/// A [`Live`] that comes later.
#[derive(Debug, Clone, Default)]
pub struct Late {
    live: Arc<OnceLock<Live>>,
    /// Where the edge tells what it turns away.
    pub(crate) refusals: Refusals,
    /// The operator's port is bound to loopback: then only requests for a loopback name are meant for it, and a page in a
    /// browser cannot reach it through a name of its own (DNS rebinding).
    is_loopback: bool,
}

impl Late {
    /// For an operator's port at that address.
    #[must_use]
    pub fn new(admin: SocketAddr) -> Self {
        Self {
            live: Arc::default(),
            refusals: Refusals::default(),
            is_loopback: admin.ip().is_loopback(),
        }
    }

    /// The processor is there; the first call counts.
    pub fn set(&self, live: Live) {
        let _ = self.live.set(live);
    }

    /// Waits until every stream has ended; the token of the [`Live`] must have been cancelled.
    pub async fn ended(&self) {
        if let Some(live) = self.live.get() {
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
        self.live.get().map_or_else(
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

async fn all(State(late): State<Late>, Query(filter): Query<Filter>, headers: HeaderMap) -> Response {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("");
    if late.is_loopback && !is_loopback_name(host) {
        return (
            StatusCode::MISDIRECTED_REQUEST,
            "this port is for 127.0.0.1 and localhost\n",
        )
            .into_response();
    }
    late.stream(filter)
}

/// `localhost`, `127.0.0.1`, `[::1]`, each with or without a port.
fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback_name;

    #[test]
    fn only_loopback_names_are_ours() {
        for own in [
            "localhost",
            "LocalHost:8001",
            "127.0.0.1:8001",
            "127.1.2.3",
            "[::1]:8001",
            "[::1]",
        ] {
            assert!(is_loopback_name(own), "{own}");
        }
        for foreign in [
            "",
            "evil.example:8001",
            "localhost.evil.example",
            "192.0.2.1:8001",
            "[2001:db8::1]",
        ] {
            assert!(!is_loopback_name(foreign), "{foreign}");
        }
    }
}
