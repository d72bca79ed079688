//! One connection: hyper on a timed socket, or on TLS over one, told to stop at shutdown.

use super::{Handler, Link, guard};
use crate::answer::Answer;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::WaitForCancellationFutureOwned;

/// How a connection learns that the service stops. The wait is polled once, to leave the task's waker there; after that
/// a look at a flag is enough, for all connections would meet at the wait's lock.
pub(super) struct Stop {
    pub(super) asked: Pin<Box<WaitForCancellationFutureOwned>>,
    pub(super) draining: Arc<AtomicBool>,
}

/// Serves HTTP/1.1 until it ends, or until the request in flight is answered once the service stops.
pub(super) async fn drive<H: Handler>(
    handler: Arc<H>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send,
    link: Link,
    header_bytes: usize,
    mut stop: Stop,
) {
    let service = service_fn(|request: Request<Incoming>| async {
        let working = link.progress.working();
        let answer = answer(&*handler, &link, request).await;
        drop(working);
        Ok::<_, Infallible>(answer)
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(header_bytes)
        // Answers are small: one buffer and one plain write are cheaper than two buffers and a writev.
        .writev(false)
        // A client that has closed its side still gets its answer; and hyper does not try to read, into a new buffer,
        // while every request waits for the disk.
        .half_close(true)
        // Room for a head and the first piece of its body.
        .max_buf_size(header_bytes + 8192)
        .serve_connection(TokioIo::new(stream), service);
    until_stopped(connection, http1::Connection::graceful_shutdown, &mut stop).await;
}

/// Polls a connection to its end. Once the service stops, it is told to shut down: to answer what is in flight, and no more.
pub(super) async fn until_stopped<C, E>(connection: C, shut_down: fn(Pin<&mut C>), stop: &mut Stop)
where
    C: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let mut connection = pin!(connection);
    let mut stopping = stop.poll_once().await;
    if stopping {
        shut_down(connection.as_mut());
    }
    let ended = std::future::poll_fn(|cx| {
        if !stopping && stop.draining.load(Ordering::Acquire) {
            stopping = true;
            shut_down(connection.as_mut());
        }
        connection.as_mut().poll(cx)
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// The answer to one request, counted, with the headers that all have.
pub(super) async fn answer<H: Handler>(handler: &H, link: &Link, request: Request<Incoming>) -> Answer {
    let mut answer = guard::guard(handler.handle(link, request), handler.metrics()).await;
    handler.dress(link, answer.headers_mut());
    handler.metrics().answered(answer.status().as_u16());
    answer
}

impl Stop {
    /// Registers the task; `true` if the service stops already.
    pub(super) async fn poll_once(&mut self) -> bool {
        let asked = &mut self.asked;
        std::future::poll_fn(|cx: &mut Context<'_>| Poll::Ready(asked.as_mut().poll(cx).is_ready())).await
    }
}
