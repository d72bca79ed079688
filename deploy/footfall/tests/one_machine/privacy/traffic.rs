//! Visitors whose addresses are known to the test: through a trusted proxy in each form in which proxies write them, and
//! directly; with everything that can become of a request.

use crate::harness::Up;
use footfall_search::Needles;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use uuid::Uuid;

/// Comes through the proxy.
const V4: &str = "203.0.113.197";
const MAPPED: &str = "198.51.100.86";
const V6: &str = "2001:db8:77:9d3e:61c8:f07b:2ea5:b419";
/// Named by a server of the site.
const NAMED: &str = "203.0.113.148";
/// Comes by itself, and claims to be another.
const DIRECT: [u8; 4] = [127, 13, 57, 197];
const CLAIMED: &str = "192.0.2.154";

/// The trusted proxy.
const PROXY: [u8; 4] = [127, 0, 0, 1];

/// Header lines by which an address comes.
const WAYS: [&str; 6] = [
    "x-forwarded-for: 203.0.113.197",
    "x-forwarded-for: 9.9.9.9, 203.0.113.197:4711",
    "x-forwarded-for: ::ffff:198.51.100.86",
    "x-forwarded-for: [2001:db8:77:9d3e:61c8:f07b:2ea5:b419]:4711",
    "forwarded: for=\"[2001:DB8:77:9D3E:61C8:F07B:2EA5:B419]:4711\";proto=https",
    "Forwarded: for=198.51.100.86:80;by=127.0.0.1",
];

/// What the table has of them under `full`; of [`CLAIMED`] nothing.
pub(super) const KEPT: &str = "::ffff:127.13.57.197 ::ffff:198.51.100.86 ::ffff:203.0.113.148 ::ffff:203.0.113.197 2001:db8:77:9d3e:61c8:f07b:2ea5:b419";
/// The same under `truncate`.
pub(super) const NETWORKS: &str = "::ffff:127.13.57.0 ::ffff:198.51.100.0 ::ffff:203.0.113.0 2001:db8:77::";

/// All addresses that are sent.
pub(super) fn addresses() -> Needles {
    let direct = std::net::Ipv4Addr::from(DIRECT).to_string();
    [V4, MAPPED, V6, NAMED, CLAIMED, &direct]
        .into_iter()
        .fold(Needles::default(), |all, ip| {
            all.and(Needles::address(ip.parse().unwrap()))
        })
}

/// Server key of the site.
const KEY: &str = "a key of the test";

/// The sites file: one site that takes everything, and one that soon has enough.
pub(super) fn sites(policy: &str) -> String {
    let digest = footfall::credentials::hex(&footfall::credentials::digest(KEY));
    format!(
        r#"
[[site]]
key = "demo"
ip = "{policy}"
origins = ["https://shop.example"]
server_keys = ["{digest}"]

[[site]]
key = "tight"
ip = "{policy}"
address_rate_limit = {{ per_second = 1, burst = 1 }}
"#
    )
}

/// Who comes and goes.
pub(super) struct Visitors {
    public: SocketAddr,
}

impl Visitors {
    pub(super) fn of(up: &Up) -> Self {
        let public = up.run.public.trim_start_matches("http://").trim_end_matches('/');
        Self {
            public: public.parse().unwrap(),
        }
    }

