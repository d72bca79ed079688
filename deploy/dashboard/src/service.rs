//! The listener: accepts, checks names and changes, routes, drains.
//!
//! Our own accept loop, because `axum::serve` sets no timer: without one a silent connection stays for ever.

use crate::access::{Access, names};
use crate::api::{self, State};
use crate::config::{Config, StartError};
use crate::kept::Keeper;
use crate::page;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderValue, Response};
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

/// Time for a request's head, the pause between two requests of a connection included.
const HEAD: Duration = Duration::from_secs(75);
/// Pause after accept(2) failed: out of file descriptors is over when connections end, not at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Nothing but our own script, style and data; nobody may frame the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
    manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// On every answer.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The service, checked and ready to serve.
pub struct Dashboard {
    router: Router,
    connections: Arc<Semaphore>,
    drain: Duration,
}

impl std::fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dashboard").finish_non_exhaustive()
    }
}

impl Dashboard {
    /// Reads what is kept, and refuses to show everything to everybody. `address`: where it will be served.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn open(config: Config, address: SocketAddr) -> Result<Self, StartError> {
        let keeper = Arc::new(Keeper::open(&config.kept)?);
        let shut = config.password.is_some() || !keeper.read().tokens.is_empty();
        // With a name of the world's a proxy stands in front: loopback is no protection then.
        let exposed = !address.ip().is_loopback() || !config.hosts.is_empty();
        if exposed && !shut {
            return Err(StartError::Open(address));
        }
        let names = names::Names::new(address.ip().is_loopback(), &config.hosts);
        let access = Access::new(config.password.clone(), keeper.clone(), exposed);
        Ok(Self {
            connections: Arc::new(Semaphore::new(config.limits.connections)),
            drain: config.drain,
            router: router(State::new(config, access, keeper), names),
        })
    }

    /// Serves until `shutdown`, then lets requests in flight finish for [`Config::drain`].
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                accepted = listener.accept() => match accepted {
                    // Too many: hanging up says enough.
                    Ok((stream, peer)) => if let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() {
                        let (router, stop) = (self.router.clone(), shutdown.clone());
                        tasks.spawn(async move {
                            serve(stream, peer.ip().to_canonical(), router, stop).await;
                            drop(permit);
                        });
                    },
                    Err(error) => {
                        tracing::warn!(%error, "could not accept a connection to the dashboard");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
        drop(listener);
        let _ = tokio::time::timeout(self.drain, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.shutdown().await;
    }
}

async fn serve(stream: TcpStream, peer: IpAddr, router: Router, stop: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.clone().call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

fn router(state: Arc<State>, names: names::Names) -> Router {
    let guard = from_fn(move |request: Request, next: Next| {
        let names = names.clone();
        async move {
            let checked = names
                .check(request.headers())
                .and_then(|()| names::check_change(request.method(), request.headers()));
            let answer = match checked {
                Ok(()) => next.run(request).await,
                Err(refusal) => refusal.into_response(),
            };
            with_headers(answer)
        }
    });
    page::router().merge(api::router(state)).layer(guard)
}

fn with_headers(mut answer: Response<Body>) -> Response<Body> {
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    answer
}
