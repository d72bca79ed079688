//! A small HTTP/1.1 client over one kept connection: for the commands that talk to a running Footfall or ClickHouse.
//!
//! It never repeats a request by itself: whoever asked decides what a missing answer means.

use anyhow::{Context as _, Result, anyhow};
use bytes::Bytes;
use footfall_processor::server::{Address, Connector, Http, Trouble};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use url::{Position, Url};

/// A client of one server: connects when needed, keeps the connection.
#[derive(Debug)]
pub struct Client {
    connector: Connector,
    /// Whether it is the configured ClickHouse, whose settings a remedy names.
    configured: bool,
    /// As it stands in the `Host` header.
    host: String,
    open: Option<Http>,
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
    /// A client for the server of a URL. Nothing is opened yet. https trusts what the system trusts.
    ///
    /// # Errors
    /// When the URL has no host or is neither http nor https.
    pub fn new(base: &Url) -> Result<Self> {
        let mut address =
            Address::parse(base.as_str()).map_err(|error| anyhow!("{base} {}", error.what()))?;
        // Not ClickHouse's own ports: any server.
        address.port = base.port_or_known_default().unwrap_or(address.port);
        Ok(Self {
            configured: false,
            // As browsers write it: some servers know no host with a port that goes without saying.
            host: base[Position::BeforeHost..Position::AfterPort].to_owned(),
            ..Self::over(Connector::any(&address)?)
        })
    }

    /// A client of the server that a connector leads to.
    #[must_use]
    pub fn over(connector: Connector) -> Self {
        Self {
            host: connector.address().authority(),
            connector,
            configured: true,
            open: None,
        }
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
        let mut open = self.ready().await?;
        let answer = open.send(request).await;
        let answer = answer.map_err(|failed| self.broken(failed.error))?;
        self.open = Some(open);
        Ok(answer)
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
        let at = self.connector.address();
        let body = body.map_err(|error| anyhow!("cannot read the answer of {at}: {error}"))?;
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

    /// The kept connection, or a new one.
    async fn ready(&mut self) -> Result<Http> {
        if let Some(mut kept) = self.open.take()
            && kept.is_ready().await
        {
            return Ok(kept);
        }
        let opened = self.connector.http().await;
        opened.map_err(|error| match error.downcast::<Trouble>() {
            Ok(trouble) => self.trouble(*trouble),
            Err(error) => anyhow!("cannot begin HTTP with {}: {error}", self.connector.address()),
        })
    }

    fn trouble(&self, trouble: Trouble) -> anyhow::Error {
        if self.configured {
            return trouble.into();
        }
        anyhow::Error::msg(trouble.what)
    }

    /// One line where the cause is known.
    fn broken(&self, error: hyper::Error) -> anyhow::Error {
        match self.connector.trouble(&error) {
            Some(trouble) => self.trouble(trouble),
            None => anyhow::Error::new(error).context(format!(
                "{} broke the connection before it answered",
                self.connector.address()
            )),
        }
    }
}
