//! What all requests of the public port share, and the match that sends each to its step.

use crate::answer::{self, Answer};
use crate::body::{Budget, collect};
use crate::config::Config;
use crate::cors;
use crate::head::Head;
use crate::identity::keep::Secrets;
use crate::metrics::Metrics;
use crate::script::Scripts;
use crate::server::{Handler, Link};
use crate::sites::live::Table;
use crate::stream::Streamed;
use crate::tls::Pair;
use crate::trace::Traces;
use crate::unbelieved::Unbelieved;
use crate::{dress, events, pixel, probes, visitor};
use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use footfall_log::Log;
use http_body_util::Either;
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The public port.
pub(crate) struct Edge {
    pub(crate) config: Config,
    pub(crate) table: ArcSwap<Table>,
    pub(crate) log: Log,
    pub(crate) secrets: Secrets,
    pub(crate) budget: Budget,
    /// Bytes of all sites that wait for the disk.
    pub(crate) waiting: AtomicU64,
    pub(crate) scripts: Scripts,
    pub(crate) metrics: Arc<Metrics>,
    /// What the TLS port shows, where there is one.
    pub(crate) pair: Option<Arc<Pair>>,
    pub(crate) draining: AtomicBool,
    pub(crate) traces: Traces,
    /// Apart: every request writes to it, and reads what stands above.
    pub(crate) unbelieved: Box<Unbelieved>,
}

impl Edge {
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Runs a request through routes that are not this crate's; their body is collected under the limits of events.
    pub(crate) async fn extra(&self, router: Router, link: &Link, request: Request<Incoming>) -> Answer {
        let (parts, body) = request.into_parts();
        let mut held = self.budget.hold();
        let body = if body.is_end_stream() {
            Bytes::new()
        } else {
            let head = Head::read(&parts.headers);
            match collect(body, &head, &self.config.timeouts, &link.progress, &mut held).await {
                Ok(body) => body,
                Err(refusal) => return answer::refusal(&refusal, &cors::Cors::None),
            }
        };
        let request = Request::from_parts(parts, Body::from(body));
        let Ok(answer) = tower_service::Service::call(&mut router.into_service::<Body>(), request).await;
        answer.map(|body| Either::Right(Body::new(Streamed::new(body, link.progress.clone()))))
    }
}

impl Handler for Edge {
    async fn handle(&self, link: &Link, request: Request<Incoming>) -> Answer {
        let (paths, path) = (&self.config.paths, request.uri().path());
        if path == paths.events {
            return match *request.method() {
                Method::POST => events::receive(self, link, request).await,
                Method::OPTIONS => cors::preflight(&request, &self.table.load(), "POST, GET"),
                _ => not_allowed("POST, OPTIONS"),
            };
        }
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        match path {
            path if path == paths.pixel && is_get => pixel::receive(self, link, &request).await,
            path if path == paths.pixel => not_allowed("GET, HEAD"),
            path if path == paths.visitor => match *request.method() {
                Method::DELETE => visitor::forget(self, link, &request),
                Method::OPTIONS => cors::preflight(&request, &self.table.load(), "DELETE"),
                _ => not_allowed("DELETE, OPTIONS"),
            },
            "/health" if is_get => probes::health(),
            "/ready" if is_get => probes::ready(self),
            path => match self.scripts.answer(request.method(), path, request.headers()) {
                Some(script) => script,
                None => Box::pin(self.extra(self.config.extra.public.clone(), link, request)).await,
            },
        }
    }

    fn dress(&self, link: &Link, headers: &mut HeaderMap) {
        dress::dress(link.tls, headers);
    }

    fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }
}

fn not_allowed(methods: &'static str) -> Answer {
    let mut answer = answer::with_body(StatusCode::METHOD_NOT_ALLOWED, Bytes::new());
    answer
        .headers_mut()
        .insert(header::ALLOW, HeaderValue::from_static(methods));
    answer
}

/// The admin port: metrics, version, the same probes, and what the binary adds.
pub(crate) struct Admin {
    pub(crate) edge: Arc<Edge>,
    /// Its own, so that who looks at the figures does not change them.
    pub(crate) metrics: Arc<Metrics>,
}

impl Handler for Admin {
    async fn handle(&self, link: &Link, request: Request<Incoming>) -> Answer {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/metrics") => probes::metrics(&self.edge),
            (&Method::GET, "/version") => probes::version(),
            (&Method::GET, "/health") => probes::health(),
            (&Method::GET, "/ready") => probes::ready(&self.edge),
            _ => {
                let router = self.edge.config.extra.admin.clone();
                self.edge.extra(router, link, request).await
            }
        }
    }

    fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }
}
