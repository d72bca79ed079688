//! Accepts connections: bounded in number, each with a time for its headers, all finished at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::handle::{Service, handle};
use super::output::Answer;

/// From the first byte of a request to the end of its headers, and between requests of a kept connection.
const HEADER_TIME: Duration = Duration::from_secs(30);
/// What may wait unread in a connection; also the largest piece that goes into the engine at once.
const READ_BUFFER: usize = 1 << 20;
/// Requests in flight when the process is told to end get this long.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// Serves until `stop`, then finishes what is in flight.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    max_connections: usize,
    stop: CancellationToken,
) {
    let tracker = TaskTracker::new();
    let slots = Arc::new(Semaphore::new(max_connections));
    loop {
        let slot = tokio::select! {
            () = stop.cancelled() => break,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (service, stop) = (Arc::clone(&service), stop.clone());
                tracker.spawn(async move {
                    let _slot = slot;
                    connection(stream, peer, service, stop).await;
                });
            }
            Err(error) => {
                // Out of descriptors: others have to be closed first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    tracker.close();
    if tokio::time::timeout(DRAIN_TIME, tracker.wait()).await.is_err() {
        tracing::warn!(open = tracker.len(), "connections are cut at shutdown");
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, service: Arc<Service>, stop: CancellationToken) {
    // Without it every answer on a kept connection waits 44 ms for the peer's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, %peer, "TCP_NODELAY could not be set");
    }
    let respond = service_fn(move |request: Request<Incoming>| {
        let service = Arc::clone(&service);
        async move { Ok::<Response<Answer>, std::convert::Infallible>(handle(service, request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(READ_BUFFER)
        .serve_connection(TokioIo::new(stream), respond);
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %peer, "a connection ended early");
    }
}
