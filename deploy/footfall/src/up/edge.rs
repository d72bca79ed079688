//! The settings as `footfall-ingest` wants them, and what this program adds to its listeners: demo page, live stream,
//! the other parts' figures.

use super::late::Late;
use crate::config::Config;
use crate::problem::{Problem, Problems};
use crate::sites;
use crate::telemetry;
use anyhow::Result;
use axum::Router;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Redirect};
use axum::routing::get;
use footfall_ingest as ingest;
use footfall_schemas::reserved::SELF_SITE;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// The demo page: self-contained, no other host is asked for anything.
const DEMO: &str = include_str!("demo.html");
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the edge is told. `public`: the schemes and addresses under which it takes events; `server_keys`: of sites that the
/// program itself brings.
///
/// # Errors
/// When the site `demo` cannot be made for this address.
pub(crate) fn config(
    config: &Config,
    public: &[(&'static str, SocketAddr)],
    server_keys: &BTreeMap<String, String>,
    live: &Late,
    dashboard: Option<SocketAddr>,
    metrics: ingest::MetricsSource,
) -> Result<ingest::Config> {
    let key = |site: &str| server_keys.get(site).map(String::as_str);
    let mut builtin = ingest::Sites::default();
    if config.demo.enabled {
        builtin = sites::demo(&origins(public), key("demo"))?;
    }
    if let Some(key) = key(SELF_SITE) {
        builtin = builtin.or(sites::own(key)?);
    }
    Ok(ingest::Config {
        identity: identity(config).map_err(|problem| Problems(vec![problem]))?,
        data: config.in_data("keys".as_ref()),
        salts: None,
        clock: ingest::Clock::default(),
        sites: ingest::SitesConfig {
            file: Some(sites::path(config)),
            builtin,
        },
        limits: limits(config),
        timeouts: timeouts(config),
        proxies: ingest::Proxies {
            trusted: config.ingest.trusted_proxies.0.clone(),
            header: config.ingest.proxy_header,
        },
        paths: ingest::Paths {
            events: config.ingest.events_path.clone(),
            pixel: config.ingest.pixel_path.clone(),
            visitor: config.ingest.visitor_path.clone(),
            beacon: config.ingest.beacon_path.clone(),
        },
        extra: ingest::Extra {
            public: public_routes(config, live, dashboard),
            admin: live.admin(),
            metrics: Some(metrics),
            refusals: live.refusals.clone(),
            traced: telemetry::is_configured(),
        },
    })
}

/// The key ring that the operator has given, if any.
///
/// # Errors
/// When it is none.
pub(crate) fn identity(config: &Config) -> Result<Option<ingest::KeyRing>, Problem> {
    let Some(given) = &config.ingest.identity_key else {
        return Ok(None);
    };
    ingest::KeyRing::parse(&given.0).map(Some).ok_or_else(|| {
        Problem::new(
            "`ingest.identity_key` is not 64 hex digits, nor a ring of such keys",
            "make one with `openssl rand -hex 32`",
        )
    })
}

/// Under which origins a browser on this machine sees the demo page.
fn origins(public: &[(&str, SocketAddr)]) -> Vec<String> {
    let mut list = Vec::new();
    for (scheme, address) in public {
        let port = address.port();
        list.push(format!("{scheme}://127.0.0.1:{port}"));
        list.push(format!("{scheme}://localhost:{port}"));
        let own = format!("{scheme}://{address}");
        if !address.ip().is_unspecified() && !list.contains(&own) {
            list.push(own);
        }
    }
    list
}

fn limits(config: &Config) -> ingest::Limits {
    ingest::Limits {
        connections: config.ingest.max_connections as usize,
        connections_per_address: config.ingest.max_connections_per_address as usize,
        body_memory_bytes: usize::try_from(config.ingest.body_memory.0).unwrap_or(usize::MAX),
        ..ingest::Limits::default()
    }
}

fn timeouts(config: &Config) -> ingest::Timeouts {
    ingest::Timeouts {
        header_read: config.ingest.header_timeout,
        body: config.ingest.body_timeout,
        body_stall: config.ingest.stall_timeout,
        idle: config.ingest.idle_timeout,
        // Half of it is left for the processor and the engine.
        drain: config.shutdown.deadline / 2,
        ..ingest::Timeouts::default()
    }
}

/// What this program adds to the public port: the demo page, and at `/` the way to what people want to see. Whoever comes
/// by a name of the world's finds nothing there: the port is for events.
fn public_routes(config: &Config, live: &Late, dashboard: Option<SocketAddr>) -> Router {
    let demo_enabled = config.demo.enabled;
    let router = if demo_enabled {
        demo(config, live)
    } else {
        Router::new()
    };
    if dashboard.is_none() && !demo_enabled {
        return router;
    }
    let lead = move |headers: HeaderMap| {
        let target = loopback_name(&headers).and_then(|name| match dashboard {
            Some(address) => Some(format!("http://{name}:{}/", address.port())),
            None => demo_enabled.then(|| "/demo".to_owned()),
        });
        std::future::ready(match target {
            Some(target) => Redirect::temporary(&target).into_response(),
            None => (
                StatusCode::NOT_FOUND,
                "this port takes events; there is no page here\n",
            )
                .into_response(),
        })
    };
    router.route("/", get(lead))
}

/// The name under which a browser on this machine has come.
fn loopback_name(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let authority: Authority = host.parse().ok()?;
    let name = authority.host();
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    (name == "localhost" || address.is_ok_and(|ip| ip.is_loopback())).then(|| name.to_owned())
}

fn demo(config: &Config, live: &Late) -> Router {
    let page = DEMO
        .replace("/v1/events", &config.ingest.events_path)
        .replace("/v1/pixel.gif", &config.ingest.pixel_path)
        .replace("/beacon.js", &config.ingest.beacon_path);
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        // Its own steps from page to page are shown as visits are: with the page before.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    Router::new()
        .route(
            "/demo",
            get(move || std::future::ready((headers, Html(page.clone())))),
        )
        .merge(live.public())
}
