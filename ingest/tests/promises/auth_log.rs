//! The stream of logins has user, session and address under the site's policy; no other line has.

use crate::http::Request;
use crate::server::{KEY, setup};
use footfall_ingest::AUTH;
use footfall_ingest::sites::IpPolicy;
use serde_json::Value;
use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};
use tracing::Dispatch;

#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// Everything that is said on this thread, as JSON.
    pub(crate) fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        // While there is one subscriber only, whether a line is wanted is decided once and for all threads by the thread
        // that comes to it first, and the other tests' have none.
        static SECOND: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));
        LazyLock::force(&SECOND);
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    /// Those of the stream, and the text of all others.
    pub(crate) fn take(&self) -> (Vec<Value>, String) {
        let text = String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let (auth, others): (Vec<_>, Vec<_>) = lines.partition(|line| line["target"] == AUTH);
        (auth, others.iter().map(Value::to_string).collect())
    }
}

const LOGINS: &str = r#"{"site":"demo","events":[
    {"type":"login_failed","user_id":"ada\nlovelace","id":"01932f4c-8d1e-7c3a-9b5f-000000000001"},
    {"type":"login","user_id":"ada","props":{"password":"hunter2"}},{"type":"page_view","url":"https://shop.example/secret"},
    {"type":"identify","user_id":"ada"},{"type":"logout"},{"type":"nonsense"}]}"#;

#[tokio::test]
async fn each_login_failure_and_logout_is_a_line_with_user_session_and_address() {
    let (lines, _guard) = Lines::listen();
    let mut server = setup().start().await;
    server.post(LOGINS).await;
    let (auth, _) = lines.take();
    let events = server.events();
    let said: Vec<_> = auth
        .iter()
        .map(|line| (line["message"].as_str().unwrap(), line["user"].as_str().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            ("login_failed", "ada\nlovelace"),
            ("login", "ada"),
            ("logout", "")
        ]
    );
    for (line, event) in auth.iter().zip([&events[0], &events[1], &events[4]]) {
        assert_eq!(line["site"], "demo");
        assert_eq!(line["ip"], "127.0.0.1");
        assert_eq!(line["session"], event.session.to_string());
        assert_eq!(line["visitor"], event.visitor.to_string());
        assert_eq!(line["event_id"], event.id.to_string());
    }
    assert_eq!(auth[0]["event_id"], "01932f4c-8d1e-7c3a-9b5f-000000000001");
    assert!(
        auth.iter().all(|line| !line.to_string().contains("hunter2")),
        "{auth:?}"
    );
}

#[tokio::test]
async fn the_address_is_what_the_policy_leaves_of_it() {
    let (lines, _guard) = Lines::listen();
    for (policy, expected) in [(IpPolicy::Truncate, "203.0.113.0"), (IpPolicy::None, "")] {
        let server = setup().site(|site| site.ip = policy).start().await;
        let body = r#"{"site":"demo","type":"login","user_id":"ada","ip":"203.0.113.77"}"#;
        server
            .send(&Request::post(body).with("x-footfall-key", KEY))
            .await;
        let (auth, _) = lines.take();
        assert_eq!(auth.len(), 1);
        assert_eq!(auth[0]["ip"], expected, "{policy:?}");
    }
}

#[tokio::test]
async fn no_other_line_has_an_address_an_id_or_what_was_sent() {
    let (lines, _guard) = Lines::listen();
    let mut server = setup().start().await;
    server.post(LOGINS).await;
    let odd = [
        Request::post("{\"site\":\"demo\",\"type\":\"click\",\"user_id\":\"ada\"")
            .with("origin", "https://ada.example"),
        Request::post(LOGINS).with("x-footfall-key", "hunter2"),
        Request::post(LOGINS).with("content-encoding", "gzip"),
        Request::get("/v1/pixel.gif?site=demo&url=https://shop.example/secret"),
        Request::new("GET", "/nowhere?user=ada"),
    ];
    for request in &odd {
        server
            .send(&request.clone().and("user-agent", "agent of ada"))
            .await;
    }
    let events = server.events();
    server.stop().await;
    let (_, others) = lines.take();
    let ids = events
        .iter()
        .flat_map(|event| [event.id, event.visitor, event.session]);
    let words = ["127.0.0.1", "203.0.113", "ada", "hunter2", "secret", "agent of"].map(str::to_owned);
    for word in ids.map(|id| id.to_string()).chain(words) {
        assert!(!others.contains(&word), "{word} is in {others}");
    }
}
