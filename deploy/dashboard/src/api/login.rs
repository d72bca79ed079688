//! Logins, logouts and shared links: what gives and takes the session cookie.

use super::{Answered, Shared};
use crate::access::names::is_https;
use crate::access::session;
use crate::refusal::{Refusal, json};
use crate::service::Peer;
use axum::body::Body;
use axum::extract::{Extension, Path};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Me<'a> {
    /// `open`, `password`, `token`, `link`; none: log in.
    by: Option<&'a str>,
    sites: Option<Vec<String>>,
    writes: bool,
}

/// Who asks, for the page; never a refusal.
pub(super) async fn me(state: Shared, headers: HeaderMap, peer: Extension<Peer>) -> Answered {
    let me = match state.grant(&headers, *peer) {
        Ok(grant) => Me {
            by: Some(grant.by),
            sites: grant.sites,
            writes: grant.writes,
        },
        Err(_) => Me {
            by: None,
            sites: None,
            writes: false,
        },
    };
    Ok(json(StatusCode::OK, &me))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    /// The password or a token.
    secret: String,
}

/// Gives the cookie to whoever knows the password or a token.
pub(super) async fn login(state: Shared, headers: HeaderMap, peer: Extension<Peer>, body: Bytes) -> Answered {
    let login: Login = serde_json::from_slice(&body)
        .map_err(|_| Refusal::Body("has to be {\"secret\": \"the password or a token\"}".to_owned()))?;
    let subject = state.access.login(&login.secret, peer.0.0)?;
    let key = &state.keeper.read().session_key;
    Ok(with_cookie(
        json(StatusCode::OK, &()),
        &session::begin(&subject, key, is_https(&headers)),
    ))
}

/// Takes the cookie back.
pub(super) async fn logout() -> Answered {
    Ok(with_cookie(json(StatusCode::OK, &()), &session::end()))
}

/// A shared link: the cookie, and on to the view.
pub(super) async fn follow(
    state: Shared,
    secret: Path<String>,
    headers: HeaderMap,
    peer: Extension<Peer>,
) -> Answered {
    let (subject, view) = state.access.follow(&secret, peer.0.0)?;
    let key = &state.keeper.read().session_key;
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    let target = HeaderValue::from_str(&format!("/{view}")).unwrap_or(HeaderValue::from_static("/"));
    answer.headers_mut().insert(LOCATION, target);
    Ok(with_cookie(
        answer,
        &session::begin(&subject, key, is_https(&headers)),
    ))
}

fn with_cookie(mut answer: Response<Body>, cookie: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        answer.headers_mut().insert(SET_COOKIE, value);
    }
    answer
}
