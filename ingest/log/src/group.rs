//! How callers wait for the fsync of their group, and how they are woken.
//!
//! A group has one completion for all its callers. The writer wakes only one of them; that one wakes the others when
//! it runs, which inside an executor costs no system call. Should it not run, the writer sees to them a moment later.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crate::error::AppendError;
use crate::queue::{Queue, lock};
use crate::record::Entry;

const WAITING: u8 = 0;
const DONE: u8 = 1;
const CHAINED: u8 = 2;

/// The callers of one group.
pub(crate) struct Group {
    /// `WAITING`, then `DONE`; `CHAINED` once somebody has taken over to wake all callers.
    progress: AtomicU8,
    outcome: Mutex<(Vec<Waker>, Option<AppendError>)>,
}

impl Group {
    pub(crate) fn new(callers: usize) -> Arc<Group> {
        let outcome = Mutex::new((Vec::with_capacity(callers), None));
        Arc::new(Group {
            progress: AtomicU8::new(WAITING),
            outcome,
        })
    }

    /// Ends the wait. One caller is woken here, and wakes the rest.
    pub(crate) fn complete(&self, error: Option<AppendError>) {
        let first = {
            let mut outcome = lock(&self.outcome);
            outcome.1 = error;
            self.progress.store(DONE, Ordering::Release);
            outcome.0.pop()
        };
        if let Some(waker) = first {
            waker.wake();
        }
    }

    /// Wakes everybody, unless somebody has done so.
    pub(crate) fn wake_rest(&self) {
        if self
            .progress
            .compare_exchange(DONE, CHAINED, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
        {
            let wakers = std::mem::take(&mut lock(&self.outcome).0);
            wakers.into_iter().for_each(Waker::wake);
        }
    }

    pub(crate) fn is_chained(&self) -> bool {
        self.progress.load(Ordering::Acquire) == CHAINED
    }

    fn is_done(&self) -> bool {
        self.progress.load(Ordering::Acquire) != WAITING
    }

    fn result(&self) -> Result<(), AppendError> {
        lock(&self.outcome).1.clone().map_or(Ok(()), Err)
    }

    /// Whether the caller has to be woken later; `false`: the group is done.
    pub(crate) fn register(&self, waker: &Waker) -> bool {
        let mut outcome = lock(&self.outcome);
        if self.is_done() {
            return false;
        }
        outcome.0.push(waker.clone());
        true
    }
}

/// An append under way; see [`crate::Log::append`].
#[must_use = "nothing is appended before the first poll, and nothing is acknowledged before the end"]
pub struct Append<'a, E> {
    queue: &'a Queue,
    entries: Option<E>,
    queued: Option<(Range<u64>, Arc<Group>)>,
}

impl<'a, E> Append<'a, E> {
    pub(crate) fn new(queue: &'a Queue, entries: E) -> Self {
        Append {
            queue,
            entries: Some(entries),
            queued: None,
        }
    }
}

impl<E: AsRef<[Entry]> + Unpin> Future for Append<'_, E> {
    type Output = Result<Range<u64>, AppendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(entries) = self.entries.take() {
            if entries.as_ref().is_empty() {
                return Poll::Ready(Ok(0..0));
            }
            self.queued = Some(self.queue.enqueue(entries.as_ref(), context.waker())?);
            return Poll::Pending;
        }
        let Some((range, group)) = &self.queued else {
            return Poll::Ready(Err(AppendError::Closed));
        };
        if !group.is_done() && group.register(context.waker()) {
            return Poll::Pending;
        }
        group.wake_rest();
        let answer = group.result().map(|()| range.clone());
        self.queued = None;
        Poll::Ready(answer)
    }
}

impl<E> Drop for Append<'_, E> {
    fn drop(&mut self) {
        // The one that was woken for all may be dropped before it runs.
        if let Some((_, group)) = self.queued.take()
            && group.is_done()
        {
            group.wake_rest();
        }
    }
}
