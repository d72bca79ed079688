//! Probes, figures and what the binary adds.

use crate::http::{Client, Request};
use crate::server::{setup, start};
use axum::Router;
use axum::routing::{get, post};
use std::sync::Arc;

#[tokio::test]
async fn ready_says_how_the_log_is_and_how_far_the_table_is_behind() {
    let server = start().await;
    server.post(r#"{"site":"demo","type":"click"}"#).await;
    let answer = server.send(&Request::get("/ready")).await;
    assert_eq!(
        (answer.status, answer.json()["ready"].as_bool()),
        (200, Some(true))
    );
    assert_eq!(answer.json()["log"]["state"], "ready");
    assert_eq!(answer.json()["behind"][0]["cursor"], "test");
    assert!(answer.json()["behind"][0]["records"].as_u64().unwrap() >= 1);
    assert_eq!(server.send(&Request::get("/health")).await.status, 200);
}

#[tokio::test]
async fn figures_and_version_are_on_the_admin_port_alone() {
    let server = setup()
        .with(|config| config.extra.metrics = Some(Arc::new(|out| out.push_str("other_part 7\n"))))
        .start()
        .await;
    for path in ["/metrics", "/version"] {
        assert_eq!(server.send(&Request::get(path)).await.status, 404);
        assert_eq!(
            Client::connect(server.admin)
                .await
                .send(&Request::get(path))
                .await
                .status,
            200
        );
    }
    server.post(r#"{"site":"demo","type":"click","a":1,"b":2}"#).await;
    assert_eq!(
        server
            .metric("footfall_ingest_events_accepted_total{type=\"click\"}")
            .await,
        1.0
    );
    assert_eq!(
        server
            .metric("footfall_ingest_requests_total{status=\"200\"}")
            .await,
        1.0
    );
    assert_eq!(server.metric("footfall_ingest_unknown_fields_total").await, 2.0);
    assert_eq!(server.metric("footfall_ingest_appends_total").await, 1.0);
    assert_eq!(server.metric("footfall_log_ready").await, 1.0);
    assert_eq!(server.metric("other_part").await, 7.0);
}

#[tokio::test]
async fn the_binary_adds_routes() {
    let routes = Router::new()
        .route("/", get(|| async { "the demo page" }))
        .route("/echo", post(|body: bytes::Bytes| async { body }))
        .route("/bug", get(panics));
    let server = setup()
        .with(|config| {
            config.extra.public = routes;
            config.paths.events = "/e".to_owned();
        })
        .start()
        .await;
    assert_eq!(server.send(&Request::get("/")).await.body, b"the demo page");
    assert_eq!(server.send(&Request::new("POST", "/e")).await.error(), "not_json");
    assert_eq!(server.post("x").await.status, 404, "the usual path is gone");
    let bug = server.send(&Request::get("/bug")).await;
    assert_eq!((bug.status, bug.header("connection")), (500, "close"));
    assert!(!bug.header("x-request-id").is_empty());
    assert_eq!(server.metric("footfall_ingest_panics_total").await, 1.0);
    assert_eq!(
        server.send(&Request::get("/")).await.status,
        200,
        "the service lives"
    );
}

async fn panics() -> &'static str {
    panic!("a bug, on purpose")
}
