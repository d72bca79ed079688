//! The accept loop and the life of connections: permits, deadlines, drain.
//!
//! Our own loop, because `axum::serve` sets no timer at all, and hyper's `header_read_timeout` counts the idle wait of a
//! keep-alive connection too and costs a timer per request. [`permits`] bounds connections, [`timed`] gives every wait
//! its deadline with one timer per connection, [`progress`] tells it what the connection is doing, [`secure`] shakes hands
//! on the TLS port, [`connection`] drives hyper and ends at shutdown, [`streams`] does so for HTTP/2, [`guard`] turns a panic
//! into a 500.

mod connection;
mod guard;
mod permits;
mod secure;
mod streams;
mod timed;

pub(crate) mod progress;

use crate::answer::Answer;
use crate::client_ip;
use crate::config::{Limits, Proxies, Timeouts};
use crate::metrics::Metrics;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
pub(crate) use permits::Permits;

use permits::Refused;
use progress::Progress;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use timed::Timed;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Pause after accept(2) failed: out of file descriptors is over when connections end, not at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a handler knows of its connection.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) peer: IpAddr,
    /// Whether it speaks TLS.
    pub(crate) tls: bool,
    pub(crate) progress: Progress,
}

/// Answers requests; one for the public port, one for the admin port.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(&self, link: &Link, request: Request<Incoming>) -> impl Future<Output = Answer> + Send;
    /// Headers that every answer has.
    fn dress(&self, _link: &Link, _headers: &mut HeaderMap) {}
    fn metrics(&self) -> &Arc<Metrics>;
}

/// One listener's settings.
pub(crate) struct Server<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) proxies: Proxies,
    /// How many connections there may be; listeners of one port's kind share them.
    pub(crate) permits: Permits,
    /// With it the listener speaks TLS and nothing else.
    pub(crate) tls: Option<TlsAcceptor>,
}

impl<H: Handler> Server<H> {
    /// Serves until `shutdown`, then stops accepting, lets requests in flight finish, and cuts off what takes longer
    /// than the drain's time.
    pub(crate) async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let draining = Arc::new(AtomicBool::new(false));
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        if let Some(connection) = self.admit(stream, peer.ip(), &shutdown, &draining) {
                            connections.spawn(connection);
                        }
                    }
                    Err(error) => self.could_not_accept(&error).await,
                }
            }
        }
        drop(listener);
        draining.store(true, Ordering::Release);
        let finished = tokio::time::timeout(self.timeouts.drain, async {
            while connections.join_next().await.is_some() {}
        });
        if finished.await.is_err() {
            tracing::warn!(
                connections = connections.len(),
                "the drain took too long: cutting off what is left"
            );
            connections.shutdown().await;
        }
    }

    /// Takes a connection in, or refuses it with as little as possible.
    fn admit(
        &self,
        stream: TcpStream,
        peer: IpAddr,
        shutdown: &CancellationToken,
        draining: &Arc<AtomicBool>,
    ) -> Option<impl Future<Output = ()> + Send + use<H>> {
        let peer = client_ip::canonical(peer);
        let metrics = self.handler.metrics();
        let exempt = client_ip::is_trusted(&self.proxies, peer);
        let permit = match self.permits.take(peer, exempt) {
            Ok(permit) => permit,
            Err(refused) => {
                match refused {
                    Refused::Total => metrics.refused_total.add(1),
                    Refused::Address => metrics.refused_address.add(1),
                }
                if self.tls.is_none() {
                    refuse(&stream);
                }
                return None;
            }
        };
        metrics.connections.add(1);
        // Without it an answer may wait 40 ms for the client's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
        let progress = Progress::new(self.tls.is_some());
        let stream = Timed::new(stream, progress.clone(), &self.timeouts, Arc::clone(metrics));
        let link = Link {
            peer,
            tls: self.tls.is_some(),
            progress,
        };
        let stop = connection::Stop {
            asked: Box::pin(shutdown.clone().cancelled_owned()),
            draining: Arc::clone(draining),
        };
        let handler = Arc::clone(&self.handler);
        let (header_bytes, tls) = (self.limits.header_bytes, self.tls.clone());
        Some(async move {
            let metrics = Arc::clone(handler.metrics());
            metrics.connections_open.up();
            match tls {
                None => connection::drive(handler, stream, link, header_bytes, stop).await,
                Some(tls) => Box::pin(secure::drive(tls, handler, stream, link, header_bytes, stop)).await,
            }
            metrics.connections_open.down();
            drop(permit);
        })
    }

    async fn could_not_accept(&self, error: &std::io::Error) {
        self.handler.metrics().accept_errors.add(1);
        tracing::warn!(%error, "could not accept a connection");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

/// Answers 503 if the socket takes it at once, and hangs up.
fn refuse(stream: &TcpStream) {
    const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\nconnection: close\r\n\
        content-type: application/json\r\ncontent-length: 53\r\n\r\n\
        {\"error\":\"busy\",\"detail\":\"too many open connections\"}";
    // A fresh socket's buffer is empty; if it is not writable, hanging up says enough.
    _ = stream.try_write(ANSWER);
}
