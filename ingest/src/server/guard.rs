//! A handler that panics answers 500 instead of taking its connection's task with it.

use crate::answer::{self, Answer};
use crate::metrics::Metrics;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use uuid::Uuid;

/// Polls `handler`, pinned by the caller; a panic becomes an answer.
pub(super) async fn guard(handler: impl Future<Output = Answer>, metrics: &Metrics) -> Answer {
    let mut handler = std::pin::pin!(handler);
    std::future::poll_fn(|cx| poll(handler.as_mut(), cx, metrics)).await
}

fn poll(
    handler: Pin<&mut impl Future<Output = Answer>>,
    cx: &mut Context<'_>,
    metrics: &Metrics,
) -> Poll<Answer> {
    // Nothing of the handler is used after a panic, and what it shares with others is atomic or behind a lock.
    catch_unwind(AssertUnwindSafe(|| handler.poll(cx))).unwrap_or_else(|_| {
        let id = Uuid::new_v4();
        metrics.panics.add(1);
        tracing::error!(request = %id, "a handler panicked: this is a bug");
        Poll::Ready(answer::bug(id))
    })
}
