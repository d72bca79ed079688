//! A proxy that ends TLS, as a server's own https port or a load balancer does. It counts connections, so that a test can
//! tell a back-off from a storm.

use crate::TlsError;
use crate::authority::{Authority, Signed};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// A TLS proxy on a loopback port of its own; gone when dropped.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    counts: Arc<Counts>,
    // Dropped: the proxy's thread ends.
    _stop: oneshot::Sender<()>,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    shaken: AtomicU64,
}

impl Proxy {
    /// Starts one in front of `target` with this certificate. `clients`: who must have signed a client's; `None`: clients
    /// need no certificate.
    ///
    /// # Errors
    /// The certificate cannot be used, or no port is free.
    pub fn start(target: SocketAddr, own: &Signed, clients: Option<&Authority>) -> Result<Self, TlsError> {
        let acceptor = TlsAcceptor::from(Arc::new(config(own, clients)?));
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let counts = Arc::new(Counts::default());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let shared = Arc::clone(&counts);
        std::thread::spawn(move || {
            runtime.block_on(async {
                let serving = serve(listener, target, &acceptor, &shared);
                // Either way everything that it carried ends here.
                tokio::select! {
                    _ = serving => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self {
            address,
            counts,
            _stop: stop,
        })
    }

    /// Connections so far, whatever became of them.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.counts.accepted.load(Ordering::Relaxed)
    }

    /// Connections so far whose handshake came to a good end.
    #[must_use]
    pub fn shaken(&self) -> u64 {
        self.counts.shaken.load(Ordering::Relaxed)
    }
}

fn config(own: &Signed, clients: Option<&Authority>) -> Result<ServerConfig, TlsError> {
    let bad = |error: &dyn std::fmt::Display| TlsError::Use(error.to_string());
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&error))?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            let root =
                CertificateDer::from_pem_slice(authority.pem.as_bytes()).map_err(|error| bad(&error))?;
            roots.add(root).map_err(|error| bad(&error))?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| bad(&error))?)
        }
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(own.chain.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).map_err(|error| bad(&error))?;
    builder
        .with_single_cert(chain.map_err(|error| bad(&error))?, key)
        .map_err(|error| bad(&error))
}

async fn serve(
    listener: std::net::TcpListener,
    target: SocketAddr,
    acceptor: &TlsAcceptor,
    counts: &Arc<Counts>,
) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let mut carried = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                counts.accepted.fetch_add(1, Ordering::Relaxed);
                carried.spawn(carry(stream, target, acceptor.clone(), Arc::clone(counts)));
            }
            Some(_) = carried.join_next() => {}
        }
    }
}

async fn carry(client: TcpStream, target: SocketAddr, acceptor: TlsAcceptor, counts: Arc<Counts>) {
    // Whoever is refused has been told so by an alert.
    let Ok(mut client) = acceptor.accept(client).await else {
        return;
    };
    counts.shaken.fetch_add(1, Ordering::Relaxed);
    if let Ok(mut server) = TcpStream::connect(target).await
        && server.set_nodelay(true).is_ok()
        && client.get_ref().0.set_nodelay(true).is_ok()
    {
        // How it ended is for the two ends to say.
        _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}
