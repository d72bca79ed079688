//! What a page may read, by origin.

use crate::http::Request;
use crate::server::{KEY, ORIGIN, setup, start};

const GOOD: &str = r#"{"site":"demo","type":"click"}"#;

#[tokio::test]
async fn an_allowed_origin_is_echoed_with_credentials_and_never_a_star() {
    let server = setup()
        .site(|site| site.origins = vec![ORIGIN.parse().unwrap(), "https://*.shop.example".parse().unwrap()])
        .start()
        .await;
    for origin in [ORIGIN, "https://m.shop.example"] {
        let answer = server.send(&Request::post(GOOD).with("origin", origin)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert!(answer.header("vary").contains("origin"));
        assert!(
            answer
                .header("access-control-expose-headers")
                .contains("retry-after")
        );
    }
}

#[tokio::test]
async fn a_site_for_everybody_still_echoes_the_origin() {
    let server = setup()
        .site(|site| site.origins = vec!["*".parse().unwrap()])
        .start()
        .await;
    for origin in ["https://any.example", "null"] {
        let answer = server.send(&Request::post(GOOD).with("origin", origin)).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (200, origin)
        );
    }
}

#[tokio::test]
async fn a_stranger_may_read_why_though_it_asks_with_credentials() {
    let server = start().await;
    let unknown_site = r#"{"site":"other","type":"click"}"#;
    for (body, origin, reason) in [
        (GOOD, "https://evil.example", "origin_not_allowed"),
        (GOOD, "null", "origin_not_allowed"),
        (GOOD, "https://shop.example.evil.example", "origin_not_allowed"),
        (unknown_site, ORIGIN, "unknown_site"),
    ] {
        let answer = server.send(&Request::post(body).with("origin", origin)).await;
        assert_eq!((answer.status, answer.error().as_str()), (403, reason));
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert!(answer.header("vary").contains("origin"));
    }
}

#[tokio::test]
async fn a_page_may_read_why_its_body_was_refused() {
    let server = start().await;
    let answer = server.send(&Request::post("{").with("origin", ORIGIN)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
}

#[tokio::test]
async fn a_preflight_echoes_what_is_asked_for() {
    let server = start().await;
    let ask = Request::new("OPTIONS", "/v1/events")
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "content-type,x-whatever");
    let answer = server.send(&ask.clone().with("origin", ORIGIN)).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(
        answer.header("access-control-allow-headers"),
        "content-type,x-whatever"
    );
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert!(answer.header("access-control-max-age").parse::<u32>().is_ok());
    for vary in ["origin", "access-control-request-headers"] {
        assert!(answer.header("vary").contains(vary));
    }
    for refused in [ask.clone().with("origin", "https://evil.example"), ask] {
        let answer = server.send(&refused).await;
        assert_eq!(
            (answer.status, answer.header("access-control-allow-origin")),
            (403, "")
        );
    }
}

#[tokio::test]
async fn who_sends_no_origin_is_taken_unless_the_site_wants_one() {
    let open = start().await;
    let answer = open.post(GOOD).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, "")
    );
    let strict = setup().site(|site| site.require_origin = true).start().await;
    assert_eq!(strict.post(GOOD).await.error(), "origin_not_allowed");
    let referer = Request::post(GOOD).with("referer", "https://shop.example/page?x");
    assert_eq!(strict.send(&referer).await.status, 200);
    let server = Request::post(GOOD)
        .with("x-footfall-key", KEY)
        .with("origin", "https://evil.example");
    assert_eq!(
        strict.send(&server).await.status,
        200,
        "a server key needs no origin"
    );
}
