//! Kills the statement of a client that has gone away, found in `system.processes` by a tag of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::session::Session;
use crate::values::Parameters;

/// How often a statement is killed again, if it had not begun yet.
const KILL_TRIES: u32 = 50;

/// A statement that can be killed because its client is gone. Inserts are left alone: a cut body cancels them by itself,
/// and one that has arrived as a whole runs to its end, as on a server.
#[derive(Debug, Clone)]
pub(crate) struct Cancel(Arc<Running>);

/// Dropped before the statement is done, it kills it.
#[derive(Debug)]
pub(crate) struct CancelOnDrop(Option<Cancel>);

impl CancelOnDrop {
    /// The answer is there; what is left of it has a guard of its own.
    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(cancel) = &self.0 {
            cancel.client_gone();
        }
    }
}

#[derive(Debug)]
struct Running {
    session: Arc<Session>,
    tag: String,
    reads: AtomicBool,
    done: AtomicBool,
    gone: AtomicBool,
}

impl Cancel {
    pub(crate) fn new(session: Arc<Session>, tag: String) -> Self {
        let flag = || AtomicBool::new(false);
        Self(Arc::new(Running {
            session,
            tag,
            reads: flag(),
            done: flag(),
            gone: flag(),
        }))
    }

    /// Whether a client that goes away takes the statement along.
    pub(crate) fn reads(&self, reads: bool) {
        self.0.reads.store(reads, Ordering::SeqCst);
    }

    pub(crate) fn gone(&self) -> bool {
        self.0.gone.load(Ordering::SeqCst)
    }

    /// For the client's side of the request: its future, then its body.
    pub(crate) fn guard(&self) -> CancelOnDrop {
        CancelOnDrop(Some(self.clone()))
    }

    /// Nothing is left to kill.
    pub(crate) fn done(&self) {
        self.0.done.store(true, Ordering::SeqCst);
    }

    fn client_gone(&self) {
        self.0.gone.store(true, Ordering::SeqCst);
        if self.0.done.load(Ordering::SeqCst) || !self.0.reads.load(Ordering::SeqCst) {
            return;
        }
        let cancel = Arc::clone(&self.0);
        if let Ok(runtime) = Handle::try_current() {
            // Ends by itself; at shutdown the engine's end takes its statements along.
            drop(runtime.spawn_blocking(move || cancel.kill()));
        }
    }
}

impl Running {
    fn kill(&self) {
        // The tag is made here: hexadecimal digits and hyphens.
        let sql = format!(
            "KILL QUERY WHERE Settings['query_cache_tag'] = '{}' ASYNC",
            self.tag
        );
        for _ in 0..KILL_TRIES {
            if self.done.load(Ordering::SeqCst) {
                return;
            }
            if let Some(mut connection) = self.session.connect() {
                let _ = connection.query(sql.as_bytes(), "Null", &Parameters::default());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
