//! The addresses of one machine, taken before anything slow begins: a port that is taken is said at once.

use crate::cli::VERSION;
use crate::config::Config;
use crate::data::Run;
use crate::problem::{Problem, Problems};
use footfall_ingest::{TlsError, TlsListener};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

/// Between two attempts to take an address that is about to be free.
const RETRY: Duration = Duration::from_millis(50);

/// The listeners of the edge.
#[derive(Debug)]
pub struct Sockets {
    /// Events, and the demo page.
    pub public: TcpListener,
    /// The same by HTTPS, where it is set up.
    pub tls: Option<TlsListener>,
    /// Metrics and live stream.
    pub admin: TcpListener,
    /// The dashboard, unless it is switched off.
    pub dashboard: Option<TcpListener>,
}

impl Sockets {
    /// Takes all addresses, and tries the engine's if one will run here. The engine of a killed instance gets `engine` to
    /// be gone: the kernel ends it with its parent, but a process of its size takes a moment.
    ///
    /// # Errors
    /// Every address that cannot be taken, with its remedy.
    pub async fn bind(config: &Config, engine: Option<Duration>) -> Result<Self, Problems> {
        let public = bind("ingest.listen", config.ingest.listen).await;
        let admin = bind("ingest.admin_listen", config.ingest.admin_listen).await;
        let tls = tls(config).await;
        let dashboard = dashboard(config).await;
        // Only tried: the engine's own process takes it.
        let engine = match engine {
            None => Ok(()),
            Some(patience) => bind_within(patience, "engine.listen", config.engine.listen).await,
        };
        match (public, tls, admin, dashboard, engine) {
            (Ok(public), Ok(tls), Ok(admin), Ok(dashboard), Ok(())) => Ok(Self {
                public,
                tls,
                admin,
                dashboard,
            }),
            (public, tls, admin, dashboard, engine) => {
                let problems = [
                    public.err(),
                    tls.err(),
                    admin.err(),
                    dashboard.err(),
                    engine.err(),
                ];
                Err(Problems(problems.into_iter().flatten().collect()))
            }
        }
    }

    /// Schemes and addresses under which events are taken.
    ///
    /// # Errors
    /// An address cannot be read.
    pub fn addresses(&self) -> std::io::Result<Vec<(&'static str, SocketAddr)>> {
        let mut list = vec![("http", self.public.local_addr()?)];
        if let Some(tls) = &self.tls {
            list.push(("https", tls.listener.local_addr()?));
        }
        Ok(list)
    }

    /// What others on this machine are told. `engine`: whether the ClickHouse will be ours.
    ///
    /// # Errors
    /// The addresses cannot be read.
    pub fn announcement(&self, config: &Config, engine: bool) -> std::io::Result<Run> {
        Ok(Run {
            pid: std::process::id(),
            version: VERSION.to_owned(),
            public: format!("http://{}", here(self.public.local_addr()?)),
            https: match &self.tls {
                Some(tls) => Some(format!("https://{}", here(tls.listener.local_addr()?))),
                None => None,
            },
            admin: format!("http://{}", here(self.admin.local_addr()?)),
            clickhouse: None,
            dashboard: match &self.dashboard {
                Some(listener) => Some(format!("http://{}", here(listener.local_addr()?))),
                None => None,
            },
            database: config.clickhouse.database.clone(),
            engine,
        })
    }
}

/// The HTTPS port: the files are read before the address is taken, so that both are said at once with the others.
async fn tls(config: &Config) -> Result<Option<TlsListener>, Problem> {
    let (Some(address), Some(files)) = (config.ingest.tls_listen, config.tls_files()) else {
        return Ok(None);
    };
    files.check().map_err(|error| unusable(&error))?;
    let listener = bind("ingest.tls_listen", address).await?;
    Ok(Some(TlsListener { listener, files }))
}

/// What is wrong with certificate or key.
pub(crate) fn unusable(error: &TlsError) -> Problem {
    Problem::new(format!("HTTPS: {error}"), error.remedy())
}

async fn dashboard(config: &Config) -> Result<Option<TcpListener>, Problem> {
    if !config.dashboard.enabled {
        return Ok(None);
    }
    bind("dashboard.listen", config.dashboard.listen).await.map(Some)
}

/// An address under which this machine reaches a listener.
pub(crate) fn here(address: SocketAddr) -> SocketAddr {
    match address {
        _ if !address.ip().is_unspecified() => address,
        SocketAddr::V4(_) => (Ipv4Addr::LOCALHOST, address.port()).into(),
        SocketAddr::V6(_) => (Ipv6Addr::LOCALHOST, address.port()).into(),
    }
}

async fn bind_within(patience: Duration, key: &str, address: SocketAddr) -> Result<(), Problem> {
    let start = Instant::now();
    loop {
        match bind(key, address).await {
            Err(_) if start.elapsed() < patience => tokio::time::sleep(RETRY).await,
            result => return result.map(drop),
        }
    }
}

/// Takes one address.
///
/// # Errors
/// Why it cannot be taken, and what to do.
pub async fn bind(key: &str, address: SocketAddr) -> Result<TcpListener, Problem> {
    TcpListener::bind(address).await.map_err(|error| {
        let remedy = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                format!(
                    "stop what listens there (`ss -ltnp | grep :{}` names it), or {}",
                    address.port(),
                    other(key)
                )
            }
            std::io::ErrorKind::PermissionDenied => {
                format!("ports below 1024 belong to root: {}", other(key))
            }
            _ => format!("is it an address of this machine? Otherwise {}", other(key)),
        };
        Problem::new(format!("cannot listen on {address} (`{key}`): {error}"), remedy)
    })
}

fn other(key: &str) -> String {
    let flag = crate::config::settings::find(key).map_or("", |setting| setting.flag);
    if flag.is_empty() {
        return format!("choose another address: --set {key}=ADDRESS");
    }
    format!("choose another address: {flag} ADDRESS")
}
