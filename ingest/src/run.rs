//! Start and stop: the only way in, and the order in which everything ends.

use crate::body::Budget;
use crate::config::{Config, Limits, Proxies};
use crate::edge::{Admin, Edge};
use crate::identity::keep::Secrets;
use crate::metrics::Metrics;
use crate::script::Scripts;
use crate::server::Server;
use crate::sites::live::Table;
use crate::sites::{SitesError, watch};
use crate::trace::Traces;
use arc_swap::ArcSwap;
use footfall_log::Log;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The sockets to serve.
#[derive(Debug)]
pub struct Listeners {
    /// Events, pixel, script, probes.
    pub public: TcpListener,
    /// Metrics, version, probes; loopback unless the operator says otherwise.
    pub admin: Option<TcpListener>,
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
    let edge = Arc::new(open(config, log)?);
    let public = Server {
        handler: Arc::clone(&edge),
        limits: edge.config.limits.clone(),
        timeouts: edge.config.timeouts.clone(),
        proxies: edge.config.proxies.clone(),
    };
    // The admin port outlives the public one, so that a drain can be watched.
    let drained = CancellationToken::new();
    let serve_public = async {
        let drain = async {
            shutdown.cancelled().await;
            edge.draining.store(true, Ordering::Release);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = public.serve(listeners.public, shutdown.clone()) => {}
            () = drain => {}
            () = watch::watch(&edge.config.sites, &edge.table, &edge.metrics) => {}
            () = edge.secrets.watch(&edge.config.clock) => {}
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

fn open(config: Config, log: Log) -> Result<Edge, IngestError> {
    let sites = watch::load(&config.sites)?;
    let secrets = Secrets::open(&config, &config.clock)?;
    Ok(Edge {
        table: ArcSwap::from_pointee(Table::new(&sites, None)),
        log,
        secrets,
        budget: Budget::new(config.limits.body_memory_bytes),
        scripts: Scripts::new(&config.paths),
        metrics: Arc::new(Metrics::default()),
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
    }
}
