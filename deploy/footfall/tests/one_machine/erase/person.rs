//! A person with ids, an address and a name that are nobody else's, on two devices.

use crate::harness::{Up, text};
use footfall::http::Client;
use footfall_search::Needles;
use hyper::Method;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::fmt::Write as _;
use url::Url;
use uuid::Uuid;

/// Server key of the site.
pub(super) const KEY: &str = "a key of the test";
pub(super) const USER: &str = "ada.lovelace-7731@shop.example";

/// The sites file: whole addresses are kept.
pub(super) fn sites() -> String {
    let digest = footfall::credentials::hex(&footfall::credentials::digest(KEY));
    format!("[[site]]\nkey = \"demo\"\nip = \"full\"\nserver_keys = [\"{digest}\"]\n")
}

pub(super) struct Person {
    user: String,
    /// Two devices.
    visitors: [Uuid; 2],
    pub(super) ip: String,
}

impl Person {
    pub(super) fn new(user: &str) -> Self {
        let visitors = [Uuid::new_v4(), Uuid::new_v4()];
        let [.., a, b] = visitors[0].into_bytes();
        Self {
            user: user.to_owned(),
            visitors,
            // Three digits at the end: nobody's address is the beginning of another's.
            ip: format!("198.18.{a}.{}", 100 + b % 150),
        }
    }

    /// For a list in SQL.
    pub(super) fn ids(&self) -> String {
        format!("'{}', '{}'", self.visitors[0], self.visitors[1])
    }

    /// Everything by which the person could be known.
    pub(super) fn needles(&self) -> Needles {
        let ip = self.ip.parse().unwrap();
        let all = Needles::text("user", &self.user).and(Needles::address(ip));
        let visitors = self
            .visitors
            .iter()
            .map(|visitor| Needles::id("visitor", *visitor));
        visitors.fold(all, Needles::and)
    }

    fn event(&self, device: usize, kind: &str, more: Value) -> Value {
        let mut event = json!({
            "id": Uuid::now_v7(), "type": kind, "visitor": self.visitors[device], "ip": self.ip,
            "url": "https://shop.example/a",
        });
        if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
            event.extend(more);
        }
        event
    }

    /// 15 events on both devices, and one that comes twice.
    pub(super) async fn comes(&self, up: &Up) {
        self.sends(up, self.visit()).await;
    }

    /// The same, of that time (ms since 1970), which come only now.
    pub(super) async fn comes_late(&self, up: &Up, at: i64) {
        let mut events = self.visit();
        for event in &mut events {
            event["ts"] = at.into();
        }
        self.sends(up, events).await;
    }

    async fn sends(&self, up: &Up, events: Vec<Value>) {
        assert_eq!(events.len(), 15);
        let again = events[0].clone();
        send(up, events).await;
        send(up, vec![again]).await;
    }

    fn visit(&self) -> Vec<Value> {
        let user = json!({ "user_id": self.user });
        let view = |device| self.event(device, "page_view", json!({}));
        let mut events: Vec<Value> = (0..4).map(|_| view(0)).collect();
        events.push(self.event(0, "login", user.clone()));
        events.push(self.event(0, "login_failed", user.clone()));
        events.extend((0..3).map(|_| view(0)));
        events.push(self.event(
            0,
            "identify",
            json!({ "user_id": self.user, "props": { "plan": "pro" } }),
        ));
        events.extend((0..2).map(|_| view(1)));
        events.push(self.event(1, "login", user));
        events.push(view(1));
        events.push(self.event(1, "click", json!({ "user_id": self.user })));
        events
    }

    /// On one device: this user, who logs out; nobody; then another.
    pub(super) async fn shares_a_device(&self, up: &Up) {
        let said = |name: &str| self.event(0, "custom", json!({ "name": name }));
        for events in [
            vec![
                said("before"),
                self.event(0, "login", json!({ "user_id": self.user })),
                said("hers"),
            ],
            vec![self.event(0, "logout", json!({ "user_id": self.user }))],
            vec![
                said("nobody"),
                self.event(0, "login", json!({ "user_id": "bob" })),
                said("bob"),
            ],
            vec![self.event(0, "logout", json!({})), said("after")],
        ] {
            send(up, events).await;
            // Who the visitor is changes in between: not within one millisecond.
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    pub(super) async fn says_hello(&self, up: &Up) {
        send(up, vec![self.event(0, "custom", json!({ "name": "hello" }))]).await;
    }

    /// A record that no release can read, but for a person: it names the user.
    pub(super) fn leaves_bytes_that_nobody_can_read(&self, up: &Up) {
        leave(up, format!("{{\"user_id\":\"{}\",", self.user).as_bytes());
    }

    /// What an older release could not read, and this one can.
    pub(super) fn leaves_bytes_that_can_be_read(&self, up: &Up) {
        let event = json!({
            "v": 1, "id": Uuid::now_v7(), "site": "demo", "type": "click", "visitor": self.visitors[1],
            "session": Uuid::new_v4(), "session_start": 1_795_273_445_000_i64, "time": 1_795_273_445_123_i64,
            "received_at": 1_795_273_445_456_i64, "ip": self.ip, "user_id": self.user,
        });
        leave(up, event.to_string().as_bytes());
    }
}

/// An entry of the ledger, of a log of its own.
fn leave(up: &Up, payload: &[u8]) {
    let hex = payload.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let sql = format!(
        "INSERT INTO ledger (log_id, first_seq, last_seq, reason, detail, payload, at, insert_deadline) \
         SELECT generateUUIDv4(), 1, 1, 'unreadable', 'of a test', unhex('{hex}'), now64(3), now64(3) + 60"
    );
    let output = up.cli(&["query", "--writer", &sql]);
    assert!(output.status.success(), "{}", text(&output));
}

async fn send(up: &Up, events: Vec<Value>) {
    let mut client = Client::new(&Url::parse(&up.run.public).unwrap()).unwrap();
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (
            HeaderName::from_static("x-footfall-key"),
            HeaderValue::from_static(KEY),
        ),
    ];
    let body = json!({ "site": "demo", "events": events }).to_string();
    let answer = client
        .call(Method::POST, "/v1/events", &headers, body.into(), 1 << 20)
        .await
        .unwrap();
    assert!(
        answer.status == 200 && answer.text().contains("\"rejected\":[]"),
        "{}",
        answer.text()
    );
}
