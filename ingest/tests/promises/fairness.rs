//! One site that floods an edge whose log does not drain is told so, and the others go on as if it were not there.

use crate::http::{Answer, Client, Request};
use crate::server::{Server, demo, eventually, setup};
use footfall_ingest::{Site, Sites};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const QUOTA: u64 = 8 << 20;
/// Sites that send what is usual, and how often each does so at least.
const QUIET: usize = 5;
const TIMES: usize = 120;
/// How much the loud one wants beside the share of one of six: fifty times.
const LOUD: u64 = 50 * QUOTA / 6;

fn body(site: &str, bytes: usize) -> Request {
    let title = "x".repeat(bytes);
    Request::post(format!(
        r#"{{"site":"{site}","type":"page_view","title":"{title}"}}"#
    ))
}

fn sites(loud: impl FnOnce(&mut Site)) -> Sites {
    let quiet = (0..QUIET).map(|n| format!("quiet-{n}"));
    let mut all: Vec<_> = quiet.map(|key| Site { key, ..demo() }).collect();
    let mut one = Site {
        key: "loud".to_owned(),
        ..demo()
    };
    loud(&mut one);
    all.push(one);
    all.into_iter().collect()
}

async fn start(loud: impl FnOnce(&mut Site)) -> Server {
    setup()
        .with(|config| config.sites.builtin = sites(loud))
        .with_log(|log| {
            log.segment_bytes = 64 * 1024;
            log.quota_bytes = QUOTA;
        })
        .start()
        .await
}

/// Every quiet site sends one event after the other; gives how long each took.
async fn quiet(server: &Server) -> Vec<Duration> {
    let mut clients = JoinSet::new();
    for n in 0..QUIET {
        let (to, request) = (server.public, body(&format!("quiet-{n}"), 200));
        clients.spawn(async move {
            let mut client = Client::connect(to).await;
            let mut took = Vec::new();
            for _ in 0..TIMES {
                let start = Instant::now();
                let answer = client.send(&request).await;
                took.push(start.elapsed());
                assert_eq!(answer.status, 200, "{}", answer.error());
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            took
        });
    }
    let mut all: Vec<_> = clients.join_all().await.concat();
    all.sort();
    all
}

fn is_over_share(answer: &Answer) -> bool {
    answer.status == 429
        && answer.error() == "site_share"
        && answer.header("retry-after").parse::<u32>().is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_at_fifty_times_its_share_is_refused_and_the_others_are_not() {
    let mut server = start(|_| {}).await;
    let alone = quiet(&server).await;
    let (stop, wanted, kept) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut loud = JoinSet::new();
    for _ in 0..16 {
        let (to, stop, wanted, kept) = (
            server.public,
            Arc::clone(&stop),
            Arc::clone(&wanted),
            Arc::clone(&kept),
        );
        loud.spawn(async move {
            let request = body("loud", 8000);
            let mut client = Client::connect(to).await;
            while !stop.load(Ordering::Relaxed) {
                let answer = client.send(&request).await;
                wanted.fetch_add(8000, Ordering::Relaxed);
                match answer.status {
                    200 => _ = kept.fetch_add(8000, Ordering::Relaxed),
                    _ => assert!(is_over_share(&answer), "{answer:?}"),
                }
            }
        });
    }
    eventually("the log has no room for more of it", async || {
        server
            .metric("footfall_ingest_rejected_total{reason=\"site_share\"}")
            .await
            > 0.0
    })
    .await;
    let beside = quiet(&server).await;
    eventually("it has tried fifty times its share", async || {
        wanted.load(Ordering::Relaxed) > LOUD
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    while let Some(client) = loud.join_next().await {
        client.unwrap();
    }
    let of = |took: &[Duration], percent: usize| took[took.len() * percent / 100 - 1];
    for (who, took) in [("alone", &alone), ("beside a flood", &beside)] {
        println!(
            "{} answers {who}: p50 {:?}, p99 {:?}",
            took.len(),
            of(took, 50),
            of(took, 99)
        );
    }
    let (wanted, kept) = (wanted.load(Ordering::Relaxed), kept.load(Ordering::Relaxed));
    println!("the loud site wanted {wanted} bytes and has {kept} of {QUOTA}");
    // Four fifths, but for what was on its way when the limit was reached.
    assert!(
        (QUOTA / 10 * 6..QUOTA / 10 * 9).contains(&kept),
        "{kept} of {QUOTA}"
    );
    assert_eq!(server.metric("footfall_log_ready").await, 1.0);
    assert!(
        server
            .metric("footfall_ingest_site_log_bytes{site=\"loud\"}")
            .await
            > 0.0
    );
    // The table catches up: the site may send again.
    let read = server.events().len();
    assert!(read > 2 * QUIET * TIMES);
    server.save();
    let refused = body("loud", 8000);
    eventually("it may send again", async || {
        server.send(&refused).await.status == 200
    })
    .await;
    let before = server
        .metric("footfall_ingest_site_log_bytes{site=\"quiet-0\"}")
        .await;
    assert!(before < 100_000.0, "{before}");
}

#[tokio::test]
async fn an_operator_may_give_a_site_less() {
    let server = start(|site| site.log_percent = Some(5)).await;
    let large = body("loud", 8000);
    let mut kept = 0;
    let refused = loop {
        let answer = server.send(&large).await;
        if answer.status != 200 {
            break answer;
        }
        kept += 8000;
    };
    assert!(is_over_share(&refused), "{refused:?}");
    assert!((QUOTA / 25..QUOTA / 15).contains(&kept), "{kept}");
    assert_eq!(server.send(&body("quiet-0", 100)).await.status, 200);
}

/// That of `footfall self-check` is on every edge: it makes nobody share who is alone.
#[tokio::test]
async fn a_site_beside_footfalls_own_may_fill_the_log() {
    let own = Site {
        key: footfall_schemas::reserved::SELF_SITE.to_owned(),
        ..demo()
    };
    let server = setup()
        .with(|config| config.sites.builtin = [demo(), own].into_iter().collect())
        .with_log(|log| {
            log.segment_bytes = 64 * 1024;
            log.quota_bytes = QUOTA;
        })
        .start()
        .await;
    let large = body("demo", 8000);
    let refused = loop {
        let answer = server.send(&large).await;
        if answer.status != 200 {
            break answer;
        }
    };
    assert_eq!(
        (refused.status, refused.error().as_str()),
        (503, "log_full"),
        "{refused:?}"
    );
}
