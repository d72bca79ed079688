//! The body on the wire: collected under a size limit, a deadline and the memory that all bodies share.

mod decode;

pub(crate) use decode::{Encoding, decode};

use crate::answer::Refusal;
use crate::config::Timeouts;
use crate::head::Head;
use crate::server::progress::Progress;
use bytes::{Bytes, BytesMut};
use footfall_schemas::{Reject, limits};
use hyper::body::{Body, Incoming};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Instant;

/// What is read and thrown away of a body that is too large: closing on unread data would reset the connection, and
/// the sender would see that instead of the answer.
const DISCARDED_BYTES: usize = 16 * 1024 * 1024;

/// The memory that all bodies share.
pub(crate) struct Budget {
    used: AtomicUsize,
    most: usize,
}

impl Budget {
    pub(crate) const fn new(most: usize) -> Self {
        Self {
            used: AtomicUsize::new(0),
            most,
        }
    }

    pub(crate) const fn hold(&self) -> Held<'_> {
        Held {
            budget: self,
            bytes: 0,
        }
    }
}

/// One request's share of the budget, given back when dropped.
pub(crate) struct Held<'b> {
    budget: &'b Budget,
    bytes: usize,
}

impl Held<'_> {
    /// Takes more.
    ///
    /// # Errors
    /// `busy` if all bodies together would exceed the budget.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Refusal> {
        let before = self.budget.used.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        if before + bytes > self.budget.most {
            return Err(Refusal::new(
                Reject::Busy,
                "too many bodies are being received at once",
            ));
        }
        Ok(())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Collects a body.
///
/// # Errors
/// Too large, too slow, too much at once; or the connection broke, which nobody will read about.
pub(crate) async fn collect(
    mut body: Incoming,
    head: &Head<'_>,
    timeouts: &Timeouts,
    progress: &Progress,
    held: &mut Held<'_>,
) -> Result<Bytes, Refusal> {
    let mut pace = Pace::new(timeouts);
    let reading = progress.reading_body();
    if head
        .content_length
        .is_some_and(|length| length > limits::BODY_WIRE_BYTES as u64)
    {
        if !head.expects_continue {
            discard(&mut body, &mut pace).await;
        }
        return Err(too_large());
    }
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(piece) = pace.next(&mut body).await? {
        held.grow(piece.len())?;
        if first.len() + rest.len() + piece.len() > limits::BODY_WIRE_BYTES {
            discard(&mut body, &mut pace).await;
            return Err(too_large());
        }
        match (first.is_empty(), rest.is_empty()) {
            (true, true) => first = piece,
            _ => {
                if rest.is_empty() {
                    rest = BytesMut::from(std::mem::take(&mut first));
                }
                rest.extend_from_slice(&piece);
            }
        }
    }
    drop(reading);
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

fn too_large() -> Refusal {
    let detail = format!("a body has at most {} bytes", limits::BODY_WIRE_BYTES);
    Refusal::new(Reject::BodyTooLarge, detail)
}

async fn discard(body: &mut Incoming, pace: &mut Pace<'_>) {
    let mut left = DISCARDED_BYTES;
    while let Ok(Some(piece)) = pace.next(body).await {
        match left.checked_sub(piece.len()) {
            Some(less) => left = less,
            None => return,
        }
    }
}

/// How fast a body must come. Has no timer of its own: while a body is being read the connection wakes its task every
/// second ([`Progress`]), so a body that comes with its head costs no timer at all.
struct Pace<'t> {
    timeouts: &'t Timeouts,
    /// When the whole and the next piece must be there; set at the first wait.
    due: Option<(Instant, Instant)>,
}

impl<'t> Pace<'t> {
    const fn new(timeouts: &'t Timeouts) -> Self {
        Self { timeouts, due: None }
    }

    /// The next piece, or none at the end.
    async fn next(&mut self, body: &mut Incoming) -> Result<Option<Bytes>, Refusal> {
        std::future::poll_fn(|cx| {
            loop {
                match Pin::new(&mut *body).poll_frame(cx) {
                    Poll::Ready(None) => return Poll::Ready(Ok(None)),
                    Poll::Ready(Some(Err(_))) => {
                        return Poll::Ready(Err(Refusal::new(
                            Reject::BodyCorrupt,
                            "the connection broke within the body",
                        )));
                    }
                    Poll::Ready(Some(Ok(frame))) => {
                        // Trailers mean nothing here.
                        let Ok(piece) = frame.into_data() else { continue };
                        self.came();
                        return Poll::Ready(Ok(Some(piece)));
                    }
                    Poll::Pending if self.is_late() => {
                        return Poll::Ready(Err(Refusal::new(
                            Reject::BodyTooSlow,
                            "the body did not arrive in time",
                        )));
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    fn came(&mut self) {
        if let Some((_, piece)) = &mut self.due {
            *piece = Instant::now() + self.timeouts.body_stall;
        }
    }

    fn is_late(&mut self) -> bool {
        let now = Instant::now();
        let (whole, piece) = *self
            .due
            .get_or_insert_with(|| (now + self.timeouts.body, now + self.timeouts.body_stall));
        now >= whole.min(piece)
    }
}
