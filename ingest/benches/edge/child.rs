//! The servers that are measured, each in a process of its own.

use axum::Router;
use axum::routing::post;
use footfall_ingest::sites::{CookieMode, Without};
use footfall_ingest::{Config, Listeners, Site, Sites, run};
use footfall_log::Log;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// A running server; it ends when its standard input does.
pub(crate) struct Child {
    process: std::process::Child,
    pub(crate) public: SocketAddr,
    admin: SocketAddr,
}

impl Child {
    pub(crate) fn start(server: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["serve", server])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let (public, admin) = line.trim().split_once(' ').unwrap();
        Self {
            public: public.parse().unwrap(),
            admin: admin.parse().unwrap(),
            process,
        }
    }

    /// CPU time of all threads so far.
    pub(crate) fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let nanos = tasks.map(|task| {
            let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
            text.split(' ').next().unwrap().parse::<u64>().unwrap()
        });
        Duration::from_nanos(nanos.sum())
    }

    /// Resident memory.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// A figure of the server's own; 0 for a server without it.
    pub(crate) fn figure(&self, name: &str) -> f64 {
        let mut stream = TcpStream::connect(self.admin).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    pub(crate) fn stop(mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

/// The child's side.
pub(crate) fn serve(server: &str) {
    crate::pin(0);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let public = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{} {}", public.local_addr().unwrap(), admin.local_addr().unwrap());
        match server {
            "bare" => bare(public, admin).await,
            "anonymous" => ours(public, admin, CookieMode::Never).await,
            _ => ours(public, admin, CookieMode::Always).await,
        }
    });
}

async fn parent_is_done() {
    let wait = || std::io::stdin().read(&mut [0]);
    _ = tokio::task::spawn_blocking(wait).await;
}

async fn bare(public: TcpListener, admin: TcpListener) {
    use axum::serve::ListenerExt;
    let drops = |body: bytes::Bytes| async move { drop(body) };
    let router = Router::new().route("/v1/events", post(drops));
    let nodelay = public.tap_io(|stream| stream.set_nodelay(true).unwrap());
    tokio::select! {
        served = async { axum::serve(nodelay, router).await } => served.unwrap(),
        served = async { axum::serve(admin, Router::new()).await } => served.unwrap(),
        () = parent_is_done() => {}
    }
}

/// Touches the memory that the log's page cache will get: a virtual machine is given its pages at their first touch, at
/// three times the cost of the write itself, and a server that has been running for a while has touched its own.
fn warm(folder: &std::path::Path) {
    let path = folder.join("warm");
    let mut file = std::fs::File::create(&path).unwrap();
    let megabyte = vec![1; 1 << 20];
    (0..512).for_each(|_| file.write_all(&megabyte).unwrap());
    std::fs::remove_file(path).unwrap();
}

/// With [`CookieMode::Never`] a visitor is a page load: nobody is recognised, nothing is set, no token is handed out.
async fn ours(public: TcpListener, admin: TcpListener, mode: CookieMode) {
    let folder = tempfile::tempdir().unwrap();
    warm(folder.path());
    let log = footfall_log::Config {
        folder: folder.path().join("log"),
        ..footfall_log::Config::default()
    };
    let (log, _) = Log::open(log).unwrap();
    let mut config = Config {
        data: folder.path().join("ingest"),
        ..Config::default()
    };
    config.limits.connections_per_address = 1024;
    let sites = Sites::demo(["https://shop.example"]).unwrap();
    let with_mode = |mut site: Site| {
        site.cookie.mode = mode;
        site.cookie.without = Without::Page;
        site
    };
    config.sites.builtin = sites.iter().cloned().map(with_mode).collect();
    let listeners = Listeners {
        public,
        tls: None,
        admin: Some(admin),
    };
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let (served, ()) = tokio::join!(run(config, listeners, log.clone(), shutdown), async move {
        parent_is_done().await;
        stop.cancel();
    });
    served.unwrap();
    log.close().await;
}
