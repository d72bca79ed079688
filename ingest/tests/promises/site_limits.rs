//! What a site refuses of pages elsewhere, and of an address that sends too fast; what the beacon says of its browser.

use crate::http::{Client, Request};
use crate::server::{KEY, setup, start};

#[tokio::test]
async fn pages_on_other_hosts_are_refused_one_by_one_and_told_why() {
    let mut server = setup()
        .site(|site| {
            site.origins = vec!["https://test.example".parse().unwrap()];
            site.hostnames = vec!["shop.example".parse().unwrap(), "*.shop.example".parse().unwrap()];
        })
        .start()
        .await;
    let body = r#"{"site":"demo","events":[{"type":"click","url":"https://shop.example/a"},
        {"type":"click","url":"https://copy.example/a"},{"type":"click","url":"http://M.Shop.example:81/"},{"type":"click"}]}"#;
    let answer = server
        .send(&Request::post(body).with("referer", "https://test.example/"))
        .await;
    let rejected = answer.json()["rejected"].clone();
    assert_eq!(answer.json()["accepted"], 2);
    assert_eq!(
        (&rejected[0]["index"], &rejected[1]["index"]),
        (&1.into(), &3.into())
    );
    for one in [&rejected[0], &rejected[1]] {
        assert_eq!(one["reason"], "origin_not_allowed");
    }
    assert!(rejected[0]["detail"].as_str().unwrap().contains("copy.example"));
    let key = server
        .send(&Request::post(body).with("x-footfall-key", KEY))
        .await;
    assert_eq!(key.json()["accepted"], 4, "a server may name any page");
    assert_eq!(server.events().len(), 6);
}

#[tokio::test]
async fn an_address_that_sends_too_fast_waits_and_others_do_not() {
    let server = setup()
        .site(|site| site.address_rate_limit = Some(toml::from_str("per_second = 1\nburst = 3").unwrap()))
        .start()
        .await;
    let click = Request::post(r#"{"site":"demo","type":"click"}"#);
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(server.send(&click).await);
    }
    let refused = statuses.iter().find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.error(), "rate_limited");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    let mut other = Client::connect_from([127, 0, 0, 9], server.public).await.unwrap();
    assert_eq!(other.send(&click).await.status, 200);
    assert_eq!(server.send(&click.with("x-footfall-key", KEY)).await.status, 200);
}

#[tokio::test]
async fn hints_that_a_script_was_told_stand_where_headers_would() {
    let mut server = start().await;
    let body = r#"{"site":"demo","type":"page_view","props":{"a":"1","$hints":{"fullVersionList":[{"brand":"Chromium","version":"142.0.1"}],"model":"","platformVersion":"15.0.0"}}}"#;
    server
        .send(&Request::post(body).with("sec-ch-ua-platform", "\"Windows\""))
        .await;
    let event = server.event();
    assert_eq!(event.hints.full, r#""Chromium";v="142.0.1""#);
    assert_eq!(
        (
            event.hints.platform.as_ref(),
            event.hints.platform_version.as_ref()
        ),
        ("\"Windows\"", "\"15.0.0\"")
    );
    assert_eq!(event.props.len(), 1);
}
