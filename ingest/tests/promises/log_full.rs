//! When the log refuses, the sender is told so, and when to come again; readiness says it too.

use crate::http::Request;
use crate::server::{ORIGIN, setup};

#[tokio::test]
async fn a_full_log_is_503_with_retry_after_and_takes_nothing() {
    let mut server = setup()
        .with_log(|log| {
            log.segment_bytes = 64 * 1024;
            log.quota_bytes = 128 * 1024;
        })
        .start()
        .await;
    let title = "x".repeat(8000);
    let body = format!(r#"{{"site":"demo","type":"page_view","title":"{title}"}}"#);
    let request = Request::post(body).with("origin", ORIGIN);
    let mut accepted = 0;
    let refused = loop {
        let answer = server.send(&request).await;
        if answer.status != 200 {
            break answer;
        }
        accepted += 1;
        assert!(accepted < 100, "the quota is never reached");
    };
    assert_eq!((refused.status, refused.error().as_str()), (503, "log_full"));
    assert!(refused.header("retry-after").parse::<u32>().is_ok());
    assert!(!refused.header("x-request-id").is_empty());
    assert_eq!(refused.header("access-control-allow-origin"), ORIGIN);
    assert!(
        refused
            .header("access-control-expose-headers")
            .contains("retry-after")
    );
    let ready = server.send(&Request::get("/ready")).await;
    assert_eq!(
        (ready.status, ready.json()["log"]["state"].as_str()),
        (503, Some("full"))
    );
    assert_eq!(server.send(&Request::get("/health")).await.status, 200);
    assert_eq!(
        server.events().len(),
        accepted,
        "exactly what was acknowledged is there"
    );
}
