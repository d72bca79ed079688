//! Questions of librdkafka's admin interface that rdkafka does not wrap: asked, waited for, and given back.

use std::ptr::NonNull;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::bindings as native;
use rdkafka::client::Client;
use rdkafka::types::RDKafkaErrorCode;

/// Something of librdkafka's that has to be given back.
pub(crate) struct Owned<T>(NonNull<T>, unsafe extern "C" fn(*mut T));

impl<T> Owned<T> {
    pub(crate) fn new(
        pointer: *mut T,
        free: unsafe extern "C" fn(*mut T),
    ) -> Result<Owned<T>, RDKafkaErrorCode> {
        NonNull::new(pointer)
            .map(|pointer| Owned(pointer, free))
            .ok_or(RDKafkaErrorCode::CriticalSystemResource)
    }

    pub(crate) fn ptr(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: made by the function that `free` belongs to, and freed only here.
        unsafe { (self.1)(self.ptr()) };
    }
}

/// A question: how it is asked, and where its answer arrives.
pub(crate) struct Question {
    handle: *mut native::rd_kafka_t,
    options: Owned<native::rd_kafka_AdminOptions_t>,
    queue: Owned<native::rd_kafka_queue_t>,
    /// Milliseconds.
    wait: i32,
}

impl Question {
    /// `with_rights`: what our user may do is asked too.
    pub(crate) fn new<C: ClientContext>(
        client: &Client<C>,
        kind: native::rd_kafka_admin_op_t,
        patience: Duration,
        with_rights: bool,
    ) -> Result<Question, RDKafkaErrorCode> {
        let handle = client.native_ptr();
        let wait = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the client outlives the question, which its caller holds no longer than it; what is made is freed by
        // the `Owned` that takes it.
        unsafe {
            let options = Owned::new(
                native::rd_kafka_AdminOptions_new(handle, kind),
                native::rd_kafka_AdminOptions_destroy,
            )?;
            native::rd_kafka_AdminOptions_set_request_timeout(options.ptr(), wait, std::ptr::null_mut(), 0);
            if with_rights {
                let error = native::rd_kafka_AdminOptions_set_include_authorized_operations(options.ptr(), 1);
                if !error.is_null() {
                    native::rd_kafka_error_destroy(error);
                }
            }
            let queue = Owned::new(native::rd_kafka_queue_new(handle), native::rd_kafka_queue_destroy)?;
            Ok(Question {
                handle,
                options,
                queue,
                wait,
            })
        }
    }

    /// What librdkafka's functions take.
    pub(crate) fn pointers(
        &self,
    ) -> (
        *mut native::rd_kafka_t,
        *mut native::rd_kafka_AdminOptions_t,
        *mut native::rd_kafka_queue_t,
    ) {
        (self.handle, self.options.ptr(), self.queue.ptr())
    }

    /// Waits for the answer; an event that says that there is none is the error.
    pub(crate) fn answer(&self) -> Result<Owned<native::rd_kafka_event_t>, RDKafkaErrorCode> {
        // SAFETY: the queue is ours, and the event is freed by the `Owned` that takes it.
        unsafe {
            let event = native::rd_kafka_queue_poll(self.queue.ptr(), self.wait.saturating_add(500));
            let event = Owned::new(event, native::rd_kafka_event_destroy)
                .map_err(|_| RDKafkaErrorCode::OperationTimedOut)?;
            code(native::rd_kafka_event_error(event.ptr()))?;
            Ok(event)
        }
    }
}

/// librdkafka's answer as a result.
pub(crate) fn code(answer: native::rd_kafka_resp_err_t) -> Result<(), RDKafkaErrorCode> {
    match RDKafkaErrorCode::from(answer) {
        RDKafkaErrorCode::NoError => Ok(()),
        other => Err(other),
    }
}
