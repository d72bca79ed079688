//! Events as pages send them, and the client's own count of what became of each: the independent witness of every
//! fault test.

use crate::footfall::Home;
use crate::http::{Answer, Client};
use crate::latency::Latencies;
use crate::seed::Seed;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use uuid::Uuid;

/// What the client knows of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with 2xx: must be in the table, once.
    Acknowledged,
    /// No answer came: may be in the table, once at most.
    Unknown,
    /// Refused by an answer: must not be in the table.
    Refused,
}

/// Every event that was sent, with its outcome, by event id. The value is the event as sent, with `sent_at` added.
pub type Witness = HashMap<Uuid, (Outcome, Value)>;

/// Milliseconds since 1970 by this machine's clock.
#[must_use]
pub fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

const WORDS: [&str; 12] = [
    "plain",
    "with space",
    "Ümläut",
    "한국어 페이지",
    "quote\"inside",
    "tab\there",
    "emoji 🙂",
    "back\\slash",
    "line\nbreak",
    "<b>&amp;",
    "'; DROP",
    "%20+%3D",
];

/// One event with every public field filled, all values from `seed`.
#[must_use]
pub fn event(seed: &mut Seed) -> Value {
    let kind = *seed.pick(&[
        "page_view",
        "page_view",
        "page_view",
        "page_leave",
        "click",
        "custom",
        "login",
        "identify",
    ]);
    let word = *seed.pick(&WORDS);
    let path = seed.below(500);
    json!({
        "id": seed.uuid(),
        "type": kind,
        "name": if kind == "custom" { format!("event {}", seed.below(40)) } else { String::new() },
        "ts": now_ms() - i64::try_from(seed.below(3_000)).unwrap_or(0),
        "url": format!("https://shop.example/item/{path}?utm_source=news&utm_campaign=c{}&q={}#top", seed.below(9), path % 7),
        "title": format!("{word} {path}"),
        "referrer": format!("https://www.search.example/find?q={path}"),
        "seq": 1 + seed.below(30),
        "page_id": seed.uuid(),
        "attempt": 1,
        "user_id": if kind == "login" { format!("user {path}") } else { String::new() },
        "engagement_ms": seed.below(90_000),
        "scroll": seed.below(101),
        "screen_w": 1920, "screen_h": 1080,
        "viewport_w": 320 + seed.below(1600), "viewport_h": 700,
        "language": *seed.pick(&["en-GB", "de", "ko-KR", "ar"]),
        "timezone": *seed.pick(&["Europe/Berlin", "Asia/Seoul"]),
        "props": { "word": word, "n": seed.below(1000).to_string(), "plan": *seed.pick(&["free", "pro"]) },
    })
}

/// How a load is made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Concurrent clients, each with one connection.
    pub clients: usize,
    /// Events after which the load ends by itself; the load also ends when it is told to.
    pub events: u64,
    /// Largest batch; one request in two is a single event.
    pub batch: u64,
    /// Pause of each client between requests.
    pub pause: Duration,
}

/// A load that may be told to stop.
#[derive(Debug, Default)]
pub struct Control {
    /// Set to end the load.
    pub stop: AtomicBool,
    /// Events acknowledged so far.
    pub acknowledged: AtomicU64,
    sent: AtomicU64,
}

/// Sends until the plan is done or `control` says stop; gives what every event came to, and the latencies of 2xx.
#[must_use]
pub fn run(home: &Home, plan: &Plan, seed: &mut Seed, control: &Control) -> (Witness, Latencies) {
    let mut all = (Witness::new(), Latencies::default());
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..plan.clients)
            .map(|_| {
                let own = seed.fork();
                scope.spawn(move || client(home, plan, own, control))
            })
            .collect();
        for client in clients {
            if let Ok((witness, latencies)) = client.join() {
                all.0.extend(witness);
                all.1.extend(latencies);
            }
        }
    });
    all
}

fn client(home: &Home, plan: &Plan, mut seed: Seed, control: &Control) -> (Witness, Latencies) {
    let mut http = home.client();
    let (mut witness, mut latencies) = (Witness::new(), Latencies::default());
    while !control.stop.load(Ordering::Relaxed) {
        let size = if seed.below(2) == 0 {
            1
        } else {
            1 + seed.below(plan.batch)
        };
        if control.sent.fetch_add(size, Ordering::Relaxed) >= plan.events {
            break;
        }
        let batch = Batch::new(size, &mut seed);
        let start = Instant::now();
        let outcome = judge(batch.send(&mut http), size);
        if outcome == Outcome::Acknowledged {
            latencies.add(start.elapsed());
            control.acknowledged.fetch_add(size, Ordering::Relaxed);
        } else {
            std::thread::sleep(Duration::from_millis(10));
        }
        witness.extend(batch.told(outcome));
        std::thread::sleep(plan.pause);
    }
    (witness, latencies)
}

/// One request, as a page sends it: one event, or several together, some of them packed.
pub(crate) struct Batch {
    events: Vec<Value>,
    sent_at: i64,
    body: Vec<u8>,
    encoding: &'static str,
}

impl Batch {
    pub(crate) fn new(size: u64, seed: &mut Seed) -> Self {
        let sent_at = now_ms();
        let events: Vec<Value> = (0..size).map(|_| event(seed)).collect();
        let (body, encoding) = encode(&events, sent_at, seed.below(3) == 0);
        Self {
            events,
            sent_at,
            body,
            encoding,
        }
    }

    pub(crate) fn send(&self, http: &mut Client) -> Result<Answer> {
        let headers = [
            ("content-type", "text/plain"),
            ("content-encoding", self.encoding),
            ("user-agent", "Footfall-Test/1.0"),
        ];
        http.request("POST", "/v1/events", &headers, &self.body)
    }

    /// What became of each event, by its id.
    pub(crate) fn told(self, outcome: Outcome) -> impl Iterator<Item = (Uuid, (Outcome, Value))> {
        let sent_at = self.sent_at;
        self.events.into_iter().map(move |mut event| {
            event["sent_at"] = json!(sent_at);
            let id = event["id"].as_str().and_then(|id| id.parse().ok());
            (id.unwrap_or_default(), (outcome, event))
        })
    }
}

fn encode(events: &[Value], sent_at: i64, gzip: bool) -> (Vec<u8>, &'static str) {
    let body = if let [event] = events {
        let mut body = event.clone();
        body["site"] = json!("demo");
        body["sent_at"] = json!(sent_at);
        body
    } else {
        json!({ "site": "demo", "sent_at": sent_at, "events": events })
    };
    let body = body.to_string().into_bytes();
    if !gzip {
        return (body, "identity");
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    match encoder.write_all(&body).and_then(|()| encoder.finish()) {
        Ok(packed) => (packed, "gzip"),
        Err(_) => (body, "identity"),
    }
}

pub(crate) fn judge(answer: Result<Answer>, size: u64) -> Outcome {
    match answer {
        Err(_) => Outcome::Unknown,
        Ok(answer) if answer.status == 200 => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            assert_eq!(
                body["accepted"],
                json!(size),
                "all events are valid: {}",
                answer.text()
            );
            Outcome::Acknowledged
        }
        Ok(answer) => {
            assert!(
                matches!(answer.status, 429 | 503),
                "valid events were refused: {} {}",
                answer.status,
                answer.text()
            );
            Outcome::Refused
        }
    }
}
