//! Probes and figures: is the process up, does it take events, how is everything.

use crate::answer::{Answer, json, to_json, with_body};
use crate::cors::Cors;
use crate::edge::Edge;
use crate::metrics;
use bytes::Bytes;
use footfall_log::State;
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use serde::Serialize;

/// The process answers.
pub(crate) fn health() -> Answer {
    json(
        StatusCode::OK,
        Bytes::from_static(br#"{"status":"up"}"#),
        &Cors::None,
    )
}

#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    draining: bool,
    log: LogState<'a>,
    /// How far the way to the table is behind. Says nothing about readiness: the log is there to absorb it.
    behind: Vec<Behind<'a>>,
}

#[derive(Serialize)]
struct LogState<'a> {
    state: &'static str,
    detail: &'a str,
    durable: u64,
    quota_share: f64,
}

#[derive(Serialize)]
struct Behind<'a> {
    cursor: &'a str,
    records: u64,
    bytes: u64,
    age_ms: u128,
}

/// 200 if events are taken: the log can append, and the service is not draining.
pub(crate) fn ready(edge: &Edge) -> Answer {
    let (state, stats) = (edge.log.state(), edge.log.stats());
    let (name, detail, takes) = match &state {
        State::Ready => ("ready", "", true),
        State::Degraded(why) => ("degraded", why.as_str(), true),
        State::Full(why) => ("full", why.as_str(), false),
        State::Unavailable(why) => ("unavailable", why.as_str(), false),
        State::Closed => ("closed", "", false),
    };
    let behind = stats.cursors.iter().map(|cursor| Behind {
        cursor: &cursor.name,
        records: cursor.records,
        bytes: cursor.bytes,
        age_ms: cursor.age.as_millis(),
    });
    let ready = takes && !edge.is_draining();
    let body = Ready {
        ready,
        draining: edge.is_draining(),
        log: LogState {
            state: name,
            detail,
            durable: stats.durable,
            quota_share: stats.quota_share,
        },
        behind: behind.collect(),
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let mut answer = json(status, to_json(&body), &Cors::None);
    answer
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Everything counted, for Prometheus.
pub(crate) fn metrics(edge: &Edge) -> Answer {
    let mut text = String::with_capacity(8192);
    edge.metrics.render(&mut text);
    let secrets = &edge.secrets;
    metrics::secrets(&mut text, secrets.ring.load().len(), secrets.salts.days().len());
    let (passed_on, standing) = edge.unbelieved.figures();
    metrics::proxies(&mut text, passed_on, standing);
    let room = edge.log.room();
    let table = edge.table.load();
    let sites = table
        .iter()
        .map(|live| (live.site.key.clone(), live.memory.share.held(&room)));
    metrics::sites(&mut text, sites);
    let certificate = edge.pair.as_ref().map_or(0, |pair| pair.facts().not_after);
    metrics::certificate(&mut text, certificate);
    metrics::log(&mut text, &edge.log.state(), &edge.log.stats());
    if let Some(more) = &edge.config.extra.metrics {
        more(&mut text);
    }
    let mut answer = with_body(StatusCode::OK, text.into());
    let format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, format);
    answer
}

/// Which release this is.
pub(crate) fn version() -> Answer {
    #[derive(Serialize)]
    struct Version {
        name: &'static str,
        version: &'static str,
        event_version: u16,
    }
    let body = Version {
        name: "footfall",
        version: env!("CARGO_PKG_VERSION"),
        event_version: footfall_schemas::event::VERSION,
    };
    json(StatusCode::OK, to_json(&body), &Cors::None)
}
