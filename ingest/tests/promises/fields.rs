//! What is read back from the log is what was sent, field by field, and the frame agrees with the event in it.

use crate::http::Request;
use crate::server::{ORIGIN, start};
use footfall_schemas::event::{Decision, IpSource, SessionReason};
use footfall_schemas::{Event, Flag, Kind};
use uuid::Uuid;

const BODY: &str = r#"{"site":"demo","sent_at":1795273446000,
    "id":"01932f4c-8d1e-7c3a-9b5f-0123456789ab","type":"custom","name":"purchase","ts":1795273445123,
    "url":"https://shop.example/done?x=\"y\"","title":"Done – 完了 👟\n\u0000","referrer":"https://shop.example/cart",
    "seq":3,"page_id":"01932f4c-8d1e-7c3a-8001-0123456789ab","attempt":2,"user_id":"u-17","engagement_ms":4711,"scroll":85,
    "screen_w":1920,"screen_h":1080,"viewport_w":1536,"viewport_h":730,"language":"de-DE","timezone":"Europe/Berlin",
    "consent":"granted","token":"t.o.k","props":{"order":"A-1","total":129.90,"first":true,"none":null,"items":[{"n":1}]}}"#;

fn request() -> Request {
    Request::post(BODY)
        .with("origin", ORIGIN)
        .with("user-agent", "Mozilla/5.0 (X11; Linux x86_64)")
        .with("accept-language", "de-DE,de;q=0.9")
        .with("sec-ch-ua", r#""Chromium";v="142""#)
        .with("sec-ch-ua-full-version-list", r#""Chromium";v="142.0.1""#)
        .with("sec-ch-ua-mobile", "?0")
        .with("sec-ch-ua-platform", r#""Linux""#)
        .with("sec-ch-ua-platform-version", r#""6.1""#)
        .with("sec-ch-ua-model", r#""X""#)
        .with("sec-gpc", "1")
        .with("dnt", "1")
}

#[tokio::test]
async fn every_field_arrives_as_it_was_sent() {
    let mut server = start().await;
    let answer = server.send(&request()).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let event = server.event();
    let text = [
        (&event.site, "demo"),
        (&event.name, "purchase"),
        (&event.url, r#"https://shop.example/done?x="y""#),
        (&event.title, "Done – 完了 👟\n\0"),
        (&event.referrer, "https://shop.example/cart"),
        (&event.user_id, "u-17"),
        (&event.language, "de-DE"),
        (&event.timezone, "Europe/Berlin"),
        (&event.consent, "granted"),
        (&event.token, "t.o.k"),
        (&event.ip, "127.0.0.1"),
        (&event.origin, ORIGIN),
        (&event.user_agent, "Mozilla/5.0 (X11; Linux x86_64)"),
        (&event.accept_language, "de-DE,de;q=0.9"),
        (&event.hints.ua, r#""Chromium";v="142""#),
        (&event.hints.full, r#""Chromium";v="142.0.1""#),
        (&event.hints.mobile, "?0"),
        (&event.hints.platform, r#""Linux""#),
        (&event.hints.platform_version, r#""6.1""#),
        (&event.hints.model, r#""X""#),
    ];
    for (stored, sent) in text {
        assert_eq!(stored, sent);
    }
    assert_numbers(&event);
}

fn assert_numbers(event: &Event<'_>) {
    assert_eq!(event.id.to_string(), "01932f4c-8d1e-7c3a-9b5f-0123456789ab");
    assert_eq!(event.page_id.to_string(), "01932f4c-8d1e-7c3a-8001-0123456789ab");
    assert_eq!(
        (event.v, event.kind, event.seq, event.attempt),
        (1, Kind::Custom, 3, 2)
    );
    assert_eq!((event.engagement_ms, event.scroll), (4711, 85));
    assert_eq!(
        (event.screen_w, event.screen_h, event.viewport_w, event.viewport_h),
        (1920, 1080, 1536, 730)
    );
    assert_eq!(
        (event.ts, event.sent_at),
        (Some(1_795_273_445_123), Some(1_795_273_446_000))
    );
    assert_eq!(
        event.time,
        event.received_at - 877,
        "the client's clock cancels out"
    );
    assert_eq!(
        (event.session_start, event.session_reason),
        (event.received_at, SessionReason::New)
    );
    assert_eq!(
        (event.decision, event.ip_source),
        (Decision::Cookie, IpSource::Peer)
    );
    assert!(event.gpc && event.dnt && event.flags.is_empty());
    let props = [
        ("order", "A-1"),
        ("total", "129.90"),
        ("first", "true"),
        ("items", r#"[{"n":1}]"#),
    ];
    let stored: Vec<_> = event
        .props
        .iter()
        .map(|(key, value)| (key.as_ref(), value.as_ref()))
        .collect();
    assert_eq!(stored, props);
}

#[tokio::test]
async fn the_frame_of_the_record_agrees_with_its_event() {
    let mut server = start().await;
    server.send(&request()).await;
    let records = server.records();
    let event: Event<'_> = serde_json::from_slice(&records[0].payload).unwrap();
    assert_eq!(records[0].kind, Kind::Custom.code());
    assert_eq!(records[0].key, event.visitor.into_bytes());
    assert_eq!(records[0].time_ms, event.received_at.unsigned_abs());
}

#[tokio::test]
async fn events_of_a_page_share_visitor_and_session_over_requests_and_restarts() {
    let mut server = start().await;
    server.send(&request()).await;
    server.send(&request()).await;
    let events = server.events();
    assert_eq!(
        (events[0].visitor, events[0].session),
        (events[1].visitor, events[1].session)
    );
    server
        .post(r#"{"site":"demo","events":[{"type":"click"},{"type":"click"}]}"#)
        .await;
    let events = server.events();
    assert_eq!(
        events[0].visitor, events[1].visitor,
        "events of one request without a page are of one visitor"
    );
    assert_ne!(events[0].id, events[1].id);
    assert!(events[0].page_id.is_nil() && events[0].flags.has(Flag::IdMade));
    assert_eq!(events[0].id.get_version_num(), 7);
    assert_ne!(events[0].visitor, Uuid::nil());
}

#[tokio::test]
async fn what_is_too_long_inside_is_cut_and_said() {
    let mut server = start().await;
    let long = "é".repeat(6000);
    let body = format!(
        r#"{{"site":"demo","type":"page_view","url":"{long}","referrer":"{long}","title":"{long}","user_id":"{long}"}}"#
    );
    let answer = server
        .send(&Request::post(body).with("user-agent", &"a".repeat(2000)))
        .await;
    assert_eq!(answer.status, 200);
    let event = server.event();
    assert_eq!(
        (
            event.url.len(),
            event.referrer.len(),
            event.title.len(),
            event.user_id.len()
        ),
        (8192, 8192, 8192, 256)
    );
    assert_eq!(event.user_agent.len(), 512);
    for flag in [
        Flag::UrlCut,
        Flag::ReferrerCut,
        Flag::StringCut,
        Flag::UserAgentCut,
    ] {
        assert!(event.flags.has(flag), "{}", flag.label());
    }
}
