//! A socket whose every wait has a deadline, with one timer per connection that is moved only when it has to be.

use super::progress::{BODY, BUSY, HEAD, IDLE, Progress, SHAKE};
use crate::config::Timeouts;
use crate::metrics::Metrics;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// How often a task that waits for a body looks at its deadlines.
const BODY_TICK: Duration = Duration::from_secs(1);

/// The socket.
pub(super) struct Timed {
    stream: TcpStream,
    progress: Progress,
    metrics: Arc<Metrics>,
    header_read: Duration,
    idle: Duration,
    write: Duration,
    /// The state in which the client keeps us waiting, and since when.
    waiting: Option<(u8, Instant)>,
    writing: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Timed {
    pub(super) fn new(
        stream: TcpStream,
        progress: Progress,
        timeouts: &Timeouts,
        metrics: Arc<Metrics>,
    ) -> Self {
        let now = Instant::now();
        Self {
            stream,
            metrics,
            header_read: timeouts.header_read,
            idle: timeouts.idle,
            write: timeouts.write,
            waiting: Some((progress.get(), now)),
            writing: None,
            timer: Box::pin(tokio::time::sleep_until(now + timeouts.header_read)),
            progress,
        }
    }

    /// The first byte, left where it is; none: the client has hung up.
    pub(super) fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<u8>>> {
        let mut first = [0];
        let mut buf = ReadBuf::new(&mut first);
        match self.stream.poll_peek(cx, &mut buf) {
            Poll::Ready(peeked) => Poll::Ready(peeked.map(|_| buf.filled().first().copied())),
            Poll::Pending => match self.check_reading(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }

    /// Called when there is nothing to read: has the client kept us waiting too long?
    fn check_reading(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.progress.has_begun() {
            self.waiting = None;
        }
        let state = self.progress.get();
        let patience = match state {
            IDLE => self.idle,
            HEAD | SHAKE => self.header_read,
            BODY => {
                self.waiting = None;
                self.wake_at(Instant::now() + BODY_TICK, cx);
                return Ok(());
            }
            _ => {
                debug_assert_eq!(state, BUSY);
                self.waiting = None;
                // Its requests end in tasks of their own, which do not wake this one.
                if self.progress.is_shared() {
                    self.wake_at(Instant::now() + self.idle, cx);
                }
                return Ok(());
            }
        };
        let now = Instant::now();
        let since = match self.waiting {
            Some((of, since)) if of == state => since,
            _ => now,
        };
        self.waiting = Some((state, since));
        if now >= since + patience {
            let struck = match state {
                IDLE => &self.metrics.timeout_idle,
                SHAKE => &self.metrics.timeout_handshake,
                _ => &self.metrics.timeout_header,
            };
            struck.add(1);
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.wake_at(since + patience, cx);
        Ok(())
    }

    /// Called when the client does not take what we write.
    fn check_writing(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let now = Instant::now();
        let since = *self.writing.get_or_insert(now);
        if now >= since + self.write {
            self.metrics.timeout_write.add(1);
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.wake_at(since + self.write, cx);
        Ok(())
    }

    /// Makes sure that the task is woken at `deadline` or earlier. A timer that strikes early costs one look, so it is
    /// only ever moved forward.
    fn wake_at(&mut self, deadline: Instant, cx: &mut Context<'_>) {
        if self.timer.is_elapsed() || deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
        }
        // Registers the task; a timer that has struck meanwhile is seen at the next wait.
        if self.timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    fn wrote<T>(&mut self, written: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        match written {
            Poll::Ready(done) => {
                self.writing = None;
                Poll::Ready(done)
            }
            Poll::Pending => match self.check_writing(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match Pin::new(&mut this.stream).poll_read(cx, buf) {
            Poll::Ready(read) => {
                // Whatever it waited for is over, also if the next request needs no wait: or a connection that is never
                // idle for long would be hung up on after its first idle moment's time.
                if this.progress.received() {
                    this.waiting = None;
                }
                Poll::Ready(read)
            }
            Poll::Pending => match this.check_reading(cx) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }
}

impl AsyncWrite for Timed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.wrote(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.wrote(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        Poll::Ready(Ok(()))
    }
}
