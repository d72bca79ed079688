//! The bytes of an answer on their way out: compressed as the client asked, handed from the blocking thread
//! to the connection through a short queue, so that a slow client slows the query down.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::ACCEPT_ENCODING;
use tokio::sync::mpsc;

use super::asked::Asked;
use super::blocks;
use super::cancel::CancelOnDrop;
use crate::status::Failure;

/// Blocks that may wait for the client. A block is about 64 Ki rows.
const QUEUE: usize = 4;
/// Between the text of a late error and the break of the connection: clients drop what they have not read.
const BREAK_AFTER: Duration = Duration::from_millis(20);

/// How an answer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    /// `compress=1`.
    Blocks,
    Gzip,
    Lz4,
    Zstd,
}

impl Encoding {
    /// By `compress`, or by `Accept-Encoding` if `enable_http_compression` is set.
    pub(crate) fn of(asked: &Asked, headers: &HeaderMap) -> Self {
        if asked.compress {
            return Self::Blocks;
        }
        let accepted = headers
            .get(ACCEPT_ENCODING)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let accepts = |name: &str| {
            accepted
                .split(',')
                .any(|part| part.split(';').next().unwrap_or("").trim() == name)
        };
        match () {
            () if !asked.http_compression => Self::Plain,
            () if accepts("lz4") => Self::Lz4,
            () if accepts("zstd") => Self::Zstd,
            () if accepts("gzip") => Self::Gzip,
            () => Self::Plain,
        }
    }

    /// The `Content-Encoding`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Blocks => None,
            Self::Gzip => Some("gzip"),
            Self::Lz4 => Some("lz4"),
            Self::Zstd => Some("zstd"),
        }
    }

    pub(crate) fn encoder(self) -> io::Result<Encoder> {
        Ok(match self {
            Self::Plain => Encoder::Plain,
            Self::Blocks => Encoder::Blocks,
            Self::Gzip => Encoder::Gzip(flate2::write::GzEncoder::new(
                Vec::new(),
                flate2::Compression::new(3),
            )),
            Self::Lz4 => Encoder::Lz4(Box::new(lz4_flex::frame::FrameEncoder::new(Vec::new()))),
            Self::Zstd => Encoder::Zstd(zstd::stream::write::Encoder::new(Vec::new(), 1)?),
        })
    }
}

/// Compresses piece by piece.
pub(crate) enum Encoder {
    Plain,
    Blocks,
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Lz4(Box<lz4_flex::frame::FrameEncoder<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Encoder {
    /// What can go out after this piece; possibly nothing yet.
    pub(crate) fn push(&mut self, data: Bytes) -> io::Result<Bytes> {
        let out = match self {
            Self::Plain => return Ok(data),
            Self::Blocks => {
                let mut out = Vec::with_capacity(data.len() / 2);
                blocks::write_blocks(&data, &mut out);
                out
            }
            Self::Gzip(encoder) => {
                encoder.write_all(&data)?;
                std::mem::take(encoder.get_mut())
            }
            Self::Lz4(encoder) => {
                encoder.write_all(&data)?;
                std::mem::take(encoder.get_mut())
            }
            Self::Zstd(encoder) => {
                encoder.write_all(&data)?;
                std::mem::take(encoder.get_mut())
            }
        };
        Ok(Bytes::from(out))
    }

    /// The end of the stream.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        Ok(match self {
            Self::Plain | Self::Blocks => Bytes::new(),
            Self::Gzip(encoder) => Bytes::from(encoder.finish()?),
            Self::Lz4(encoder) => Bytes::from(encoder.finish().map_err(io::Error::other)?),
            Self::Zstd(encoder) => Bytes::from(encoder.finish()?),
        })
    }
}

/// The blocking thread's end of an answer.
pub(crate) struct Output {
    encoder: Encoder,
    queue: mpsc::Sender<io::Result<Bytes>>,
}

impl Output {
    pub(crate) fn new(encoder: Encoder) -> (Self, mpsc::Receiver<io::Result<Bytes>>) {
        let (queue, receiver) = mpsc::channel(QUEUE);
        (Self { encoder, queue }, receiver)
    }

    /// Waits while the client is behind. `false`: it is gone.
    pub(crate) fn send(&mut self, data: Bytes) -> bool {
        match self.encoder.push(data) {
            Ok(out) if out.is_empty() => true,
            Ok(out) => self.queue.blocking_send(Ok(out)).is_ok(),
            Err(error) => {
                let _ = self.queue.blocking_send(Err(error));
                false
            }
        }
    }

    /// The regular end.
    pub(crate) fn finish(self) {
        let Self { encoder, queue } = self;
        let last = encoder.finish();
        if !matches!(&last, Ok(bytes) if bytes.is_empty()) {
            let _ = queue.blocking_send(last);
        }
    }

    /// An error after the headers: its text in the way of ClickHouse 25.11 and later, then a broken connection.
    pub(crate) fn fail(mut self, failure: &Failure, tag: &str) {
        let message = format!("{}\n", failure.text);
        let length = message.len();
        let text = format!("\r\n__exception__\r\n{tag}\r\n{message}{length} {tag}\r\n__exception__\r\n");
        if self.send(Bytes::from(text)) {
            if let Ok(rest) = self.encoder.finish()
                && !rest.is_empty()
            {
                let _ = self.queue.blocking_send(Ok(rest));
            }
            std::thread::sleep(BREAK_AFTER);
            let _ = self
                .queue
                .blocking_send(Err(io::Error::other("the query failed")));
        }
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// All of it is there.
    Whole(Option<Bytes>),
    /// It comes block by block; dropped early, the query is cancelled.
    Rows(Rows),
}

/// The connection's end of a streamed answer.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) queue: mpsc::Receiver<io::Result<Bytes>>,
    pub(crate) _cancel: CancelOnDrop,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Whole(data) => {
                Poll::Ready(data.take().filter(|d| !d.is_empty()).map(|d| Ok(Frame::data(d))))
            }
            Self::Rows(rows) => rows
                .queue
                .poll_recv(cx)
                .map(|next| next.map(|data| data.map(Frame::data))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(data) => SizeHint::with_exact(data.as_ref().map_or(0, |d| d.len() as u64)),
            Self::Rows(_) => SizeHint::default(),
        }
    }
}
