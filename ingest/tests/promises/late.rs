//! What comes hours late from an offline queue: in the session in which it happened if a token or the cookie proves it,
//! marked otherwise, and never in the current session.

use crate::http::Request;
use crate::server::{Server, setup, start};
use footfall_ingest::Clock;
use footfall_schemas::{Event, Flag};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const HOUR: i64 = 3_600_000;

/// An event of page 1 that happened so long ago.
fn ago(millis: i64, token: &str) -> Request {
    let sent_at = 1_795_273_446_000_i64;
    Request::post(format!(
        r#"{{"site":"demo","sent_at":{sent_at},"type":"click","ts":{},"page_id":"01932f4c-8d1e-7c3a-8001-000000000001","token":"{token}"}}"#,
        sent_at - millis
    ))
}

async fn with_clock() -> (Server, Arc<AtomicI64>) {
    let moved = Arc::new(AtomicI64::new(0));
    let clock = Clock::moved_by(Arc::clone(&moved));
    (setup().with(|config| config.clock = clock).start().await, moved)
}

fn place(event: &Event<'_>) -> (uuid::Uuid, uuid::Uuid, bool) {
    (event.visitor, event.session, event.flags.has(Flag::Late))
}

#[tokio::test]
async fn a_late_event_belongs_to_the_session_that_its_token_proves() {
    let (mut server, clock) = with_clock().await;
    let morning = server.send(&ago(0, "")).await;
    let token = morning.json()["token"].as_str().unwrap().to_owned();
    let cookie = morning.cookie().to_owned();
    // Five hours later the visitor is back, twice: the second session is the one of the cookie now.
    clock.store(5 * HOUR, Ordering::Relaxed);
    let noon = server.send(&ago(0, "").with("cookie", &cookie)).await;
    let cookie = noon.cookie().to_owned();
    let proven = server
        .send(&ago(5 * HOUR - 600_000, &token).with("cookie", &cookie))
        .await;
    let unproven = server
        .send(&ago(5 * HOUR - 600_000, "").with("cookie", &cookie))
        .await;
    // Another letter: the last two are a random byte, which may be anything.
    let (start, end) = token.split_at(token.len() - 2);
    let forged = format!("{start}{}", if end == "AA" { "AQ" } else { "AA" });
    server
        .send(&ago(5 * HOUR - 600_000, &forged).with("cookie", &cookie))
        .await;
    // The token proves a session, not that it went on for four hours.
    server.send(&ago(HOUR, &token).with("cookie", &cookie)).await;
    for answer in [proven, unproven] {
        assert_eq!(
            (answer.status, answer.set_cookie.len()),
            (200, 0),
            "a late event moves no cookie"
        );
    }
    let events = server.events();
    let [morning, noon, proven, unproven, forged, beyond] = &events[..] else {
        panic!("{events:#?}")
    };
    assert_ne!(morning.session, noon.session);
    assert_eq!(place(proven), (morning.visitor, morning.session, false));
    assert_eq!(proven.session_start, morning.session_start);
    for late in [unproven, forged, beyond] {
        assert_eq!((late.visitor, late.flags.has(Flag::Late)), (noon.visitor, true));
        assert!(late.session != noon.session && late.session != morning.session);
        assert_eq!(late.session_start, late.time);
    }
    assert_eq!(
        unproven.session, forged.session,
        "one session of its own for what one page has left"
    );
}

#[tokio::test]
async fn the_cookie_proves_its_own_session() {
    let (mut server, clock) = with_clock().await;
    let cookie = server.send(&ago(0, "")).await.cookie().to_owned();
    // The cookie still says the morning's session: nothing has come since.
    clock.store(5 * HOUR, Ordering::Relaxed);
    server
        .send(&ago(5 * HOUR - 60_000, "").with("cookie", &cookie))
        .await;
    server.send(&ago(0, "").with("cookie", &cookie)).await;
    let events = server.events();
    assert_eq!(place(&events[1]), (events[0].visitor, events[0].session, false));
    assert_ne!(
        events[2].session, events[0].session,
        "the current one has begun anew"
    );
}

#[tokio::test]
async fn a_token_is_good_for_its_own_visitor_alone() {
    let (mut server, clock) = with_clock().await;
    let token = server.send(&ago(0, "")).await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    clock.store(HOUR, Ordering::Relaxed);
    let stranger = r#"{"site":"demo","type":"click","page_id":"01932f4c-8d1e-7c3a-8001-000000000002"}"#;
    let cookie = server.post(stranger).await.cookie().to_owned();
    server.send(&ago(HOUR, &token).with("cookie", &cookie)).await;
    // Without a cookie the page is the visitor: a page whose cookies are blocked proves its session too.
    server.send(&ago(HOUR, &token)).await;
    let events = server.events();
    assert!(events[2].flags.has(Flag::Late) && events[2].session != events[0].session);
    assert_eq!(place(&events[3]), (events[0].visitor, events[0].session, false));
}

#[tokio::test]
async fn a_token_is_handed_out_to_pages_that_have_a_cookie_alone() {
    let server = start().await;
    let token = |answer: crate::http::Answer| answer.json().get("token").is_some();
    assert!(token(server.send(&ago(0, "")).await));
    assert!(!token(server.send(&ago(0, "").with("dnt", "1")).await));
    assert!(
        !token(server.post(r#"{"site":"demo","type":"click"}"#).await),
        "nobody to keep it"
    );
}
