//! What a connection is doing, shared between its socket ([`super::timed`]) and its handler: it decides which deadline
//! a wait has.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Waits for the first byte of the next request.
pub(super) const IDLE: u8 = 0;
/// Receives a request's head.
pub(super) const HEAD: u8 = 1;
/// The handler is working; the client owes nothing.
pub(super) const BUSY: u8 = 2;
/// The handler waits for the body.
pub(super) const BODY: u8 = 3;

/// The state of one connection.
#[derive(Clone)]
pub(crate) struct Progress(Arc<AtomicU8>);

impl Progress {
    /// A new connection owes a head.
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU8::new(HEAD)))
    }

    pub(super) fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, state: u8) {
        self.0.store(state, Ordering::Relaxed);
    }

    /// A byte has come: if the connection was idle, a head has begun, and `true` is given.
    pub(super) fn received(&self) -> bool {
        let begins = self.get() == IDLE;
        if begins {
            self.set(HEAD);
        }
        begins
    }

    /// A handler has begun; the connection is idle again when the result is dropped.
    pub(crate) fn working(&self) -> Working {
        self.set(BUSY);
        Working(self.clone(), IDLE)
    }

    /// The body is being read until the result is dropped: the task is woken every second, to look at its deadlines.
    pub(crate) fn reading_body(&self) -> Working {
        self.set(BODY);
        Working(self.clone(), BUSY)
    }
}

/// Sets what comes after a phase when the phase ends, however it ends.
pub(crate) struct Working(Progress, u8);

impl Drop for Working {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}
