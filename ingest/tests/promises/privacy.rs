//! What may not be anywhere is looked for byte by byte.

use crate::http::{Client, Request};
use crate::server::{eventually, setup};
use footfall_ingest::Clock;
use footfall_ingest::sites::{CookieMode, IpPolicy};
use footfall_schemas::Flag;
use footfall_schemas::event::Decision;
use footfall_search::Needles;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const DAY: i64 = 24 * 3_600_000;

/// The files below `folder` that have one of its forms.
fn files(folder: &Path, needles: &Needles) -> Vec<String> {
    let found = needles.in_folder(folder).unwrap().found;
    found.into_iter().map(|found| found.place).collect()
}

#[tokio::test]
async fn a_truncated_address_is_nowhere() {
    let setup = setup()
        .site(|site| site.ip = IpPolicy::Truncate)
        .with(|config| config.proxies.trusted = vec!["127.0.0.1/32".parse().unwrap()]);
    let folder = setup.path("");
    let mut server = setup.start().await;
    let full = [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:77:1234:5678:9abc:def0:1", "2001:db8:77::"),
    ];
    for (ip, kept) in full {
        let request =
            Request::post(r#"{"site":"demo","type":"click","page_id":"p"}"#).with("x-forwarded-for", ip);
        let answer = server.send(&request).await;
        let text = format!("{:?} {:?}", answer.headers, String::from_utf8_lossy(&answer.body));
        assert!(!text.contains(ip), "{text}");
        assert_eq!(server.event().ip, kept);
        let metrics = Client::connect(server.admin)
            .await
            .send(&Request::get("/metrics"))
            .await;
        let needles = Needles::address(ip.parse().unwrap());
        assert_eq!(needles.in_bytes("metrics", &metrics.body), []);
        assert_eq!(files(&folder, &needles), Vec::<String>::new());
        assert!(
            !files(&folder, &Needles::text("the network", kept)).is_empty(),
            "the search finds what is there"
        );
    }
}

#[tokio::test]
async fn a_secret_in_an_address_is_nowhere() {
    let setup = setup().site(|site| site.scrub.names = vec!["order_ref".to_owned()]);
    let folder = setup.path("");
    let mut server = setup.start().await;
    let secrets = ["s3cr3t-t0ken-17", "ada%40mail.example", "0rder-99-ref"];
    let [token, mail, order] = secrets;
    let body = format!(
        r#"{{"site":"demo","type":"page_view","page_id":"p","url":"https://shop.example/a?Token={token}&q=shoes&order-ref={order}","referrer":"https://mail.example/x#to={mail}"}}"#
    );
    server.send(&Request::post(body.as_str())).await;
    let event = server.event();
    let pixel = format!("/v1/pixel.gif?site=demo&url=https%3A%2F%2Fshop.example%2Fb%3Fpassword%3D{token}");
    server.send(&Request::get(&pixel)).await;
    let from_pixel = server.event();
    assert_eq!(
        event.url,
        "https://shop.example/a?Token=redacted&q=shoes&order-ref=redacted"
    );
    assert_eq!(event.referrer, "https://mail.example/x#to=redacted");
    assert_eq!(from_pixel.url, "https://shop.example/b?password=redacted");
    assert!(event.flags.has(Flag::UrlScrubbed) && from_pixel.flags.has(Flag::UrlScrubbed));
    for secret in secrets {
        let needles = Needles::text("a secret", secret);
        assert_eq!(files(&folder, &needles), Vec::<String>::new(), "{secret}");
    }
    assert!(!files(&folder, &Needles::text("the rest", "shoes")).is_empty());
}

#[tokio::test]
async fn the_salt_of_a_day_is_gone_after_48_hours_though_nobody_comes() {
    let moved = Arc::new(AtomicI64::new(0));
    let setup = setup()
        .site(|site| {
            site.cookie.mode = CookieMode::Never;
            site.ip = IpPolicy::Hash;
        })
        .with(|config| config.clock = Clock::moved_by(Arc::clone(&moved)));
    let (folder, file) = (setup.path(""), setup.config.data.join("ip-salt"));
    // Not at midnight: the day must not change within the test by itself.
    let now = Clock::default().now_ms();
    let noon = now.div_euclid(DAY) * DAY + DAY / 2;
    moved.store(noon - now, Ordering::Relaxed);
    let mut server = setup.start().await;
    let view = Request::post(r#"{"site":"demo","type":"page_view","page_id":"p"}"#);
    let answer = server.send(&view).await;
    assert!(answer.set_cookie.is_empty() && answer.json().get("token").is_none());
    let monday = server.event();
    assert_eq!((monday.decision, monday.ip.len()), (Decision::Cookieless, 32));
    let text = std::fs::read_to_string(&file).unwrap();
    let salt = text.trim().split_once(' ').unwrap().1.to_owned();
    assert_eq!(salt.len(), 64);
    moved.fetch_add(DAY, Ordering::Relaxed);
    server.send(&view).await;
    let tuesday = server.event();
    assert!(tuesday.visitor != monday.visitor && tuesday.ip != monday.ip);
    let raw: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&salt[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let salt = Needles::secret("the salt", &raw);
    assert!(!files(&folder, &salt).is_empty(), "for what comes late");
    moved.fetch_add(DAY, Ordering::Relaxed);
    eventually("the salt is in no file", async || {
        files(&folder, &salt).is_empty()
    })
    .await;
    server.stop().await;
}
