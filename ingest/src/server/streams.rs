//! One connection of HTTP/2: several requests side by side, each in a task of its own that ends with the connection.

use super::connection::{self, Stop};
use super::progress::{BODY, Progress};
use super::{Handler, Link};
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{COOKIE, HOST, HeaderValue};
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

/// Requests of one connection at a time: what clients count on before they are told.
const MOST_STREAMS: u32 = 100;
/// What a client may send of one body, and of all, before anybody reads it.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * 1024;
/// What waits for a client that reads slowly, per request.
const SEND_BUFFER: usize = 64 * 1024;
/// How often a request that waits for its body looks at its deadlines.
const BODY_TICK: Duration = Duration::from_secs(1);

/// Serves HTTP/2 until the connection ends, or until the requests in flight are answered once the service stops.
pub(super) async fn drive<H: Handler>(
    handler: Arc<H>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    link: Link,
    header_bytes: usize,
    mut stop: Stop,
) {
    link.progress.share();
    let tasks = Tasks {
        set: Arc::default(),
        progress: link.progress.clone(),
    };
    let service = service_fn(move |mut request: Request<Incoming>| {
        let handler = Arc::clone(&handler);
        let link = Link {
            progress: Progress::new(false),
            ..link.clone()
        };
        async move {
            as_by_http1(&mut request);
            let answer = connection::answer(&*handler, &link, request);
            Ok::<_, Infallible>(ticking(&link.progress, answer).await)
        }
    });
    let connection = http2::Builder::new(tasks)
        .max_concurrent_streams(MOST_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .serve_connection(TokioIo::new(stream), service);
    connection::until_stopped(connection, http2::Connection::graceful_shutdown, &mut stop).await;
}

/// Makes of a request what the same one would be by HTTP/1.1: the authority is the host, and cookies, which browsers send one
/// by one here (RFC 9113, 8.2.3), are one line.
fn as_by_http1(request: &mut Request<Incoming>) {
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let host = authority.and_then(|authority| HeaderValue::from_str(authority).ok());
    let headers = request.headers_mut();
    if let Some(host) = host.filter(|_| !headers.contains_key(HOST)) {
        headers.insert(HOST, host);
    }
    let cookies: Vec<_> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if cookies.len() > 1
        && let Ok(line) = HeaderValue::from_bytes(&cookies.join(&b"; "[..]))
    {
        headers.insert(COOKIE, line);
    }
}

/// Wakes a request while it waits for its body, which looks at its deadlines only then.
async fn ticking<T>(progress: &Progress, request: impl Future<Output = T>) -> T {
    let mut request = pin!(request);
    let mut tick: Option<std::pin::Pin<Box<tokio::time::Sleep>>> = None;
    std::future::poll_fn(|cx| {
        if let Poll::Ready(done) = request.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        if progress.get() == BODY {
            let tick = tick.get_or_insert_with(|| Box::pin(tokio::time::sleep(BODY_TICK)));
            if tick.as_mut().poll(cx).is_ready() {
                tick.as_mut().reset(tokio::time::Instant::now() + BODY_TICK);
                cx.waker().wake_by_ref();
            }
        }
        Poll::Pending
    })
    .await
}

/// The tasks of a connection's requests, ended with it.
#[derive(Clone)]
struct Tasks {
    set: Arc<Mutex<JoinSet<()>>>,
    progress: Progress,
}

impl<F> Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, task: F) {
        let request = self.progress.request();
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        while set.try_join_next().is_some() {}
        set.spawn(async move {
            task.await;
            drop(request);
        });
    }
}
