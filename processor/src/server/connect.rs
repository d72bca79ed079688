//! From an address to a connection. One code for every request that we send to ClickHouse, with TLS and without:
//! [`Connector::connect`] for connections of our own, `Service` for the pool under the `clickhouse` crate.

use super::address::Address;
use super::tls::{Tls, TlsError};
use super::trouble::{self, Trouble};
use hyper::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io::{Error, IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// How long one address of the host may take to answer, and how long the TLS handshake.
const PATIENCE: Duration = Duration::from_secs(5);

/// The way to one server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Connector(Arc<Way>);

#[derive(Debug)]
struct Way {
    /// Without login.
    address: Address,
    trust: Option<Trust>,
}

/// What a [`Tls`] has become.
#[derive(Clone, Debug)]
pub(super) struct Trust {
    pub(super) files: Tls,
    config: Arc<ClientConfig>,
}

impl Trust {
    pub(super) fn read(files: &Tls) -> std::result::Result<Self, TlsError> {
        Ok(Self {
            files: files.clone(),
            config: files.read()?,
        })
    }
}

impl Connector {
    pub(super) fn new(address: &Address, trust: Option<Trust>) -> Self {
        let address = address.place();
        Self(Arc::new(Way { address, trust }))
    }

    /// A way to any server over HTTP, also one that is no ClickHouse. https trusts what the system trusts.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn any(address: &Address) -> std::result::Result<Self, TlsError> {
        let trust = address.https.then(|| Trust::read(&Tls::default())).transpose()?;
        Ok(Self::new(address, trust))
    }

    /// Where it leads. No login.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    pub(super) fn trust(&self) -> Option<&Trust> {
        self.0.trust.as_ref()
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`Trouble`], also when an address of the host or the handshake takes longer than 5 s.
    pub async fn connect(&self) -> std::result::Result<Stream, Trouble> {
        let stream = self
            .reach()
            .await
            .map_err(|error| trouble::unreachable(self, &error))?;
        let Some(trust) = &self.0.trust else {
            return Ok(Stream::Plain(stream));
        };
        let shaken = self.shake_hands(stream, Arc::clone(&trust.config)).await;
        let stream = shaken.map_err(|error| trouble::handshake(self, &error))?;
        Ok(Stream::Encrypted(Box::new(stream)))
    }

    /// Each address of the host in turn: the last one's error tells.
    async fn reach(&self) -> Result<TcpStream> {
        let mut last = Error::other("the name has no address");
        let place = (self.0.address.host.as_str(), self.0.address.port);
        for address in lookup_host(place).await? {
            match timeout(PATIENCE, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = silent(),
            }
        }
        Err(last)
    }

    async fn shake_hands(
        &self,
        stream: TcpStream,
        config: Arc<ClientConfig>,
    ) -> Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(self.0.address.host.clone()).map_err(Error::other)?;
        let handshake = TlsConnector::from(config).connect(name, stream);
        timeout(PATIENCE, handshake).await.map_err(|_| silent())?
    }

    /// What the server says after the handshake to a client that it does not want.
    pub(super) async fn refusal(&self) -> Option<Error> {
        let mut stream = self.connect().await.ok()?;
        match timeout(PATIENCE, stream.read_u8()).await {
            Ok(Err(error)) => Some(error),
            // It waits for a request: it wants us.
            Ok(Ok(_)) | Err(_) => None,
        }
    }

    /// Whether TLS is spoken where we speak plain HTTP: asked when nothing else explains what came back.
    pub(super) async fn speaks_tls(&self) -> bool {
        let Ok(config) = (Tls {
            ca: None,
            ..Tls::default()
        })
        .read() else {
            return false;
        };
        let Ok(stream) = self.reach().await else {
            return false;
        };
        match self.shake_hands(stream, config).await {
            Ok(_) => true,
            Err(error) => trouble::is_tls(&error),
        }
    }
}

fn silent() -> Error {
    Error::other(format!("no answer within {} s", PATIENCE.as_secs()))
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Trouble;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<TokioIo<Stream>, Trouble>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Trouble>> {
        Poll::Ready(Ok(()))
    }

    /// The `Uri` says nothing new: a connector leads to one server.
    fn call(&mut self, _: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move { connector.connect().await.map(TokioIo::new) })
    }
}

/// A connection, in the clear or encrypted.
#[derive(Debug)]
pub enum Stream {
    /// `http`.
    Plain(TcpStream),
    /// `https`.
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, into),
            Self::Encrypted(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Encrypted(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Encrypted(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Encrypted(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
            Self::Encrypted(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
        }
    }

    /// hyper copies a body of 48 MiB behind its head where this is false.
    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Encrypted(stream) => stream.is_write_vectored(),
        }
    }
}
