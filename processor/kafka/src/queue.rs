//! The queue of one partition, and the messages in it, taken many at a time. The library's own way makes an event, a
//! reference count and four looks at the clock for each message; at a microsecond a message that is a third of the cost.

use crate::context::Context;
use crate::exchange::Exchange;
use footfall_topics::{HEADER, Received, Unreadable, decode_headers};
use rdkafka::bindings as native;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;
use std::ffi::{CStr, CString, c_void};
use std::ptr::{NonNull, null, null_mut};
use std::sync::Arc;

/// Messages of one step: bounds what is taken beyond a chunk.
const STEP: usize = 64;

/// A partition's own queue. Wakes the poll thread when it is no longer empty.
pub(crate) struct Queue {
    raw: NonNull<native::rd_kafka_queue_t>,
    /// What the callback points to.
    _wake: Arc<Exchange>,
    /// The queue is its client's.
    _consumer: Arc<BaseConsumer<Context>>,
}

// SAFETY: librdkafka's queues may be used from any thread; the pointers are in one place at a time.
unsafe impl Send for Queue {}

impl Queue {
    /// Takes a partition's messages out of the common queue, from now on.
    pub(crate) fn split(
        consumer: &Arc<BaseConsumer<Context>>,
        topic: &str,
        partition: i32,
        exchange: &Arc<Exchange>,
    ) -> Option<Self> {
        let name = CString::new(topic).ok()?;
        let wake = Arc::clone(exchange);
        // SAFETY: the client is alive and held by the result; the callback's target is held too, until the callback is
        // taken away in `drop`.
        unsafe {
            let client = consumer.client().native_ptr();
            let raw = NonNull::new(native::rd_kafka_queue_get_partition(
                client,
                name.as_ptr(),
                partition,
            ))?;
            native::rd_kafka_queue_forward(raw.as_ptr(), null_mut());
            let target = Arc::as_ptr(&wake).cast_mut().cast();
            native::rd_kafka_queue_cb_event_enable(raw.as_ptr(), Some(woken), target);
            Some(Self {
                raw,
                _wake: wake,
                _consumer: Arc::clone(consumer),
            })
        }
    }

    /// Takes messages without waiting, up to about `bytes` of them.
    pub(crate) fn take(&self, bytes: usize, weight: impl Fn(usize) -> usize) -> Vec<Message> {
        let (mut messages, mut taken) = (Vec::new(), 0);
        while taken < bytes {
            let mut step = [null_mut(); STEP];
            // SAFETY: the queue is alive, the array has as many places as it says.
            let count = unsafe {
                native::rd_kafka_consume_batch_queue(self.raw.as_ptr(), 0, step.as_mut_ptr(), STEP)
            };
            let count = usize::try_from(count).unwrap_or_default();
            let new = step.iter().take(count).filter_map(|raw| NonNull::new(*raw));
            for raw in new {
                let message = Message { raw };
                taken += weight(message.payload().len());
                messages.push(message);
            }
            if count < STEP {
                break;
            }
        }
        messages
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: made by `split`, destroyed once, and not called back any more after the first line.
        unsafe {
            native::rd_kafka_queue_cb_event_enable(self.raw.as_ptr(), None, null_mut());
            native::rd_kafka_queue_destroy(self.raw.as_ptr());
        }
    }
}

unsafe extern "C" fn woken(_client: *mut native::rd_kafka_t, target: *mut c_void) {
    // SAFETY: the pointer that `split` gave.
    unsafe { (*target.cast::<Exchange>()).wake() }
}

/// A fetched message, or the client's word on the partition.
pub(crate) struct Message {
    raw: NonNull<native::rd_kafka_message_t>,
}

impl Message {
    /// What is wrong, if this is no record.
    pub(crate) fn error(&self) -> Option<RDKafkaErrorCode> {
        let code = RDKafkaErrorCode::from(self.native().err);
        (code != RDKafkaErrorCode::NoError).then_some(code)
    }

    pub(crate) fn offset(&self) -> u64 {
        u64::try_from(self.native().offset).unwrap_or_default()
    }

    pub(crate) fn partition(&self) -> i32 {
        self.native().partition
    }

    pub(crate) fn payload(&self) -> &[u8] {
        let native = self.native();
        if native.payload.is_null() || self.error().is_some() {
            return &[];
        }
        // SAFETY: `len` bytes belong to the message.
        unsafe { std::slice::from_raw_parts(native.payload.cast(), native.len) }
    }

    /// What the headers say.
    pub(crate) fn decode(&self) -> Result<Received, Unreadable> {
        let mut headers = null_mut();
        // SAFETY: the message is alive, and its headers live as long as it does.
        let found = unsafe { native::rd_kafka_message_headers(self.raw.as_ptr(), &raw mut headers) };
        if RDKafkaErrorCode::from(found) != RDKafkaErrorCode::NoError {
            return Err(Unreadable::Missing(HEADER));
        }
        let pairs = (0..).map_while(|index| {
            let (mut name, mut value, mut size) = (null(), null(), 0);
            // SAFETY: an index beyond the end is answered with an error; the rest lives as long as the message.
            unsafe {
                let found = native::rd_kafka_header_get_all(
                    headers,
                    index,
                    &raw mut name,
                    &raw mut value,
                    &raw mut size,
                );
                if RDKafkaErrorCode::from(found) != RDKafkaErrorCode::NoError || name.is_null() {
                    return None;
                }
                let bytes: &[u8] = if value.is_null() {
                    &[]
                } else {
                    std::slice::from_raw_parts(value.cast(), size)
                };
                Some((CStr::from_ptr(name).to_bytes(), bytes))
            }
        });
        decode_headers(pairs, self.created())
    }

    /// The sender's timestamp, where the topic keeps that.
    fn created(&self) -> Option<i64> {
        let mut kind = native::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive, the result is ours.
        let at = unsafe { native::rd_kafka_message_timestamp(self.raw.as_ptr(), &raw mut kind) };
        (kind == native::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_CREATE_TIME).then_some(at)
    }

    fn native(&self) -> &native::rd_kafka_message_t {
        // SAFETY: alive until `drop`.
        unsafe { self.raw.as_ref() }
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: taken from the queue, destroyed once.
        unsafe { native::rd_kafka_message_destroy(self.raw.as_ptr()) }
    }
}
