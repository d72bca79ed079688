//! The body of a request, as the blocking thread reads it: frames of the connection, unpacked if need be.
//! A body without compression goes from the socket's buffer into the engine without another copy.

use std::io::{self, Read};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::CONTENT_ENCODING;
use hyper::http::HeaderMap;
use tokio::runtime::Handle;

use super::blocks;
use crate::status::Failure;

/// What one step of unpacking gives at most.
const CHUNK: usize = 256 << 10;

/// The longest that a client may leave us waiting for the rest of a body, as ClickHouse's `http_receive_timeout`: an
/// insert that waits for a client which is frozen is killed by nothing else, and holds up whoever fences that client.
const RECEIVE: Duration = Duration::from_secs(30);

/// The frames of a body. Used on a blocking thread only.
#[derive(Debug)]
pub(crate) struct Frames {
    body: Incoming,
    runtime: Handle,
    left: Bytes,
    ended: bool,
}

impl Frames {
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        while !self.ended {
            let frame = async { tokio::time::timeout(RECEIVE, self.body.frame()).await };
            let Ok(frame) = self.runtime.block_on(frame) else {
                self.ended = true;
                return Err(io::Error::new(
                    io::ErrorKind::ConnectionAborted,
                    "no more of the body came in time",
                ));
            };
            match frame {
                None => self.ended = true,
                Some(Err(error)) => {
                    self.ended = true;
                    return Err(io::Error::new(io::ErrorKind::ConnectionAborted, error));
                }
                // Trailers are of no use here.
                Some(Ok(frame)) => {
                    if let Some(data) = frame.into_data().ok().filter(|data| !data.is_empty()) {
                        return Ok(Some(data));
                    }
                }
            }
        }
        Ok(None)
    }
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.is_empty() {
            self.left = self.next()?.unwrap_or_default();
        }
        let n = self.left.len().min(buffer.len());
        if let Some(target) = buffer.get_mut(..n) {
            self.left.copy_to_slice(target);
        }
        Ok(n)
    }
}

/// A body with its compression.
pub(crate) enum Input {
    /// As it comes.
    Plain(Frames),
    /// `Content-Encoding`, not begun: a decoder may read as soon as it is made, and reading blocks.
    Unopened(Option<Frames>, String, bool),
    /// `Content-Encoding`.
    Encoded(Box<dyn Read + Send>),
    /// `decompress=1`, possibly inside a `Content-Encoding`.
    Blocks(Box<dyn Read + Send>),
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Input")
    }
}

impl Input {
    pub(crate) fn new(body: Incoming, headers: &HeaderMap, decompress: bool) -> Self {
        let frames = Frames {
            body,
            runtime: Handle::current(),
            left: Bytes::new(),
            ended: false,
        };
        match encoding(headers) {
            encoding if decompress || !matches!(encoding.as_str(), "" | "identity") => {
                Self::Unopened(Some(frames), encoding, decompress)
            }
            _ => Self::Plain(frames),
        }
    }

    fn open(frames: Frames, encoding: &str, decompress: bool) -> io::Result<Self> {
        let reader: Box<dyn Read + Send> = match encoding {
            "gzip" => Box::new(flate2::read::MultiGzDecoder::new(frames)),
            "deflate" => Box::new(flate2::read::ZlibDecoder::new(frames)),
            "lz4" => Box::new(lz4_flex::frame::FrameDecoder::new(frames)),
            "zstd" => Box::new(zstd::stream::read::Decoder::new(frames)?),
            // `check_encoding` has let nothing else through.
            _ => Box::new(frames),
        };
        Ok(if decompress {
            Self::Blocks(reader)
        } else {
            Self::Encoded(reader)
        })
    }

    /// Of a request whose body has been read already.
    pub(crate) fn empty() -> Self {
        Self::Encoded(Box::new(io::empty()))
    }

    /// The next bytes; `None` at the end of a complete body. Error: the client is gone, or what it sent
    /// cannot be unpacked.
    pub(crate) fn next(&mut self) -> io::Result<Option<Bytes>> {
        if let Self::Unopened(frames, encoding, decompress) = self {
            let Some(frames) = frames.take() else {
                return Ok(None);
            };
            *self = Self::open(frames, encoding, *decompress)?;
        }
        match self {
            Self::Plain(frames) => frames.next(),
            Self::Unopened(..) => Ok(None),
            Self::Blocks(reader) => Ok(blocks::read_block(reader)?.map(Bytes::from)),
            Self::Encoded(reader) => {
                let mut chunk = vec![0; CHUNK];
                let n = blocks::fill(reader, &mut chunk)?;
                chunk.truncate(n);
                Ok(Some(Bytes::from(chunk)).filter(|chunk| !chunk.is_empty()))
            }
        }
    }

    /// Reads on after an error, so that a client which sends before it reads gets to see the answer.
    pub(crate) fn drain(&mut self, limit: usize) {
        let mut left = limit;
        while left > 0 {
            match self.next() {
                Ok(Some(data)) => left = left.saturating_sub(data.len()),
                Ok(None) | Err(_) => return,
            }
        }
    }
}

fn encoding(headers: &HeaderMap) -> String {
    headers
        .get(CONTENT_ENCODING)
        .map_or("", |v| v.to_str().unwrap_or("?"))
        .to_ascii_lowercase()
}

/// Is the body's encoding one of those that [`Input::new`] unpacks?
pub(crate) fn check_encoding(headers: &HeaderMap) -> Result<(), Failure> {
    match encoding(headers).as_str() {
        "" | "identity" | "gzip" | "deflate" | "lz4" | "zstd" => Ok(()),
        other => {
            let text = format!("Content-Encoding {other} is not known: gzip, deflate, lz4 and zstd are.");
            Err(Failure::new(415, &text))
        }
    }
}

/// Words an error of [`Input::next`] as the client's or the server's fault.
pub(crate) fn failure(error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::ConnectionAborted {
        return Failure::new(210, "reading the body: the client is gone. (NETWORK_ERROR)");
    }
    Failure::new(
        271,
        &format!("reading the compressed body: {error}. (CANNOT_DECOMPRESS)"),
    )
}
