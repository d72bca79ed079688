//! The keys behind visitors' cookies are changed while visitors come.

use crate::harness::{Up, in_time, text};
use footfall::http::{Answer, Client};
use hyper::Method;
use hyper::header::{COOKIE, HeaderValue, SET_COOKIE};
use url::Url;

const CLICK: &str = r#"{"site":"demo","type":"click","page_id":"01932f4c-8d1e-7c3a-8001-000000000001"}"#;

async fn call(base: &str, method: Method, path: &str, cookie: &str, body: &'static str) -> Answer {
    let headers = [(COOKIE, HeaderValue::from_str(cookie).unwrap())];
    let mut client = Client::new(&Url::parse(base).unwrap()).unwrap();
    let answer = client.call(method, path, &headers, body.into(), 1 << 20).await;
    answer.unwrap()
}

/// The cookie that a visitor with that cookie has afterwards.
async fn visit(up: &Up, cookie: &str) -> String {
    let answer = call(&up.run.public, Method::POST, "/v1/events", cookie, CLICK).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let set = answer.headers.get(SET_COOKIE).unwrap().to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

async fn refused_for_its_key(up: &Up) -> bool {
    let figures = call(&up.run.admin, Method::GET, "/metrics", "", "").await.text();
    let refused = "footfall_ingest_cookies_total{fate=\"unknown_key\"} ";
    figures
        .lines()
        .any(|line| line.strip_prefix(refused).is_some_and(|count| count != "0"))
}

/// A part of the value; the name has dots of its own.
fn part(cookie: &str, at: usize) -> &str {
    let (_, value) = cookie.split_once('=').unwrap();
    value.split('.').nth(at).unwrap()
}

fn key(cookie: &str) -> &str {
    part(cookie, 1)
}

fn visitor(cookie: &str) -> &str {
    part(cookie, 3)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_while_it_runs_and_a_revoked_one_is_believed_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let up = Up::start(&folder.path().join("data"));
    let first = visit(&up, "").await;
    let rotated = up.cli(&["keys", "rotate"]);
    assert!(rotated.status.success(), "{}", text(&rotated));
    let second = in_time("the new key signs", async || {
        let cookie = visit(&up, &first).await;
        assert_eq!(visitor(&first), visitor(&cookie), "nobody is lost");
        Some(cookie).filter(|cookie| key(cookie) != key(&first))
    })
    .await;
    let listed = text(&up.cli(&["keys", "list"]));
    assert!(
        listed.contains(&format!("{}  is believed", key(&first))),
        "{listed}"
    );
    assert!(listed.contains(&format!("{}  signs", key(&second))), "{listed}");
    let ring = std::fs::read_to_string(up.data.join("keys/identity.key")).unwrap();
    let secrets: Vec<_> = ring.lines().filter_map(|line| line.get(..64)).collect();
    assert_eq!(secrets.len(), 2);
    assert!(
        !secrets.iter().any(|secret| listed.contains(secret)),
        "no secret is shown"
    );
    let revoked = up.cli(&["keys", "revoke", key(&first)]);
    assert!(revoked.status.success(), "{}", text(&revoked));
    in_time("the revoked key is believed no more", async || {
        visit(&up, &first).await;
        refused_for_its_key(&up).await.then_some(())
    })
    .await;
    assert_eq!(visitor(&visit(&up, &second).await), visitor(&second));
    let last = up.cli(&["keys", "revoke", key(&second)]);
    assert!(!last.status.success(), "{}", text(&last));
    assert!(text(&last).contains("is the only key"), "{}", text(&last));
    assert_eq!(up.stop(), Some(0));
}
