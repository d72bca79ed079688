//! Events as `ingest` writes them: the builder has a default for everything, a test changes what it is about.

use footfall_schemas::Event;
use footfall_schemas::event::{ClientHints, Decision, IpSource, SessionReason, VERSION};
use footfall_schemas::{Flag, Flags, Kind};
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::Uuid;

pub fn now_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// An event in which nothing is empty, so that a column that is forgotten shows.
pub fn full(number: u64) -> Event<'static> {
    let mut flags = Flags::default();
    flags.set(Flag::StringCut);
    flags.set(Flag::Late);
    Event {
        v: VERSION,
        id: Uuid::now_v7(),
        site: "demo".into(),
        kind: Kind::Custom,
        name: "buy".into(),
        visitor: Uuid::from_u128(0xA000 + u128::from(number % 7)),
        session: Uuid::from_u128(0xB000 + u128::from(number % 11)),
        session_start: now_ms() - 60_000,
        session_reason: SessionReason::Campaign,
        decision: Decision::Cookie,
        user_id: format!("user-{number}").into(),
        page_id: Uuid::from_u128(0xC000 + u128::from(number)),
        seq: 3,
        attempt: 1,
        time: now_ms() - 900,
        ts: Some(now_ms() - 1_000),
        sent_at: Some(now_ms() - 100),
        received_at: now_ms(),
        url: format!("https://Shop.example/a/b{number}?utm_source=news%20letter&utm_medium=e-mail&utm_campaign=spring+sale&utm_term=t&utm_content=c&utm_id=9&gclid=G1#frag").into(),
        title: "Ein \"Titel\" – 題名 \u{1F600}".into(),
        referrer: "https://search.example/find?q=shop".into(),
        engagement_ms: 1_234,
        scroll: 77,
        screen_w: 1_920,
        screen_h: 1_080,
        viewport_w: 1_200,
        viewport_h: 800,
        language: "de-AT".into(),
        timezone: "Europe/Vienna".into(),
        ip: "203.0.113.0".into(),
        ip_source: IpSource::Xff,
        origin: "https://shop.example".into(),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36".into(),
        accept_language: "de-AT,de;q=0.9".into(),
        hints: ClientHints {
            ua: "\"Chromium\";v=\"142\"".into(),
            full: "\"Chromium\";v=\"142.0.1\"".into(),
            mobile: "?0".into(),
            platform: "\"Linux\"".into(),
            platform_version: "\"6.1\"".into(),
            model: "\"\"".into(),
        },
        gpc: true,
        dnt: true,
        consent: "granted".into(),
        token: "tok".into(),
        flags,
        props: vec![("plan".into(), "pro".into()), ("nested".into(), "{\"a\":[1,\"x\"]}".into())],
        traceparent: "".into(),
    }
}

/// As it stands in the log.
pub fn json(event: &Event<'_>) -> Vec<u8> {
    serde_json::to_vec(event).unwrap()
}

/// A small event of its own id.
pub fn small(number: u64) -> Vec<u8> {
    let mut event = full(number);
    event.kind = Kind::PageView;
    event.name = "".into();
    event.props.clear();
    json(&event)
}
