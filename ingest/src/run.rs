//! Start and stop: the only way in, and the order in which everything ends.

use crate::body::Budget;
use crate::config::{Config, Limits, Proxies};
use crate::edge::{Admin, Edge};
use crate::identity::keep::Secrets;
use crate::metrics::Metrics;
use crate::script::Scripts;
use crate::server::{Permits, Server};
use crate::sites::live::Table;
use crate::sites::{SitesError, watch};
use crate::tls::{Pair, TlsError, TlsFiles};
use crate::trace::Traces;
use arc_swap::ArcSwap;
use footfall_log::Log;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The sockets to serve.
#[derive(Debug)]
pub struct Listeners {
    /// Events, pixel, script, probes.
    pub public: TcpListener,
    /// The same for who comes by HTTPS.
    pub tls: Option<TlsListener>,
    /// Metrics, version, probes; loopback unless the operator says otherwise.
    pub admin: Option<TcpListener>,
}

/// A socket that speaks TLS, and what it shows.
#[derive(Debug)]
pub struct TlsListener {
    /// The socket.
    pub listener: TcpListener,
    /// Certificate and key, read at the start and again whenever they change.
    pub files: TlsFiles,
}

/// Why the edge did not start.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The sites cannot be had.
    #[error("cannot start without sites: {0}")]
    Sites(#[from] SitesError),
    /// A secret cannot be read or made.
    #[error("cannot keep a secret in {}: {source}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("cannot serve HTTPS: {0}")]
    Tls(#[from] TlsError),
    /// TLS itself cannot be set up.
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] tokio_rustls::rustls::Error),
}

/// Serves until `shutdown`: then readiness goes off, no connection is accepted any more, requests in flight finish within
/// the drain's time, and this returns. The log stays open; it is the caller's to close.
///
/// # Errors
/// [`IngestError`], before the first request is taken. Nothing that a request meets ends the service.
pub async fn run(
    config: Config,
    listeners: Listeners,
    log: Log,
    shutdown: CancellationToken,
) -> Result<(), IngestError> {
    let (secure, pair) = match listeners.tls {
        Some(TlsListener { listener, files }) => (Some(listener), Some(Arc::new(Pair::open(files)?))),
        None => (None, None),
    };
    let edge = Arc::new(open(config, log, pair.clone())?);
    let public = Public::new(&edge, pair.as_ref())?;
    // The admin port outlives the public one, so that a drain can be watched.
    let drained = CancellationToken::new();
    let serve_public = async {
        let drain = async {
            shutdown.cancelled().await;
            edge.draining.store(true, Ordering::Release);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = public.serve(listeners.public, secure, &shutdown) => {}
            () = drain => {}
            () = watch::watch(&edge.config.sites, &edge.table, &edge.metrics) => {}
            () = edge.secrets.watch(&edge.config.clock) => {}
            () = watch_pair(pair.as_deref(), &edge) => {}
            () = edge.unbelieved.watch(&edge.config.clock) => {}
        }
        drained.cancel();
    };
    let serve_admin = async {
        if let Some(listener) = listeners.admin {
            admin(&edge).serve(listener, drained.clone()).await;
        }
    };
    tokio::join!(serve_public, serve_admin);
    Ok(())
}

/// The servers of the public port, plain and by TLS: one edge, one limit of connections.
struct Public {
    plain: Server<Edge>,
    secure: Server<Edge>,
}

impl Public {
    fn new(edge: &Arc<Edge>, pair: Option<&Arc<Pair>>) -> Result<Self, IngestError> {
        let limits = &edge.config.limits;
        let permits = Permits::new(limits.connections, limits.connections_per_address);
        let server = |tls| Server {
            handler: Arc::clone(edge),
            limits: limits.clone(),
            timeouts: edge.config.timeouts.clone(),
            proxies: edge.config.proxies.clone(),
            permits: permits.clone(),
            tls,
        };
        Ok(Self {
            plain: server(None),
            secure: server(pair.map(Pair::server).transpose()?),
        })
    }

    async fn serve(self, plain: TcpListener, secure: Option<TcpListener>, shutdown: &CancellationToken) {
        let serve_secure = async {
            if let Some(listener) = secure {
                self.secure.serve(listener, shutdown.clone()).await;
            }
        };
        tokio::join!(self.plain.serve(plain, shutdown.clone()), serve_secure);
    }
}

async fn watch_pair(pair: Option<&Pair>, edge: &Edge) {
    match pair {
        Some(pair) => pair.watch(&edge.config.clock, &edge.metrics).await,
        None => std::future::pending().await,
    }
}

fn open(config: Config, log: Log, pair: Option<Arc<Pair>>) -> Result<Edge, IngestError> {
    let sites = watch::load(&config.sites)?;
    let secrets = Secrets::open(&config, &config.clock)?;
    Ok(Edge {
        table: ArcSwap::from_pointee(Table::new(&sites, None)),
        log,
        secrets,
        waiting: AtomicU64::new(0),
        budget: Budget::new(config.limits.body_memory_bytes),
        scripts: Scripts::new(&config.paths),
        metrics: Arc::new(Metrics::default()),
        pair,
        draining: AtomicBool::new(false),
        traces: Traces::new(config.extra.traced),
        unbelieved: Box::default(),
        config,
    })
}

/// The admin port's server: a few connections of trusted people, with the same deadlines.
fn admin(edge: &Arc<Edge>) -> Server<Admin> {
    let few = 64;
    Server {
        handler: Arc::new(Admin {
            edge: Arc::clone(edge),
            metrics: Arc::default(),
        }),
        limits: Limits {
            connections: few,
            connections_per_address: few,
            ..edge.config.limits.clone()
        },
        timeouts: edge.config.timeouts.clone(),
        proxies: Proxies::default(),
        permits: Permits::new(few, few),
        tls: None,
    }
}
