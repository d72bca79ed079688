//! An engine for tests and a plain HTTP client. Most tests share one engine and take a database of their own.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use footfall_engine::{Config, Engine, Secret};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpStream;

/// The writer's password in all tests.
pub(crate) const PASSWORD: &str = "a test's password";

/// An engine over a temporary folder.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) engine: Engine,
    pub(crate) folder: TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
    /// The connection broke before the body's end.
    pub(crate) broken: bool,
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> &str {
        self.header("x-clickhouse-exception-code")
    }

    /// A number of the summary.
    #[track_caller]
    pub(crate) fn summary(&self, name: &str) -> u64 {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        let all: serde_json::Value = serde_json::from_str(self.header("x-clickhouse-summary")).unwrap();
        all[name].as_str().unwrap().parse().unwrap()
    }

    /// The body of a good answer.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert!(
            self.status == StatusCode::OK && !self.broken,
            "{} {}",
            self.status,
            self.text()
        );
        self.text()
    }
}

pub(crate) fn library() -> PathBuf {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY
        .get_or_init(|| footfall_engine::library::locate(&mut |_| {}).unwrap())
        .clone()
}

pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_footfall-engine"))
}

pub(crate) fn config(data: &Path) -> Config {
    let listen = "127.0.0.1:0".parse().unwrap();
    Config {
        listen,
        ..Config::new(data.to_owned(), library(), Secret::new(PASSWORD))
    }
}

/// The engine that most tests share; it ends with the test process.
pub(crate) fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| {
        let start = || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .worker_threads(1)
                .build()
                .unwrap();
            let runtime: &'static tokio::runtime::Runtime = Box::leak(Box::new(runtime));
            runtime.block_on(Server::start())
        };
        std::thread::spawn(start).join().unwrap()
    })
}

/// A database of the test's own on the shared engine.
pub(crate) async fn database() -> (&'static Server, String) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let server = tokio::task::spawn_blocking(shared).await.unwrap();
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::SeqCst));
    server.write("", format!("CREATE DATABASE {name}")).await.ok();
    (server, name)
}

/// Waits until it is so.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let start = Instant::now();
    while !so().await {
        assert!(start.elapsed() < Duration::from_secs(120), "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Percent-encodes a value of a URL.
pub(crate) fn encoded(value: &str) -> String {
    value.bytes().map(|b| format!("%{b:02X}")).collect()
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(|config| config).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(Config) -> Config) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = change(config(folder.path()));
        let engine = Engine::spawn(program(), &[], &config).await.unwrap();
        Self { engine, folder }
    }

    /// Another engine on the same folder, after the first one's end.
    pub(crate) async fn restarted(self) -> Self {
        let engine = Engine::spawn(program(), &[], &config(self.folder.path()))
            .await
            .unwrap();
        Self {
            engine,
            folder: self.folder,
        }
    }

    /// POST as the writer. `url`: parameters without `?`.
    pub(crate) async fn write(&self, url: &str, body: impl Into<Bytes>) -> Reply {
        self.send(
            Method::POST,
            url,
            &[("x-clickhouse-user", "default"), ("x-clickhouse-key", PASSWORD)],
            body,
        )
        .await
    }

    /// POST as the reader.
    pub(crate) async fn read(&self, url: &str, body: impl Into<Bytes>) -> Reply {
        self.send(Method::POST, url, &[], body).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(format!("/?{url}"));
        if !headers.iter().any(|header| header.0 == "host") {
            request = request.header("host", self.engine.address().to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.request(request.body(Full::new(body.into())).unwrap()).await
    }

    /// Any request, on a connection of its own.
    pub(crate) async fn request<B>(&self, request: Request<B>) -> Reply
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let stream = TcpStream::connect(self.engine.address()).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let (parts, mut incoming) = response.into_parts();
        let (mut body, mut broken) = (Vec::new(), false);
        while let Some(frame) = incoming.frame().await {
            match frame {
                Ok(frame) => body.extend(frame.into_data().unwrap_or_default()),
                Err(_) => broken = true,
            }
        }
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: body.into(),
            broken,
        }
    }
}
