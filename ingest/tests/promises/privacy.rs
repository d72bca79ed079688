//! What may not be anywhere is looked for byte by byte.

use crate::http::{Client, Request};
use crate::server::{eventually, setup};
use footfall_ingest::Clock;
use footfall_ingest::sites::{CookieMode, IpPolicy};
use footfall_schemas::event::Decision;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const DAY: i64 = 24 * 3_600_000;

/// Whether any file below `folder` has these bytes.
fn anywhere(folder: &Path, bytes: &[u8]) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if let Some(found) = anywhere(&path, bytes) {
                return Some(found);
            }
        } else if std::fs::read(&path)
            .unwrap()
            .windows(bytes.len())
            .any(|window| window == bytes)
        {
            return Some(path);
        }
    }
    None
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
        assert!(!String::from_utf8_lossy(&metrics.body).contains(ip));
        let raw: Vec<u8> = match ip.parse().unwrap() {
            std::net::IpAddr::V4(v4) => v4.octets().to_vec(),
            std::net::IpAddr::V6(v6) => v6.octets().to_vec(),
        };
        assert_eq!(anywhere(&folder, ip.as_bytes()), None);
        assert_eq!(anywhere(&folder, &raw), None);
        assert!(
            anywhere(&folder, kept.as_bytes()).is_some(),
            "the search finds what is there"
        );
    }
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
    assert!(
        anywhere(&folder, salt.as_bytes()).is_some(),
        "for what comes late"
    );
    moved.fetch_add(DAY, Ordering::Relaxed);
    eventually("the salt is in no file", async || {
        anywhere(&folder, salt.as_bytes()).is_none()
    })
    .await;
    let raw: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&salt[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    assert_eq!(anywhere(&folder, &raw), None);
    server.stop().await;
}
