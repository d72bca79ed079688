//! The routes of the API. Reports are read here; [`forecast`] looks ahead; what is kept is changed in [`kept`]; logins are in
//! [`login`].

mod forecast;
mod kept;
mod login;

use crate::access::{Access, Grant};
use crate::config::Config;
use crate::kept::{Keeper, Link, Token};
use crate::openapi;
use crate::refusal::{Refusal, json};
use crate::report::ask::{Asker, Format};
use crate::report::asked::Asked;
use crate::report::cache::{Cached, Fresh};
use crate::report::catalogue::{self, Report};
use crate::report::{answer, sites};
use crate::service::Peer;
use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Path, RawQuery};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::{delete, get, post};
use bytes::Bytes;
use serde::Serialize;
use std::sync::Arc;
use url::form_urlencoded;

/// Longest body of a change, bytes.
const BODY_BYTES: usize = 64 * 1024;

type Answered = Result<Response<Body>, Refusal>;
type Shared = Extension<Arc<State>>;

/// What the handlers work with.
pub(crate) struct State {
    config: Config,
    access: Access,
    keeper: Arc<Keeper>,
    cached: Cached,
}

impl State {
    pub(crate) fn new(config: Config, access: Access, keeper: Arc<Keeper>) -> Arc<Self> {
        let asker = Asker::new(config.reader.clone(), config.limits);
        let cached = Cached::new(asker, config.limits.cache_bytes);
        Arc::new(Self {
            config,
            access,
            keeper,
            cached,
        })
    }

    fn grant(&self, headers: &HeaderMap, peer: Peer) -> Result<Grant, Refusal> {
        self.access.grant(headers, peer.0)
    }

    fn database(&self) -> String {
        let reader = self.config.reader.borrow();
        reader
            .as_ref()
            .map_or_else(String::new, |reader| reader.server.database.clone())
    }
}

/// The routes.
pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/health", get(|| async { "ok\n" }))
        .route("/ready", get(ready))
        .route("/api/me", get(login::me))
        .route("/api/login", post(login::login))
        .route("/api/logout", post(login::logout))
        .route("/share/{secret}", get(login::follow))
        .route("/api/sites", get(sites_of))
        .route("/api/reports", get(list))
        .route("/api/reports/{name}", get(report))
        .route("/api/forecast", get(forecast::forecast))
        .route("/api/openapi.json", get(document))
        .route("/api/saved", get(kept::saved).post(kept::save))
        .route("/api/saved/{id}", delete(kept::unsave))
        .route("/api/tokens", get(kept::doors::<Token>).post(kept::open::<Token>))
        .route("/api/tokens/{id}", delete(kept::revoke::<Token>))
        .route("/api/links", get(kept::doors::<Link>).post(kept::open::<Link>))
        .route("/api/links/{id}", delete(kept::revoke::<Link>))
        .fallback(async || Refusal::NotFound("there is nothing here".to_owned()))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(Extension(state))
}

/// 200 when there is a ClickHouse to ask; the page itself is served before that.
async fn ready(state: Shared) -> Answered {
    if state.config.reader.borrow().is_some() {
        return Ok("ready\n".into_response());
    }
    Err(Refusal::Away("ClickHouse is being started".to_owned()))
}

async fn list(state: Shared, headers: HeaderMap, peer: Extension<Peer>) -> Answered {
    let grant = state.grant(&headers, *peer)?;
    Ok(json(StatusCode::OK, &catalogue::told(&grant)))
}

async fn document(state: Shared, headers: HeaderMap, peer: Extension<Peer>) -> Answered {
    state.grant(&headers, *peer)?;
    Ok(json(StatusCode::OK, &openapi::document()))
}

async fn report(
    state: Shared,
    name: Path<String>,
    query: RawQuery,
    headers: HeaderMap,
    peer: Extension<Peer>,
) -> Answered {
    let grant = state.grant(&headers, *peer)?;
    let report = catalogue::find(&name)?;
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.0.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let asked = Asked::read(report, &pairs, jiff::Timestamp::now().as_millisecond())?;
    asked.allowed(report, &grant)?;
    let sql = asked.sql(report, &grant, &state.database());
    let answered = state
        .cached
        .ask(&sql, asked.format, asked.fresh, |said| match asked.format {
            Format::Json => answer::of(report.name, &sql, &said).map(Bytes::from),
            Format::Csv => Ok(said),
        });
    Ok(told(report, asked.format, answered.await?))
}

fn told(report: &Report, format: Format, body: Bytes) -> Response<Body> {
    let mut answer = Response::new(Body::from(body));
    let kind = match format {
        Format::Json => "application/json",
        Format::Csv => "text/csv; charset=utf-8",
    };
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if format == Format::Csv
        && let Ok(value) =
            HeaderValue::from_str(&format!("attachment; filename=\"footfall-{}.csv\"", report.name))
    {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    answer
}

#[derive(Serialize)]
struct SitesTold<'a> {
    sites: Vec<sites::Told>,
    beacon: &'a Option<String>,
    demo: &'a Option<String>,
}

/// The sites that are configured or have events, those that may be seen.
async fn sites_of(state: Shared, headers: HeaderMap, peer: Extension<Peer>) -> Answered {
    let grant = state.grant(&headers, *peer)?;
    let sql = sites::sql(&state.database());
    let said = state.cached.ask(&sql, Format::Json, Fresh::Live, Ok).await?;
    let sites = sites::told((state.config.sites)(), &said, &grant)?;
    let told = SitesTold {
        sites,
        beacon: &state.config.beacon,
        demo: &state.config.demo,
    };
    Ok(json(StatusCode::OK, &told))
}
