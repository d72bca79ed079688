//! Visitors and sessions over HTTP, on two nodes that share their secrets and nothing else, beside the reference.

use crate::http::{Client, Request};
use crate::model::rule::DAY;
use crate::model::world::{Call, Got, Reply, SITES, World};
use crate::server::{ORIGIN, Server, setup};
use footfall_ingest::{Clock, DailySalts, KeyRing, Site, Sites};
use footfall_schemas::{Event, Flag};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

struct Node {
    server: Server,
    client: Client,
    moved: Arc<AtomicI64>,
    salts: Arc<DailySalts>,
}

fn sites() -> Sites {
    let site = |of: &crate::model::rule::Site| {
        let mut site = Site::new(of.key).unwrap();
        site.origins = vec![ORIGIN.parse().unwrap()];
        site.timezone = of.midnight.unwrap_or("UTC").to_owned();
        site.cookie.mode = toml::Value::String(of.mode.to_owned()).try_into().unwrap();
        site.session.idle = Duration::from_millis(of.idle.unsigned_abs());
        site.session.length = Duration::from_millis(of.length.unsigned_abs());
        site.session.campaign = of.campaign;
        site.session.midnight = of.midnight.is_some();
        site.session.login = of.login;
        site
    };
    SITES.iter().map(site).collect()
}

async fn node(ring: &KeyRing) -> Node {
    let (moved, salts) = (Arc::new(AtomicI64::new(0)), Arc::new(DailySalts::shared()));
    let server = setup()
        .with(|config| {
            config.identity = Some(ring.clone());
            config.salts = Some(Arc::clone(&salts));
            config.clock = Clock::moved_by(Arc::clone(&moved));
            config.sites.builtin = sites();
        })
        .start()
        .await;
    Node {
        client: server.client().await,
        server,
        moved,
        salts,
    }
}

impl Node {
    /// Sets the node's clock; from there it goes on by itself.
    fn set_clock(&self, now: i64) {
        let real = Clock::default().now_ms();
        self.moved.store(now - real, Ordering::Relaxed);
        let today = now.div_euclid(DAY);
        for day in [today - 1, today] {
            let mut salt = [0; 32];
            salt[..8].copy_from_slice(&day.to_be_bytes());
            self.salts.offer(day, salt, now);
        }
    }

    async fn answer(&mut self, call: &Call) -> Reply {
        self.set_clock(call.now);
        let answer = self.client.send(&request(call)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let events = self.server.events();
        Reply {
            received_at: events[0].received_at,
            events: events.iter().map(got).collect(),
            token: answer.json()["token"].as_str().unwrap_or_default().to_owned(),
            set_cookie: answer.set_cookie,
        }
    }
}

fn got(event: &Event<'_>) -> Got {
    let text = |code: serde_json::Value| code.as_str().unwrap().to_owned();
    Got {
        visitor: event.visitor.as_u128(),
        session: event.session.as_u128(),
        start: event.session_start,
        reason: text(json!(event.session_reason)),
        late: event.flags.has(Flag::Late),
        decision: text(json!(event.decision)),
    }
}

fn request(call: &Call) -> Request {
    let events = call.events.iter().map(|sent| {
        json!({
            "type": sent.kind,
            "ts": call.now - sent.age,
            "page_id": uuid::Uuid::from_u128(sent.page),
            "url": format!("https://shop.example/?{}", sent.campaign),
            "consent": sent.consent,
            "attempt": sent.attempt,
            "token": sent.token.as_ref().map_or("", |(text, _)| text),
        })
    });
    let body =
        json!({"site": SITES[call.site].key, "sent_at": call.now, "events": events.collect::<Vec<_>>()});
    let mut request = Request::post(body.to_string())
        .with("origin", ORIGIN)
        .with("user-agent", &format!("browser {}", call.browser));
    if let Some(cookie) = &call.cookie {
        request = request.with("cookie", cookie);
    }
    if call.gpc {
        request = request.with("sec-gpc", "1");
    }
    request
}

#[tokio::test]
async fn twenty_thousand_events_over_two_nodes_are_where_the_reference_has_them() {
    let seed = std::env::var("TEST_SEED").map_or(11, |seed| seed.parse().unwrap());
    let mut world = World::new(seed, 2);
    let mut ring = KeyRing::random();
    ring.rotate(0, world.clock() + 10 * DAY);
    let mut nodes = [node(&ring).await, node(&ring).await];
    while world.compared < 20_000 {
        let calls = world.next();
        // All of a round are on their way before any of its answers is read, where two nodes take them.
        let mut rest = &calls[..];
        while let [first, second, more @ ..] = rest {
            if first.node == second.node {
                break;
            }
            let [a, b] = &mut nodes;
            let (to_first, to_second) = if first.node == 0 { (a, b) } else { (b, a) };
            let (one, two) = tokio::join!(to_first.answer(first), to_second.answer(second));
            world.settle(first.clone(), one);
            world.settle(second.clone(), two);
            rest = more;
        }
        for call in rest {
            let reply = nodes[call.node].answer(call).await;
            world.settle(call.clone(), reply);
        }
    }
    println!(
        "TEST_SEED={seed}: {} events over HTTP, 0 differences: {:#?}",
        world.compared, world.seen
    );
    for case in ["idle", "campaign", "midnight", "login", "new", "late, unproven"] {
        assert!(
            world.seen.contains_key(&format!("cookie {case}")),
            "never met: {case}"
        );
    }
}
