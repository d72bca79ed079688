//! Why a request is not answered as it was asked, as the caller is told: a status, a short name, one sentence.
//!
//! Causes that are nobody's business outside (ClickHouse's own words) go to the log, with the same id.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde::Serialize;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// A parameter is missing or is not what it may be: its name, and the sentence that follows it.
    #[error("`{0}` {1}")]
    Parameter(String, String),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The body is not what was expected.
    #[error("the request {0}")]
    Body(String),
    /// Nobody knows who asks.
    #[error("log in first: {0}")]
    Unknown(&'static str),
    /// Who asks may not.
    #[error("{0}")]
    Forbidden(String),
    /// Too many attempts to log in; seconds to wait.
    #[error("too many attempts to log in: wait {0} s")]
    TooManyAttempts(u64),
    /// More questions at once than are let in.
    #[error("too many questions at once: try again in a moment")]
    Busy,
    /// ClickHouse has given up on the question: which limit, and what helps.
    #[error("{0}")]
    Limit(String),
    /// ClickHouse cannot be asked: what is wrong and what to do.
    #[error("{0}")]
    Away(String),
    /// ClickHouse does not let its user read: the user, and the whole sentence.
    #[error("{why}")]
    Denied {
        /// As whom we ask.
        user: String,
        /// What may not be read, and what to do.
        why: String,
    },
    /// The file of segments, goals, tokens and links cannot be written.
    #[error("cannot keep it: {0}")]
    NotKept(String),
    /// A fault of ours; the log has the cause under this id.
    #[error("the report failed; the log of this service says why (id {0})")]
    Fault(String),
}

#[derive(Serialize)]
struct Told<'a> {
    error: &'a str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
}

impl Refusal {
    /// A parameter that is not what it may be.
    pub(crate) fn parameter(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Parameter(name.into(), why.into())
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Parameter(..) | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Unknown(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::TooManyAttempts(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Limit(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy | Self::Away(_) | Self::Denied { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotKept(_) | Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    const fn label(&self) -> &'static str {
        match self {
            Self::Parameter(..) => "parameter",
            Self::NotFound(_) => "not_found",
            Self::Body(_) => "body",
            Self::Unknown(_) => "login",
            Self::Forbidden(_) => "forbidden",
            Self::TooManyAttempts(_) => "too_many_attempts",
            Self::Busy => "busy",
            Self::Limit(_) => "limit",
            Self::Away(_) | Self::Denied { .. } => "away",
            Self::NotKept(_) => "not_kept",
            Self::Fault(_) => "fault",
        }
    }

    const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyAttempts(seconds) => Some(*seconds),
            Self::Busy => Some(1),
            Self::Away(_) | Self::Denied { .. } => Some(2),
            Self::Parameter(..)
            | Self::NotFound(_)
            | Self::Body(_)
            | Self::Unknown(_)
            | Self::Forbidden(_) => None,
            Self::Limit(_) | Self::NotKept(_) | Self::Fault(_) => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response<Body> {
        let parameter = match &self {
            Self::Parameter(name, _) => Some(name.as_str()),
            _ => None,
        };
        let told = Told {
            error: self.label(),
            detail: self.to_string(),
            parameter,
        };
        let mut answer = json(self.status(), &told);
        if let Some(seconds) = self.retry_after() {
            answer
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        answer
    }
}

/// An answer of JSON that nobody keeps.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response<Body> {
    let text = serde_json::to_vec(body).unwrap_or_default();
    let mut answer = Response::new(Body::from(text));
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
