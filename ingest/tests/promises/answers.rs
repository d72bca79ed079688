//! Every answer has one of two shapes, a status that fits its reason, and says what was kept.

use crate::http::Request;
use crate::server::{ORIGIN, setup, start};
use serde_json::json;
use std::time::Instant;

#[tokio::test]
async fn one_good_event_is_accepted_and_in_the_log() {
    let mut server = start().await;
    let answer = server
        .post(r#"{"site":"demo","type":"page_view","url":"https://shop.example/"}"#)
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"accepted": 1, "rejected": []}))
    );
    assert_eq!(answer.header("content-type"), "application/json");
    let event = server.event();
    assert_eq!(
        (event.site.as_ref(), event.url.as_ref()),
        ("demo", "https://shop.example/")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_bad_event_costs_only_itself() {
    let mut server = start().await;
    let body = r#"{"site":"demo","events":[{"type":"click"},{"type":"click","url":5},{"type":"custom"},7,
        {"type":"nonsense"},{"type":"custom","name":"$x"},{"type":"click","title":"\ud800"},{"type":"login"}]}"#;
    let answer = server.post(body).await;
    assert_eq!(
        (answer.status, answer.json()["accepted"].as_u64()),
        (200, Some(2))
    );
    let rejected: Vec<_> = answer.json()["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["index"].as_u64().unwrap(),
                one["reason"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let expected = [
        (1, "wrong_type"),
        (2, "missing_field"),
        (3, "wrong_type"),
        (4, "unknown_type"),
        (5, "reserved_name"),
        (6, "not_json"),
    ];
    assert_eq!(
        rejected,
        expected.map(|(index, reason)| (index, reason.to_owned()))
    );
    assert_eq!(
        answer.json()["rejected"][0]["detail"],
        "field `url`: invalid type: integer `5`, expected a string at line 1 column 23"
    );
    assert_eq!(server.events().len(), 2);
    assert_eq!(
        server
            .metric("footfall_ingest_rejected_total{reason=\"wrong_type\"}")
            .await,
        2.0
    );
    assert_eq!(
        server
            .metric("footfall_ingest_events_accepted_total{type=\"login\"}")
            .await,
        1.0
    );
}

#[tokio::test]
async fn when_nothing_is_kept_the_answer_is_400_in_the_same_shape() {
    let mut server = start().await;
    let answer = server
        .post(r#"{"site":"demo","events":[{"type":"nonsense"}]}"#)
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["accepted"], 0);
    assert_eq!(answer.json()["rejected"][0]["reason"], "unknown_type");
    assert!(server.events().is_empty());
}

#[tokio::test]
async fn a_request_that_fails_as_a_whole_says_why() {
    let server = start().await;
    let good = r#"{"site":"demo","type":"click"}"#;
    let cases = [
        (Request::post("{"), 400, "not_json"),
        (Request::post(""), 400, "not_json"),
        (Request::post("[]"), 400, "wrong_type"),
        (Request::post(b"\xff\xfe".to_vec()), 400, "not_utf8"),
        (Request::post(r#"{"site":"demo","events":[]}"#), 400, "no_events"),
        (Request::post(r#"{"type":"click"}"#), 403, "unknown_site"),
        (
            Request::post(r#"{"site":"other","type":"click"}"#),
            403,
            "unknown_site",
        ),
        (
            Request::post(good).with("origin", "https://evil.example"),
            403,
            "origin_not_allowed",
        ),
        (
            Request::post(good).with("referer", "https://evil.example/x"),
            403,
            "origin_not_allowed",
        ),
        (
            Request::post(good).with("x-footfall-key", "wrong"),
            403,
            "server_key",
        ),
        (
            Request::post(good).with("authorization", "Bearer wrong"),
            403,
            "server_key",
        ),
        (
            Request::post(good).with("content-type", "text/html"),
            415,
            "media_type",
        ),
        (
            Request::post(good).with("content-encoding", "compress"),
            415,
            "content_encoding",
        ),
        (
            Request::post(good).with("content-encoding", "gzip"),
            400,
            "body_corrupt",
        ),
        (Request::post(vec![b' '; 2 << 20]), 413, "body_too_large"),
    ];
    for (request, status, reason) in cases {
        let answer = server.send(&request).await;
        assert_eq!((answer.status, answer.error().as_str()), (status, reason));
        assert!(
            answer.json()["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
        assert_eq!(
            answer.header("x-request-id"),
            "",
            "only a server's error has an id"
        );
    }
}

#[tokio::test]
async fn json_and_plain_text_are_taken_with_any_charset_or_none() {
    let mut server = start().await;
    let good = Request::post(r#"{"site":"demo","type":"click"}"#);
    for media in [
        "text/plain",
        "text/plain; charset=utf-8",
        "TEXT/Plain;charset=x",
        "application/json",
        "Application/JSON; charset=utf-8",
        "",
    ] {
        assert_eq!(
            server
                .send(&good.clone().with("content-type", media))
                .await
                .status,
            200,
            "{media}"
        );
    }
    assert_eq!(server.send(&good.without("content-type")).await.status, 200);
    assert_eq!(server.events().len(), 7);
}

#[tokio::test]
async fn other_methods_and_paths_are_refused() {
    let server = start().await;
    for (method, path, status) in [
        ("GET", "/v1/events", 405),
        ("PUT", "/v1/events", 405),
        ("POST", "/v1/pixel.gif", 405),
        ("GET", "/nowhere", 404),
        ("POST", "/beacon.js", 404),
    ] {
        assert_eq!(
            server.send(&Request::new(method, path)).await.status,
            status,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_site_faster_than_its_rate_is_told_when_to_come_again() {
    use footfall_ingest::sites::RateLimit;
    let slow = RateLimit {
        per_second: 1,
        burst: 120,
    };
    let server = setup().site(|site| site.rate_limit = Some(slow)).start().await;
    let all = json!({"site": "demo", "events": vec![json!({"type": "click"}); 120]}).to_string();
    let start = Instant::now();
    assert_eq!(server.post(all.as_str()).await.status, 200);
    let answer = server
        .send(&Request::post(all.as_str()).with("origin", ORIGIN))
        .await;
    let earliest = 120_u64.saturating_sub(start.elapsed().as_secs());
    assert_eq!((answer.status, answer.error().as_str()), (429, "rate_limited"));
    assert!(
        answer
            .header("retry-after")
            .parse::<u64>()
            .is_ok_and(|seconds| (earliest..=121).contains(&seconds))
    );
    assert!(
        answer
            .header("access-control-expose-headers")
            .contains("retry-after")
    );
}
