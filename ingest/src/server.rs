//! The accept loop and the life of connections: permits, deadlines, drain.
//!
//! Our own loop, because `axum::serve` sets no timer at all, and hyper's `header_read_timeout` counts the idle wait of a
//! keep-alive connection too and costs a timer per request. [`permits`] bounds connections, [`timed`] gives every wait
//! its deadline with one timer per connection, [`progress`] tells it what the connection is doing, [`connection`] drives
//! hyper and ends at shutdown, [`guard`] turns a panic into a 500.

mod connection;
mod guard;
mod permits;
mod timed;

pub(crate) mod progress;

use crate::answer::Answer;
use crate::client_ip;
use crate::config::{Limits, Proxies, Timeouts};
use crate::metrics::Metrics;
use hyper::Request;
use hyper::body::Incoming;
use permits::{Permits, Refused};
use progress::Progress;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Pause after accept(2) failed: out of file descriptors is over when connections end, not at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a handler knows of its connection.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) peer: IpAddr,
    pub(crate) progress: Progress,
}

/// Answers requests; one for the public port, one for the admin port.
pub(crate) trait Handler: Send + Sync + 'static {
    fn handle(&self, link: &Link, request: Request<Incoming>) -> impl Future<Output = Answer> + Send;
    fn metrics(&self) -> &Arc<Metrics>;
}

/// One listener's settings.
pub(crate) struct Server<H> {
    pub(crate) handler: Arc<H>,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) proxies: Proxies,
}

impl<H: Handler> Server<H> {
    /// Serves until `shutdown`, then stops accepting, lets requests in flight finish, and cuts off what takes longer
    /// than the drain's time.
    pub(crate) async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let draining = Arc::new(AtomicBool::new(false));
        let permits = Permits::new(self.limits.connections, self.limits.connections_per_address);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => {
                        if let Some(connection) = self.admit(stream, peer.ip(), &permits, &shutdown, &draining) {
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
        permits: &Permits,
        shutdown: &CancellationToken,
        draining: &Arc<AtomicBool>,
    ) -> Option<impl Future<Output = ()> + Send + use<H>> {
        let peer = client_ip::canonical(peer);
        let metrics = self.handler.metrics();
        let exempt = client_ip::is_trusted(&self.proxies, peer);
        let permit = match permits.take(peer, exempt) {
            Ok(permit) => permit,
            Err(refused) => {
                match refused {
                    Refused::Total => metrics.refused_total.add(1),
                    Refused::Address => metrics.refused_address.add(1),
                }
                refuse(&stream);
                return None;
            }
        };
        metrics.connections.add(1);
        // Without it an answer may wait 40 ms for the client's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not set TCP_NODELAY");
        }
        let stream = connection::prepare(stream, &self.timeouts, metrics);
        let stop = connection::Stop {
            asked: Box::pin(shutdown.clone().cancelled_owned()),
            draining: Arc::clone(draining),
        };
        let handler = Arc::clone(&self.handler);
        let header_bytes = self.limits.header_bytes;
        Some(async move {
            connection::drive(handler, stream, peer, header_bytes, stop).await;
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
