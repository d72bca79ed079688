//! A small HTTP/1.1 client over one kept connection: for the commands that talk to a running Footfall or ClickHouse.
//!
//! It never repeats a request by itself: whoever asked decides what a missing answer means.

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use url::Url;

/// How long a connection may take; both ends are usually on one machine.
const CONNECT: Duration = Duration::from_secs(5);

/// A client of one server: connects when needed, keeps the connection.
#[derive(Debug)]
pub struct Client {
    base: Url,
    host: HeaderValue,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    sender: SendRequest<Full<Bytes>>,
    /// Owns the task that drives the connection; ends it when dropped.
    _driver: JoinSet<()>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).trim().to_owned()
    }
}

impl Client {
    /// A client for this server. Nothing is opened yet.
    ///
    /// # Errors
    /// When the URL has no host or is not http.
    pub fn new(base: &Url) -> Result<Self> {
        if base.scheme() != "http" {
            bail!(
                "{base} asks for {}, but this build speaks plain http only",
                base.scheme()
            );
        }
        let host = base.host_str().with_context(|| format!("{base} has no host"))?;
        let host = base
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self {
            base: base.clone(),
            host: HeaderValue::from_str(&host)?,
            open: None,
        })
    }

    /// The server's URL.
    #[must_use]
    pub const fn base(&self) -> &Url {
        &self.base
    }

    /// Sends one request and gives the answer as it begins; its body is still to be read.
    ///
    /// # Errors
    /// When it cannot connect, or the connection breaks before the answer. The request may have been carried out.
    pub async fn send(
        &mut self,
        method: Method,
        target: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
    ) -> Result<Response<Incoming>> {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(HOST, &self.host);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body)).context("cannot form the request")?;
        let sender = self.ready().await?;
        let answer = sender.send_request(request).await;
        if answer.is_err() {
            self.open = None;
        }
        answer.with_context(|| format!("{} broke the connection before it answered", self.base))
    }

    /// Sends one request and reads the answer to its end, up to `limit` bytes.
    ///
    /// # Errors
    /// As [`send`](Self::send), or a body that breaks off or is too large.
    pub async fn call(
        &mut self,
        method: Method,
        target: &str,
        headers: &[(HeaderName, HeaderValue)],
        body: Bytes,
        limit: usize,
    ) -> Result<Answer> {
        let (head, body) = self.send(method, target, headers, body).await?.into_parts();
        let body = Limited::new(body, limit).collect().await;
        let body =
            body.map_err(|error| anyhow::anyhow!("cannot read the answer of {}: {error}", self.base))?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes(),
        })
    }

    /// Reads a small page.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn get(&mut self, target: &str) -> Result<Answer> {
        self.call(Method::GET, target, &[], Bytes::new(), 1 << 20).await
    }

    async fn ready(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        let mut kept = self.open.take();
        if let Some(open) = &mut kept
            && open.sender.ready().await.is_err()
        {
            kept = None;
        }
        let open = match kept {
            Some(open) => open,
            None => connect(&self.base).await?,
        };
        Ok(&mut self.open.insert(open).sender)
    }
}

async fn connect(base: &Url) -> Result<Open> {
    let address = base
        .socket_addrs(|| Some(80))
        .with_context(|| format!("cannot resolve {base}"))?;
    let connecting = tokio::time::timeout(CONNECT, TcpStream::connect(&address[..]));
    let stream = connecting
        .await
        .map_err(|_| {
            anyhow::anyhow!(
                "cannot connect to {base}: no answer within {} s",
                CONNECT.as_secs()
            )
        })?
        .with_context(|| format!("cannot connect to {base}"))?;
    stream.set_nodelay(true).context("cannot set up the connection")?;
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .context("cannot begin HTTP")?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        // An error here reaches whoever waits for the answer.
        let _ = connection.await;
    });
    Ok(Open {
        sender,
        _driver: driver,
    })
}
