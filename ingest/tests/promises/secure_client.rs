//! Clients of the TLS port: a real browser's TLS library (rustls), with HTTP/1.1 or HTTP/2 behind it.

use bytes::Bytes;
use footfall_tls::{Authority, Signed};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The name that certificates of these tests are for.
pub(crate) const NAME: &str = "events.shop.example";

/// One answer, read to its end.
pub(crate) type Answer = Response<Bytes>;

/// What a client trusts and speaks.
#[derive(Clone)]
pub(crate) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// `protocols`: what it offers, the dearest first.
    pub(crate) fn new(authority: &Authority, protocols: &[&str]) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap())
            .unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        // Every handshake is to show the certificate.
        config.resumption = Resumption::disabled();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Self(Arc::new(config))
    }

    /// Shakes hands.
    pub(crate) async fn connect(&self, to: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(NAME).unwrap();
        TlsConnector::from(Arc::clone(&self.0))
            .connect(name, stream)
            .await
    }
}

/// The certificate that the server has shown.
pub(crate) fn shown(stream: &TlsStream<TcpStream>) -> Vec<u8> {
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

/// The first certificate of a pair, as [`shown`] gives it.
pub(crate) fn own(signed: &Signed) -> Vec<u8> {
    CertificateDer::from_pem_slice(signed.chain.as_bytes())
        .unwrap()
        .to_vec()
}

/// One request over HTTP/1.1, on a connection of its own.
pub(crate) async fn once(
    stream: TlsStream<TcpStream>,
    mut request: Request<Full<Bytes>>,
) -> hyper::Result<Answer> {
    let (mut send, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    *request.uri_mut() = request.uri().path().parse().unwrap();
    read(send.send_request(request).await?).await
}

/// A connection that speaks HTTP/2; its tasks end with it.
pub(crate) struct Shared<B> {
    pub(crate) send: http2::SendRequest<B>,
    pub(crate) connection: JoinSet<hyper::Result<()>>,
}

impl<B> Shared<B>
where
    B: hyper::body::Body + Send + Unpin + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    pub(crate) async fn new(stream: TlsStream<TcpStream>) -> Self {
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (send, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(connection);
        Self {
            send,
            connection: tasks,
        }
    }

    /// Sends one; others may be on their way.
    pub(crate) async fn ask(&self, request: Request<B>) -> hyper::Result<Answer> {
        let answer = self.send.clone().send_request(request).await?;
        read(answer).await
    }
}

async fn read(answer: Response<hyper::body::Incoming>) -> hyper::Result<Answer> {
    let (head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}

/// Events, as a page's script sends them.
pub(crate) fn post(body: &str) -> Request<Full<Bytes>> {
    to("POST", "/v1/events")
        .header("content-type", "text/plain;charset=UTF-8")
        .body(Full::from(body.to_owned()))
        .unwrap()
}

/// A request that both protocols take.
pub(crate) fn to(method: &str, path: &str) -> hyper::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(format!("https://{NAME}{path}"))
        .header("host", NAME)
}
