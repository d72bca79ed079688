//! The visitor's cookie: when it is set, to what, when it is taken away, and whom it is believed.

use crate::http::{Answer, Request};
use crate::server::{KEY, ORIGIN, Server, demo, setup, start};
use footfall_ingest::Site;
use footfall_ingest::sites::{CookieMode, SameSite, Without};
use footfall_schemas::event::Decision;
use std::time::Duration;

const PAGE: &str = r#""page_id":"01932f4c-8d1e-7c3a-8001-000000000001""#;

fn view(more: &str) -> Request {
    let body = format!(r#"{{"site":"demo","type":"page_view",{PAGE}{more}}}"#);
    Request::post(body).with("origin", ORIGIN)
}

#[tokio::test]
async fn a_visitor_is_known_again_by_the_cookie_of_the_first_answer() {
    let mut server = start().await;
    let first = server.send(&view("")).await;
    let text = &first.set_cookie[0];
    let (name, value) = text.split_once('=').unwrap();
    let session = value.split('.').nth(4).unwrap();
    assert_eq!(name, format!("footfall_demo.{}", &session[..8]));
    for part in [
        "=v1.",
        "; Path=/",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Max-Age=34560000",
        "; Secure",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("Domain"));
    let other_page = r#"{"site":"demo","type":"page_view","page_id":"01932f4c-8d1e-7c3a-8001-000000000002"}"#;
    // What renews a cookie is the millisecond of its event.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let second = server
        .send(&Request::post(other_page).with("cookie", &format!("a=b; {}", first.cookie())))
        .await;
    assert_ne!(second.cookie(), first.cookie(), "it is renewed");
    let stranger = server.send(&Request::post(other_page)).await;
    assert_eq!(stranger.status, 200);
    let events = server.events();
    assert_eq!(events[0].visitor, events[1].visitor);
    assert_eq!(events[0].session, events[1].session);
    assert_eq!(events[0].session_start, events[1].session_start);
    assert_ne!(events[1].visitor, events[2].visitor);
    assert_eq!(
        server
            .metric("footfall_ingest_cookies_total{fate=\"read\"}")
            .await,
        1.0
    );
    assert_eq!(
        server
            .metric("footfall_ingest_cookies_total{fate=\"sent\"}")
            .await,
        3.0
    );
}

#[tokio::test]
async fn a_forged_cookie_is_a_new_visitor_and_counted() {
    let mut server = start().await;
    let good = server.send(&view("")).await.cookie().to_owned();
    let bad = good.replace(".n0", ".n1");
    assert_eq!(server.send(&view("").with("cookie", &bad)).await.status, 200);
    assert_eq!(
        server
            .metric("footfall_ingest_cookies_total{fate=\"forged\"}")
            .await,
        1.0
    );
    assert_eq!(server.events().len(), 2);
}

#[tokio::test]
async fn two_sites_on_one_host_keep_their_visitors_apart() {
    let shop = Site {
        key: "shop".to_owned(),
        ..demo()
    };
    let mut server = setup()
        .with(|config| config.sites.builtin = [demo(), shop].into_iter().collect())
        .start()
        .await;
    let to = |site: &str| Request::post(format!(r#"{{"site":"{site}","type":"page_view",{PAGE}}}"#));
    let demo = server.send(&to("demo")).await.cookie().to_owned();
    let shop = server.send(&to("shop")).await.cookie().to_owned();
    let both = format!("{demo}; {shop}");
    server.send(&to("demo").with("cookie", &both)).await;
    server.send(&to("shop").with("cookie", &both)).await;
    // The demo's cookie under the shop's name.
    let renamed = demo.replace("footfall_demo.", "footfall_shop.");
    server.send(&to("shop").with("cookie", &renamed)).await;
    let visitors: Vec<_> = server.events().iter().map(|event| event.visitor).collect();
    assert_ne!(visitors[0], visitors[1], "the same page, another site");
    assert_eq!((visitors[0], visitors[1]), (visitors[2], visitors[3]));
    assert_ne!(
        visitors[4], visitors[0],
        "one site's cookie is nothing to the other"
    );
    assert_eq!(
        server
            .metric("footfall_ingest_cookies_total{fate=\"malformed\"}")
            .await,
        1.0
    );
}

#[tokio::test]
async fn a_request_that_keeps_nothing_sets_nothing() {
    let server = start().await;
    let refused = [
        (400, Request::post("{").with("origin", ORIGIN)),
        (400, Request::post(r#"{"site":"demo","type":"nonsense"}"#)),
        (403, Request::post(r#"{"site":"other","type":"click"}"#)),
        (403, view("").with("origin", "https://evil.example")),
    ];
    for (status, request) in refused {
        let answer = server.send(&request).await;
        assert_eq!(
            (answer.status, answer.set_cookie.len()),
            (status, 0),
            "{request:?}"
        );
    }
    let server = setup()
        .site(|site| site.rate_limit = Some(toml::from_str("per_second = 1\nburst = 1").unwrap()))
        .start()
        .await;
    // Half a minute's worth at once, which passes as nothing was sent before.
    let many = [r#"{"type":"page_view"}"#; 30].join(",");
    let many = Request::post(format!(r#"{{"site":"demo","events":[{many}]}}"#)).with("origin", ORIGIN);
    assert_eq!(server.send(&many).await.set_cookie.len(), 1);
    let limited = server.send(&view("")).await;
    assert_eq!((limited.status, limited.set_cookie.len()), (429, 0));
    let server = start().await;
    let with_key = server.send(&view("").with("x-footfall-key", KEY)).await;
    assert_eq!(
        (with_key.status, with_key.set_cookie.len()),
        (200, 0),
        "a server has no visitor's browser"
    );
}

async fn server_with(mode: CookieMode) -> Server {
    setup().site(|site| site.cookie.mode = mode).start().await
}

fn nothing_set(answer: &Answer) -> bool {
    answer.status == 200 && answer.set_cookie.is_empty() && answer.json().get("token").is_none()
}

#[tokio::test]
async fn nothing_is_set_where_the_site_or_the_visitor_wants_none() {
    for (mode, request) in [
        (CookieMode::Never, view("")),
        (CookieMode::Never, view(r#","consent":"granted""#)),
        (CookieMode::Consent, view("")),
        (CookieMode::Consent, view(r#","consent":"refused""#)),
        (CookieMode::Always, view(r#","consent":"refused""#)),
        (CookieMode::Always, view("").with("sec-gpc", "1")),
        (CookieMode::Always, view("").with("dnt", "1")),
    ] {
        let mut server = server_with(mode).await;
        let answer = server.send(&request).await;
        assert!(nothing_set(&answer), "{mode:?} {request:?}: {answer:?}");
        server.send(&request).await;
        let events = server.events();
        assert_eq!(events[0].decision, Decision::Cookieless);
        assert_eq!(
            (events[0].visitor, events[0].session),
            (events[1].visitor, events[1].session)
        );
    }
}

#[tokio::test]
async fn consent_begins_and_a_refusal_ends() {
    let mut server = server_with(CookieMode::Consent).await;
    assert!(nothing_set(&server.send(&view("")).await));
    let consent = format!(r#"{{"site":"demo","type":"consent","consent":"granted",{PAGE}}}"#);
    let granted = server.send(&Request::post(consent)).await;
    let cookie = granted.cookie().to_owned();
    let again = server
        .send(&view(r#","consent":"granted""#).with("cookie", &cookie))
        .await;
    assert_eq!(again.set_cookie.len(), 1);
    let unsaid = server.send(&view("").with("cookie", &cookie)).await;
    assert!(
        nothing_set(&unsaid),
        "not used, and left alone until the visitor says something"
    );
    let refused = server
        .send(&view(r#","consent":"refused""#).with("cookie", &cookie))
        .await;
    let name = cookie.split('=').next().unwrap();
    assert!(
        refused.set_cookie[0].starts_with(&format!("{name}=;"))
            && refused.set_cookie[0].contains("Max-Age=0")
    );
    let decisions: Vec<_> = server
        .events()
        .iter()
        .map(|event| (event.decision, event.consent.to_string(), event.session))
        .collect();
    let expected = [
        (Decision::Cookieless, ""),
        (Decision::Cookie, "granted"),
        (Decision::Cookie, "granted"),
        (Decision::Cookieless, ""),
        (Decision::Cookieless, "refused"),
    ];
    for (got, expected) in decisions.iter().zip(expected) {
        assert_eq!((got.0, got.1.as_str()), expected);
    }
    assert_eq!(
        decisions[0].2, decisions[1].2,
        "consent does not split the session"
    );
    assert_eq!(decisions[1].2, decisions[2].2);
}

#[tokio::test]
async fn a_site_may_do_without_the_daily_hash() {
    let mut server = setup()
        .site(|site| {
            site.cookie.mode = CookieMode::Never;
            site.cookie.without = Without::Page;
        })
        .start()
        .await;
    server.send(&view("")).await;
    server
        .post(r#"{"site":"demo","type":"page_view","page_id":"another"}"#)
        .await;
    let events = server.events();
    assert_eq!(
        (events[0].decision, events[1].decision),
        (Decision::Page, Decision::Page)
    );
    assert_ne!(events[0].visitor, events[1].visitor);
}

#[tokio::test]
async fn a_visitor_can_have_the_cookie_taken_away() {
    let server = setup()
        .site(|site| {
            site.cookie.domain = "shop.example".to_owned();
            site.cookie.same_site = SameSite::None;
        })
        .start()
        .await;
    let forget = Request::new("DELETE", "/v1/visitor?site=demo").with("origin", ORIGIN);
    let with_cookie = forget.clone().with("cookie", "footfall_demo.00c0ffee=x; other=y");
    let answer = server.send(&with_cookie).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(
        answer.set_cookie,
        [
            "footfall_demo.00c0ffee=; Path=/; HttpOnly; SameSite=None; Domain=shop.example; Max-Age=0; Secure",
            "footfall_demo.00c0ffee=; Path=/; HttpOnly; SameSite=None; Max-Age=0; Secure"
        ]
    );
    let without = server.send(&forget).await;
    assert_eq!((without.status, without.set_cookie.len()), (204, 0));
    let stranger = server
        .send(&forget.clone().with("origin", "https://evil.example"))
        .await;
    assert_eq!((stranger.status, stranger.set_cookie.len()), (403, 0));
    let unknown = server.send(&Request::new("DELETE", "/v1/visitor")).await;
    assert_eq!((unknown.status, unknown.error().as_str()), (403, "unknown_site"));
    let preflight = Request::new("OPTIONS", "/v1/visitor?site=demo")
        .with("origin", ORIGIN)
        .with("access-control-request-method", "DELETE");
    let preflight = server.send(&preflight).await;
    assert_eq!(
        (preflight.status, preflight.header("access-control-allow-methods")),
        (204, "DELETE")
    );
    assert_eq!(server.send(&Request::get("/v1/visitor")).await.status, 405);
}

#[tokio::test]
async fn a_page_without_javascript_has_the_same_cookie() {
    let mut server = start().await;
    let pixel = server
        .send(&Request::get(
            "/v1/pixel.gif?site=demo&url=https://shop.example/a",
        ))
        .await;
    let cookie = pixel.cookie().to_owned();
    let script = server.send(&view("").with("cookie", &cookie)).await;
    let next =
        Request::get("/v1/pixel.gif?site=demo&url=https://shop.example/b").with("cookie", script.cookie());
    assert_eq!(server.send(&next).await.set_cookie.len(), 1);
    let refused = server
        .send(&Request::get("/v1/pixel.gif?site=demo&consent=refused").with("cookie", &cookie))
        .await;
    assert!(refused.set_cookie[0].contains("Max-Age=0"));
    let events = server.events();
    assert_eq!(
        (events[0].visitor, events[0].session),
        (events[1].visitor, events[1].session)
    );
    assert_eq!(
        (events[0].visitor, events[0].session),
        (events[2].visitor, events[2].session)
    );
    assert_ne!(events[3].visitor, events[0].visitor);
}
