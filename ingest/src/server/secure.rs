//! The TLS port: the handshake under its deadline, then HTTP/2 or HTTP/1.1 as both sides agreed. Who speaks plain HTTP is told
//! so.

use super::connection::{self, Stop};
use super::timed::Timed;
use super::{Handler, Link, streams};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

const PLAIN: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n\
    content-length: 54\r\n\r\nthis port speaks HTTPS: write https:// in the address\n";
/// What is read and thrown away of such a request: closing on unread data would reset the connection before the answer is
/// read.
const DISCARDED_BYTES: usize = 64 * 1024;

/// Shakes hands and serves the connection until it ends.
pub(super) async fn drive<H: Handler>(
    tls: TlsAcceptor,
    handler: Arc<H>,
    mut stream: Timed,
    link: Link,
    header_bytes: usize,
    stop: Stop,
) {
    let metrics = Arc::clone(handler.metrics());
    match std::future::poll_fn(|cx| stream.poll_first(cx)).await {
        // A handshake begins with the record type 22; a request with the method's first letter.
        Ok(Some(b'A'..=b'Z')) => {
            metrics.tls_plain.add(1);
            _ = say_https(stream).await;
            return;
        }
        Ok(Some(_)) => {}
        Ok(None) | Err(_) => return,
    }
    let stream = match tls.accept(stream).await {
        Ok(stream) => stream,
        Err(error) => {
            if error.kind() != io::ErrorKind::TimedOut {
                metrics.tls_failed.add(1);
            }
            tracing::debug!(%error, "a handshake came to nothing");
            return;
        }
    };
    link.progress.shaken();
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        streams::drive(handler, stream, link, header_bytes, stop).await;
    } else {
        connection::drive(handler, stream, link, header_bytes, stop).await;
    }
}

async fn say_https(mut stream: Timed) -> io::Result<()> {
    stream.write_all(PLAIN).await?;
    stream.shutdown().await?;
    let mut left = DISCARDED_BYTES;
    let mut piece = [0; 4096];
    while left > 0 {
        match stream.read(&mut piece).await? {
            0 => break,
            read => left = left.saturating_sub(read),
        }
    }
    Ok(())
}
