//! Wakes the forwarder when the producer has something to report, so that it neither spins nor waits in `poll`.
//!
//! `BaseProducer::poll` with a time-out returns only when that is over; with 1..20 ms it costs up to a whole core.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;

use rdkafka::bindings as native;
use tokio::sync::Notify;

/// The bell of one producer's main queue. Must be dropped before the producer.
pub(crate) struct Bell {
    queue: NonNull<native::rd_kafka_queue_t>,
    rung: Arc<Notify>,
}

// SAFETY: librdkafka's queues may be used by any thread.
unsafe impl Send for Bell {}

impl Bell {
    /// `None` when there is no such queue.
    ///
    /// # Safety
    /// `client` is a live producer that outlives the bell.
    pub(crate) unsafe fn hang(client: *mut native::rd_kafka_t) -> Option<Bell> {
        // SAFETY: the caller's promise; the queue is counted and given back in `drop`.
        let queue = NonNull::new(unsafe { native::rd_kafka_queue_get_main(client) })?;
        let rung = Arc::new(Notify::new());
        let opaque: *const Notify = Arc::as_ptr(&rung);
        // SAFETY: the bell holds `rung` until the callback has been taken off.
        unsafe {
            native::rd_kafka_queue_cb_event_enable(queue.as_ptr(), Some(ring), opaque.cast_mut().cast());
        };
        Some(Bell { queue, rung })
    }

    /// Whether something is in the queue.
    pub(crate) fn waiting(&self) -> bool {
        // SAFETY: ours since `hang`.
        unsafe { native::rd_kafka_queue_length(self.queue.as_ptr()) > 0 }
    }

    /// Until the queue has become non-empty since it was last empty.
    pub(crate) async fn rung(&self) {
        self.rung.notified().await;
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        // SAFETY: ours since `hang`; taking the callback off locks out one that is just running.
        unsafe {
            native::rd_kafka_queue_cb_event_enable(self.queue.as_ptr(), None, std::ptr::null_mut());
            native::rd_kafka_queue_destroy(self.queue.as_ptr());
        }
    }
}

unsafe extern "C" fn ring(_: *mut native::rd_kafka_t, opaque: *mut c_void) {
    // SAFETY: the `Notify` that `hang` gave, alive until the callback is taken off.
    let rung = unsafe { &*opaque.cast::<Notify>() };
    rung.notify_one();
}
