//! What the tests stand on.

pub mod engine;
pub mod event;
pub mod expiry;
pub mod log;
pub mod proxy;
pub mod running;
pub mod tables;

use std::time::Duration;

/// Waits until `holds`, asking again and again; panics with `what` when it takes absurdly long.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..6_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within five minutes: {what}");
}
