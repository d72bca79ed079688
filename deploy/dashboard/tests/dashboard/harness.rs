//! An engine with a few events of two sites, the service on a free port, and a client.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use bytes::Bytes;
use footfall_clickhouse::{Clickhouse, PASSWORD};
use footfall_dashboard::{Config, Dashboard, Limits, Reader, SiteInfo};
use footfall_processor::Server;
use footfall_processor::retention::{Policy, Retention};
use footfall_processor::server::{Address, Connector};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// The name of the database, with which statements can be told from others.
pub(crate) const DATABASE: &str = "footfall";

/// What answers.
pub(crate) struct Stage {
    pub(crate) clickhouse: Clickhouse,
    pub(crate) address: SocketAddr,
    pub(crate) reader: watch::Sender<Option<Reader>>,
    pub(crate) folder: Arc<TempDir>,
    _task: JoinSet<()>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(crate) fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// Rows of a report, the one column of this name.
    pub(crate) fn column(&self, name: &str) -> Vec<Value> {
        let told = self.json();
        let columns = told["columns"].as_array().unwrap_or_else(|| panic!("{told}"));
        let at = columns.iter().position(|column| column["name"] == name).unwrap();
        told["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[at].clone())
            .collect()
    }
}

/// Settings with a reader that is told later.
pub(crate) fn settings(kept: PathBuf, password: Option<&str>) -> (watch::Sender<Option<Reader>>, Config) {
    let (sender, reader) = watch::channel(None);
    let config = Config {
        reader,
        sites: Arc::new(|| {
            vec![SiteInfo {
                key: "shop".to_owned(),
                name: "The shop".to_owned(),
                timezone: "Europe/Berlin".to_owned(),
            }]
        }),
        retention: Retention {
            every: Duration::from_secs(3_600),
            policy: Arc::new(|| Ok(Policy::default())),
        },
        kept,
        password: password.map(ToOwned::to_owned),
        hosts: Vec::new(),
        beacon: Some("http://127.0.0.1:8000/beacon.js".to_owned()),
        demo: None,
        limits: Limits::default(),
        drain: Duration::from_secs(1),
    };
    (sender, config)
}

/// The writer's way to the engine.
pub(crate) fn writer(clickhouse: &Clickhouse) -> Server {
    let mut server = Server::parse(&clickhouse.url(), DATABASE).unwrap();
    server.user = "default".to_owned();
    server.password = PASSWORD.to_owned();
    server
}

impl Stage {
    /// Engine, tables and service; `change` has the last word about the settings.
    pub(crate) async fn start(password: Option<&str>, change: impl FnOnce(&mut Config)) -> Self {
        let clickhouse = Clickhouse::start().await.unwrap();
        let server = writer(&clickhouse);
        footfall_tables::migrate(&server.client(), DATABASE, &mut |_| ())
            .await
            .unwrap();
        for statement in EVENTS {
            server.client().query(statement).execute().await.unwrap();
        }
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let (reader, mut config) = settings(folder.path().join("dashboard.toml"), password);
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let dashboard = Dashboard::open(config, address).unwrap();
        let mut task = JoinSet::new();
        task.spawn(dashboard.serve(listener, CancellationToken::new()));
        reader.send_replace(Some(Reader {
            server: Server::parse(&clickhouse.url(), DATABASE).unwrap(),
            hold_back: false,
        }));
        Self {
            clickhouse,
            address,
            reader,
            folder,
            _task: task,
        }
    }

    /// Sends a request with these headers.
    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let address = Address::parse(&format!("http://{}", self.address)).unwrap();
        let mut http = Connector::any(&address).unwrap().http().await.unwrap();
        let mut request = Request::builder().method(method).uri(target);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", self.address.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        let (head, body) = http.send(request).await.unwrap().into_parts();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], "").await
    }

    /// A change as the page sends it.
    pub(crate) async fn change(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let own = [("content-type", "application/json"), ("x-footfall", "1")];
        self.send(method, target, &[own.as_slice(), headers].concat(), body)
            .await
    }
}

/// Percent-encodes a value.
pub(crate) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Three visitors of `shop`, one of `other`. Times are of one day, 2026-11-20.
const EVENTS: [&str; 2] = [
    "INSERT INTO footfall.events (site, type, event_id, visitor_id, session_id, time, received_at, url, path, title, country, page_id, insert_deadline, log_id, log_seq) \
     SELECT 'shop', 'page_view', generateUUIDv4(), toUUID(concat('00000000-0000-0000-0000-00000000000', toString(number % 3))), toUUID(concat('00000000-0000-0000-0001-00000000000', toString(number % 3))), \
     toDateTime64('2026-11-20 10:00:00', 3, 'UTC') + number, toDateTime64('2026-11-20 10:00:00', 3, 'UTC') + number, 'https://shop.example/it''s', '/it''s', 'It''s', if(number % 3 = 0, 'DE', 'FR'), generateUUIDv4(), now64(3) + 3600, generateUUIDv4(), number + 1 \
     FROM numbers(9)",
    "INSERT INTO footfall.events (site, type, event_id, visitor_id, session_id, time, received_at, url, path, title, page_id, insert_deadline, log_id, log_seq) \
     SELECT 'other', 'page_view', generateUUIDv4(), generateUUIDv4(), generateUUIDv4(), toDateTime64('2026-11-20 11:00:00', 3, 'UTC'), toDateTime64('2026-11-20 11:00:00', 3, 'UTC'), \
     'https://other.example/secret', '/secret', 'Secret', generateUUIDv4(), now64(3) + 3600, generateUUIDv4(), 1 FROM numbers(1)",
];
