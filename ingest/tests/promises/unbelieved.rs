//! A proxy in front that nobody has said to trust: the operator is told once, and what to do.

use crate::auth_log::Lines;
use crate::http::{Client, Request};
use crate::server::{Server, eventually, setup};
use footfall_ingest::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const MINUTE: i64 = 60_000;
const STANDING: &str = "footfall_ingest_proxy_not_trusted";

fn click(client: u64) -> Request {
    Request::post(r#"{"site":"demo","type":"click"}"#).with("x-forwarded-for", &format!("203.0.113.{client}"))
}

async fn start(trusted: &[&str], moved: &Arc<AtomicI64>) -> Server {
    let trusted = trusted.iter().map(|net| net.parse().unwrap()).collect();
    let clock = Clock::moved_by(Arc::clone(moved));
    setup()
        .with(|config| {
            config.proxies.trusted = trusted;
            config.clock = clock;
        })
        .start()
        .await
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_told_once_with_the_remedy() {
    let (lines, _guard) = Lines::listen();
    let moved = Arc::default();
    let server = start(&["127.0.0.9/32"], &moved).await;
    for round in 0..2 {
        for client in 0..30 {
            assert_eq!(server.send(&click(client)).await.status, 200);
        }
        moved.fetch_add(MINUTE, Ordering::Relaxed);
        eventually("the alarm", async || server.metric(STANDING).await == 1.0).await;
        let passed_on = server
            .metric("footfall_ingest_forwarding_not_believed_total")
            .await;
        assert_eq!(passed_on, f64::from((round + 1) * 30));
    }
    let mut trusted = Client::connect_from([127, 0, 0, 9], server.public).await.unwrap();
    for client in 0..30 {
        trusted.send(&click(client)).await;
    }
    moved.fetch_add(MINUTE, Ordering::Relaxed);
    eventually("the end of the alarm", async || {
        server.metric(STANDING).await == 0.0
    })
    .await;
    server.stop().await;
    let (_, said) = lines.take();
    let told = "nearly all visitors come by a proxy that is not trusted";
    assert_eq!(said.matches(told).count(), 1, "{said}");
    assert!(
        said.contains("ingest.trusted_proxies") && said.contains(r#""network":"127.0.0.1""#),
        "{said}"
    );
    assert!(!said.contains("203.0.113."), "{said}");
}