    /// Sends all, and gives everything that was answered.
    pub(super) async fn come_and_go(&self) -> Vec<u8> {
        let mut answers = Vec::new();
        for way in WAYS {
            self.visit(PROXY, way, &mut answers).await;
        }
        self.visit(DIRECT, &format!("x-forwarded-for: {CLAIMED}"), &mut answers)
            .await;
        self.take_over(&mut answers).await;
        let named = format!(r#"{{"site":"demo","type":"login","user_id":"named","ip":"{NAMED}"}}"#);
        let key = format!("x-footfall-key: {KEY}");
        answers.extend(self.post(PROXY, "/v1/events", &key, &named).await);
        answers.extend(
            self.post(
                PROXY,
                "/v1/events",
                WAYS[0],
                &event("custom", r#","name":"last""#),
            )
            .await,
        );
        let text = String::from_utf8_lossy(&answers);
        for status in ["200", "204", "400", "403", "415", "429"] {
            assert!(
                text.contains(&format!("HTTP/1.1 {status} ")),
                "{status} is among\n{text}"
            );
        }
        answers
    }

    /// Everything that one visitor can do.
    async fn visit(&self, from: [u8; 4], way: &str, answers: &mut Vec<u8>) {
        for kind in [
            "page_view",
            "login",
            "login_failed",
            "logout",
            "identify",
            "click",
            "page_leave",
        ] {
            let body = event(kind, r#","user_id":"ada","props":{"a":"b"}"#);
            answers.extend(self.post(from, "/v1/events?debug=1", way, &body).await);
        }
        let twice = event("click", &format!(r#","id":"{}""#, Uuid::now_v7()));
        let gpc = format!("{way}\r\nsec-gpc: 1");
        let elsewhere = format!("{way}\r\norigin: https://elsewhere.example");
        let form = format!("{way}\r\ncontent-type: application/x-www-form-urlencoded");
        for (headers, body) in [
            (way, twice.as_str()),
            (way, &twice),
            (&gpc, &event("page_view", "")),
            // Turned away.
            (way, "{"),
            (way, r#"{"site":"nobody","type":"click"}"#),
            (
                way,
                r#"{"site":"demo","events":[{"type":"nonsense"},{"type":"click"}]}"#,
            ),
            (&elsewhere, &event("click", "")),
            (&form, &event("click", "")),
            (way, r#"{"site":"tight","type":"click"}"#),
            (way, r#"{"site":"tight","type":"click"}"#),
            (way, r#"{"site":"tight","type":"click"}"#),
        ] {
            answers.extend(self.post(from, "/v1/events", headers, body).await);
        }
        for line in [
            "GET /v1/pixel.gif?site=demo&url=https://shop.example/a",
            "GET /v1/pixel.gif?site=nobody",
            "OPTIONS /v1/events",
            "DELETE /v1/visitor?site=demo",
            "GET /beacon.js",
            "GET /ready",
            "GET /nowhere",
            "BREW /v1/events",
        ] {
            let head = format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{way}\r\n\r\n");
            answers.extend(self.ask(from, head.as_bytes()).await);
        }
        // Cut off in the body, cut off in the head, and no HTTP at all.
        let cut = format!("POST /v1/events HTTP/1.1\r\nhost: a\r\n{way}\r\ncontent-length: 99\r\n\r\n{{");
        for bytes in [
            cut.as_bytes(),
            &cut.as_bytes()[..cut.len() - 9],
            b"\x16\x03\x01\x02\x00",
        ] {
            answers.extend(self.ask(from, bytes).await);
        }
    }

    /// A session goes on from another network with another user agent.
    async fn take_over(&self, answers: &mut Vec<u8>) {
        let page = r#","user_id":"ada","page_id":"01932f4c-8d1e-7c3a-8001-000000000001""#;
        let login = self
            .post(PROXY, "/v1/events", WAYS[0], &event("login", page))
            .await;
        let text = String::from_utf8(login.clone()).unwrap();
        let cookie = text
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "))
            .unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let way = format!("{}\r\ncookie: {cookie}\r\nuser-agent: another", WAYS[3]);
        let moved = self
            .post(PROXY, "/v1/events", &way, &event("page_view", page))
            .await;
        answers.extend(login);
        answers.extend(moved);
    }

    async fn post(&self, from: [u8; 4], path: &str, headers: &str, body: &str) -> Vec<u8> {
        let length = body.len();
        let kind = if headers.contains("content-type") {
            ""
        } else {
            "content-type: application/json\r\n"
        };
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n{kind}content-length: {length}\r\n\r\n{body}"
        );
        self.ask(from, request.as_bytes()).await
    }

    /// Writes, says that no more comes, and reads to the end.
    async fn ask(&self, from: [u8; 4], request: &[u8]) -> Vec<u8> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        let mut stream = socket.connect(self.public).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // A request that was cut off may be answered with a reset.
        _ = stream.read_to_end(&mut answer).await;
        answer
    }
}

fn event(kind: &str, more: &str) -> String {
    format!(r#"{{"site":"demo","type":"{kind}","url":"https://shop.example/a"{more}}}"#)
}
