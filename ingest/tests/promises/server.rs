//! The edge with a real log in a temporary folder, on free ports of the loopback interface.

use crate::http::{Answer, Client, PATIENCE, Request};
use footfall_ingest::{Config, Extra, IngestError, Listeners, Site, Sites, TlsFiles, TlsListener, run};
use footfall_log::{Item, Log, Record};
use footfall_schemas::Event;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A page that may send.
pub(crate) const ORIGIN: &str = "https://shop.example";
/// The server key of the site `demo`, and its SHA-256.
pub(crate) const KEY: &str = "a secret of the shop's server";

/// A running edge.
pub(crate) struct Server {
    pub(crate) public: SocketAddr,
    /// Of the TLS port, where there is one.
    pub(crate) tls: Option<SocketAddr>,
    pub(crate) admin: SocketAddr,
    folder: TempDir,
    pub(crate) shutdown: CancellationToken,
    tasks: JoinSet<Result<(), IngestError>>,
    reader: footfall_log::Reader,
}

/// What differs from the default.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) log: footfall_log::Config,
    tls: Option<(TcpListener, TlsFiles)>,
    folder: TempDir,
}

/// The default: the site `demo`, with one origin and one server key.
pub(crate) fn setup() -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config {
        data: folder.path().join("ingest"),
        extra: Extra::default(),
        ..Config::default()
    };
    config.sites.builtin = [demo()].into_iter().collect::<Sites>();
    let log = footfall_log::Config {
        folder: folder.path().join("log"),
        segment_bytes: 8 << 20,
        free_floor_bytes: 0,
        ..footfall_log::Config::default()
    };
    Setup {
        config,
        log,
        tls: None,
        folder,
    }
}

pub(crate) fn demo() -> Site {
    use sha2::{Digest, Sha256};
    Site {
        origins: vec![ORIGIN.parse().unwrap()],
        server_keys: vec![Sha256::digest(KEY).into()],
        ip: footfall_ingest::sites::IpPolicy::Full,
        ..Site::new("demo").unwrap()
    }
}

impl Setup {
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub(crate) fn site(self, change: impl FnOnce(&mut Site)) -> Self {
        let mut site = demo();
        change(&mut site);
        self.with(|config| config.sites.builtin = [site].into_iter().collect())
    }

    pub(crate) fn with_log(mut self, change: impl FnOnce(&mut footfall_log::Config)) -> Self {
        change(&mut self.log);
        self
    }

    /// Puts `text` into the sites file, in place of the built-in site.
    pub(crate) fn sites_file(self, text: &str) -> Self {
        let path = self.path("sites.toml");
        std::fs::write(&path, text).unwrap();
        self.with(|config| {
            config.sites.file = Some(path);
            config.sites.builtin = Sites::default();
        })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A TLS port beside the plain one, with these files.
    pub(crate) async fn tls(mut self, files: TlsFiles) -> Self {
        self.tls = Some((TcpListener::bind("127.0.0.1:0").await.unwrap(), files));
        self
    }

    pub(crate) async fn start(self) -> Server {
        let (log, _) = Log::open(self.log).unwrap();
        let listeners = Listeners {
            public: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            tls: self.tls.map(|(listener, files)| TlsListener { listener, files }),
            admin: Some(TcpListener::bind("127.0.0.1:0").await.unwrap()),
        };
        let shutdown = CancellationToken::new();
        Server {
            public: listeners.public.local_addr().unwrap(),
            tls: listeners
                .tls
                .as_ref()
                .map(|tls| tls.listener.local_addr().unwrap()),
            admin: listeners.admin.as_ref().unwrap().local_addr().unwrap(),
            reader: log.reader("test").unwrap(),
            tasks: [run(self.config, listeners, log, shutdown.clone())]
                .into_iter()
                .collect(),
            folder: self.folder,
            shutdown,
        }
    }
}

pub(crate) async fn start() -> Server {
    setup().start().await
}

impl Server {
    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.public).await
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&self, request: &Request) -> Answer {
        self.client().await.send(request).await
    }

    pub(crate) async fn post(&self, body: impl Into<Vec<u8>>) -> Answer {
        self.send(&Request::post(body)).await
    }

    /// The records that have come since the last call, without the log's own.
    pub(crate) fn records(&mut self) -> Vec<Record> {
        let mut records = Vec::new();
        loop {
            let items = self.reader.read(1 << 20).unwrap();
            if items.is_empty() {
                return records;
            }
            for item in items {
                match item {
                    Item::Record(record) if record.kind < footfall_log::KIND_GROUP => records.push(record),
                    Item::Record(_) => {}
                    lost @ Item::Lost { .. } => panic!("{lost:?}"),
                }
            }
        }
    }

    /// The one event that has come since the last call.
    pub(crate) fn event(&mut self) -> Event<'static> {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:#?}");
        events.remove(0)
    }

    pub(crate) fn events(&mut self) -> Vec<Event<'static>> {
        let leak = |record: Record| &*Box::leak(record.payload.to_vec().into_boxed_slice());
        self.records()
            .into_iter()
            .map(|record| serde_json::from_slice(leak(record)).unwrap())
            .collect()
    }

    /// Nobody needs any more what was read so far: the log may remove it.
    pub(crate) fn save(&mut self) {
        let position = self.reader.position();
        self.reader.save(position, "").unwrap();
    }

    /// One figure of `/metrics`, by its whole name with labels.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let answer = Client::connect(self.admin)
            .await
            .send(&Request::get("/metrics"))
            .await;
        let text = String::from_utf8(answer.body).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no metric {name} in\n{text}"))
            .parse()
            .unwrap()
    }

    /// A file in its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How it has ended by itself.
    pub(crate) async fn ended(mut self) -> Result<(), IngestError> {
        let ended = tokio::time::timeout(PATIENCE, self.tasks.join_next()).await;
        ended.unwrap().unwrap().unwrap()
    }

    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.ended().await.unwrap();
    }
}

/// Waits until `check` holds.
pub(crate) async fn eventually(what: &str, mut check: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while !check().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
