//! What the tests stand on.

pub mod before;
pub mod cluster;
pub mod edge;
#[path = "../../../../tests/processor/support/engine.rs"]
#[expect(
    dead_code,
    reason = "shared with the processor's own tests, which restart engines"
)]
pub mod engine;
#[path = "../../../../tests/processor/support/event.rs"]
pub mod event;
pub mod gate;
pub mod member;
#[path = "../../../../tests/processor/support/tables.rs"]
pub mod tables;
pub mod traffic;

use std::time::Duration;

/// Waits until `holds`, asking again and again; panics with `what` when it takes absurdly long.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..1_200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within two minutes: {what}");
}
