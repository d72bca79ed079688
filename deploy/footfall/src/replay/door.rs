//! The operator's door to the log of a running Footfall: `POST /replay` on the operator's port.
//!
//! Only one process writes to a log, so `footfall replay` hands its records in here. They are whole events, with a visitor
//! and times that a page could never state: the caller shows the writer's password of the data folder, which only its
//! owner can read. Nothing is taken that the processor could not read.

use super::candidates::Again;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use footfall_log::{Entry, Log};
use footfall_processor::decode::decode;
use sha2::{Digest as _, Sha256};

/// Where it is.
pub const PATH: &str = "/replay";
/// Bytes of one request: more than a single event can have.
const BODY: usize = 8 << 20;

#[derive(Clone)]
struct Door {
    log: Log,
    /// Of the secret: compared instead of it, so that the time tells nothing.
    digest: [u8; 32],
}

/// The route. `secret`: what a caller must show.
pub fn router(log: Log, secret: &str) -> Router {
    let door = Door {
        log,
        digest: Sha256::digest(secret).into(),
    };
    Router::new()
        .route(PATH, post(append))
        .layer(DefaultBodyLimit::max(BODY))
        .with_state(door)
}

/// A line is an event as it stands in the log. All of them are appended, or none.
async fn append(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> Response {
    if !door.knows(&headers) {
        return (
            StatusCode::UNAUTHORIZED,
            "show the writer's password of the data folder\n",
        )
            .into_response();
    }
    let mut entries = Vec::new();
    for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match decode(line) {
            Ok(event) => entries.push(entry(Again::as_it_is(&event))),
            Err(error) => return (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
        }
    }
    let count = entries.len();
    match door.log.append(entries).await {
        Ok(numbers) => format!(
            "{count} records, log {}, from number {}\n",
            door.log.id(),
            numbers.start
        )
        .into_response(),
        Err(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "1")],
            format!("{error}\n"),
        )
            .into_response(),
    }
}

fn entry(again: Again) -> Entry {
    Entry {
        kind: again.kind,
        time_ms: again.time_ms,
        key: again.key.into_bytes(),
        payload: again.payload,
    }
}

impl Door {
    fn knows(&self, headers: &HeaderMap) -> bool {
        let shown = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|value| value.strip_prefix("Bearer "));
        shown.is_some_and(|secret| Sha256::digest(secret)[..] == self.digest)
    }
}
