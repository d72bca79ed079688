//! What a connection is doing, shared between its socket ([`super::timed`]) and its handler: it decides which deadline
//! a wait has. Requests of HTTP/2 come side by side: each has a progress of its own, and the connection's counts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

/// Waits for the first byte of the next request.
pub(super) const IDLE: u8 = 0;
/// Receives a request's head.
pub(super) const HEAD: u8 = 1;
/// The handler is working; the client owes nothing.
pub(super) const BUSY: u8 = 2;
/// The handler waits for the body.
pub(super) const BODY: u8 = 3;
/// Agrees on TLS.
pub(super) const SHAKE: u8 = 4;
/// Speaks HTTP/2: idle or busy, as the number of its requests says.
const SHARED: u8 = 5;

/// The state of one connection.
#[derive(Clone)]
pub(crate) struct Progress(Arc<State>);

struct State {
    state: AtomicU8,
    /// Requests that are not answered yet, where several share the connection.
    requests: AtomicUsize,
    /// One has begun since the connection looked.
    begun: AtomicBool,
}

impl Progress {
    /// A new connection owes a head, or with TLS a handshake first.
    pub(super) fn new(tls: bool) -> Self {
        Self(Arc::new(State {
            state: AtomicU8::new(if tls { SHAKE } else { HEAD }),
            requests: AtomicUsize::new(0),
            begun: AtomicBool::new(false),
        }))
    }

    pub(super) fn get(&self) -> u8 {
        match self.0.state.load(Ordering::Relaxed) {
            SHARED if self.0.requests.load(Ordering::Relaxed) > 0 => BUSY,
            SHARED => IDLE,
            state => state,
        }
    }

    fn set(&self, state: u8) {
        self.0.state.store(state, Ordering::Relaxed);
    }

    /// The handshake is over: a head is owed.
    pub(super) fn shaken(&self) {
        self.set(HEAD);
    }

    /// The connection speaks HTTP/2 from now on.
    pub(super) fn share(&self) {
        self.set(SHARED);
    }

    /// Whether requests share the connection.
    pub(super) fn is_shared(&self) -> bool {
        self.0.state.load(Ordering::Relaxed) == SHARED
    }

    /// One of several requests of a connection has begun; it is answered when the result is dropped.
    pub(super) fn request(&self) -> Shared {
        self.0.requests.fetch_add(1, Ordering::Relaxed);
        self.0.begun.store(true, Ordering::Relaxed);
        Shared(self.clone())
    }

    /// Whether one has begun since this was asked: it may have been answered meanwhile.
    pub(super) fn has_begun(&self) -> bool {
        self.0.begun.load(Ordering::Relaxed) && self.0.begun.swap(false, Ordering::Relaxed)
    }

    /// A byte has come: if the connection was idle, a head has begun, and `true` is given.
    pub(super) fn received(&self) -> bool {
        let begins = self.0.state.load(Ordering::Relaxed) == IDLE;
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

/// One request of a connection that has several.
pub(super) struct Shared(Progress);

impl Drop for Shared {
    fn drop(&mut self) {
        self.0.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}
