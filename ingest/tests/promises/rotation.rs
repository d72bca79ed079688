//! New keys while visitors come: nobody is lost, on nodes that learn of the key at different moments.

use crate::http::Request;
use crate::server::{Server, eventually, setup};
use footfall_ingest::{Clock, KeyRing};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

const VISITORS: usize = 40;
const HOUR: i64 = 3_600_000;

fn body(page: usize) -> String {
    let page = Uuid::from_u128(u128::try_from(page).unwrap() + 1);
    format!(r#"{{"site":"demo","type":"click","page_id":"{page}"}}"#)
}

/// A node with that ring in its own file.
async fn node(ring: &KeyRing, moved: &Arc<AtomicI64>) -> (Server, PathBuf) {
    let clock = Clock::moved_by(Arc::clone(moved));
    let setup = setup().with(|config| config.clock = clock);
    let file = setup.config.data.join("identity.key");
    std::fs::create_dir_all(&setup.config.data).unwrap();
    std::fs::write(&file, ring.to_text()).unwrap();
    (setup.start().await, file)
}

fn kid(cookie: &str) -> &str {
    cookie.split('.').nth(2).unwrap()
}

#[tokio::test]
async fn no_visitor_is_lost_while_keys_rotate_under_load() {
    let mut ring = KeyRing::random();
    let moved = Arc::new(AtomicI64::new(0));
    let (mut a, file_a) = node(&ring, &moved).await;
    let (mut b, file_b) = node(&ring, &moved).await;
    let mut jars = vec![String::new(); VISITORS];
    let mut visitors: Vec<Option<Uuid>> = vec![None; VISITORS];
    let (mut requests, mut turn) = (0, 0_usize);
    let mut load = async |a: &mut Server, b: &mut Server| {
        for visitor in 0..VISITORS {
            turn += 1;
            let server = if turn.is_multiple_of(3) { &mut *b } else { &mut *a };
            let mut request = Request::post(body(visitor));
            if !jars[visitor].is_empty() {
                request = request.with("cookie", &jars[visitor]);
            }
            let answer = server.send(&request).await;
            jars[visitor] = answer.cookie().to_owned();
            let event = server.event();
            let known = *visitors[visitor].get_or_insert(event.visitor);
            assert_eq!(known, event.visitor, "visitor {visitor} is lost");
            requests += 1;
        }
        kid(&jars[0]).to_owned()
    };
    let mut kids = vec![load(&mut a, &mut b).await];
    let oldest = {
        let answer = a.send(&Request::post(body(0))).await;
        a.event();
        answer.cookie().to_owned()
    };
    for keys in 2..5_u32 {
        let now = Clock::moved_by(Arc::clone(&moved)).now_ms();
        ring.rotate(now, now + HOUR);
        // One node has the new key at once, the other one a round later; it signs when both have it.
        for (node, file) in [(0, &file_a), (1, &file_b)] {
            std::fs::write(file, ring.to_text()).unwrap();
            eventually("the node has read the ring again", async || {
                load(&mut a, &mut b).await;
                let node = if node == 0 { &a } else { &b };
                node.metric("footfall_ingest_keys").await == f64::from(keys)
            })
            .await;
            assert_eq!(&load(&mut a, &mut b).await, kids.last().unwrap());
        }
        moved.fetch_add(HOUR, Ordering::Relaxed);
        let signed = load(&mut a, &mut b).await;
        assert_ne!(&signed, kids.last().unwrap(), "the new key signs");
        kids.push(signed);
    }
    for node in [&a, &b] {
        for fate in ["forged", "unknown_key", "malformed"] {
            assert_eq!(
                node.metric(&format!("footfall_ingest_cookies_total{{fate=\"{fate}\"}}"))
                    .await,
                0.0
            );
        }
    }
    println!("{requests} requests of {VISITORS} visitors on two nodes over 3 rotations: 0 visitors lost");
    // A key that is taken out is believed no more.
    assert!(ring.revoke(kid(&oldest)));
    std::fs::write(&file_a, ring.to_text()).unwrap();
    eventually("the revoked key is refused", async || {
        a.send(&Request::post(body(0)).with("cookie", &oldest)).await;
        a.metric("footfall_ingest_cookies_total{fate=\"unknown_key\"}")
            .await
            > 0.0
    })
    .await;
}
