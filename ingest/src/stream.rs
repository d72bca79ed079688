//! Bodies of routes that the binary adds, which may stream for hours: while one is being sent, the client owes nothing,
//! so that its connection is not idle (`server/progress`).

use crate::server::progress::{Progress, Working};
use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body that keeps its connection busy from its first piece to its last.
pub(crate) struct Streamed {
    body: Body,
    progress: Progress,
    /// Begins with the first poll: by then the handler has ended, and with it its own mark.
    working: Option<Working>,
}

impl Streamed {
    pub(crate) const fn new(body: Body, progress: Progress) -> Self {
        Self {
            body,
            progress,
            working: None,
        }
    }
}

impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let progress = &this.progress;
        this.working.get_or_insert_with(|| progress.working());
        Pin::new(&mut this.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
