//! A producer's handle of its topic, and the call that sends: without a copy of the payload, and without looking the
//! topic up by its name for every record. rdkafka's own `send` does both.

use std::ffi::CString;
use std::ptr::NonNull;

use footfall_topics::HEADER_C;
use rdkafka::bindings as native;
use rdkafka::types::RDKafkaErrorCode;

/// The topic of one producer. Must be dropped before the producer.
pub(crate) struct Handle {
    client: NonNull<native::rd_kafka_t>,
    topic: NonNull<native::rd_kafka_topic_t>,
}

// SAFETY: librdkafka's handles may be used by any thread.
unsafe impl Send for Handle {}

/// What is sent. Key and line are copied; of the payload only the address is kept.
pub(crate) struct Parcel<'a> {
    pub(crate) partition: i32,
    pub(crate) key: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) timestamp_ms: i64,
    /// Value of the one header.
    pub(crate) line: &'a str,
    /// Value of the header `traceparent`, for a record that is traced.
    pub(crate) traceparent: Option<&'a str>,
    /// Comes back with the report.
    pub(crate) index: usize,
}

impl Handle {
    /// `None` when the name is not one of a topic.
    ///
    /// # Safety
    /// `client` is a live producer that outlives the handle.
    pub(crate) unsafe fn new(client: *mut native::rd_kafka_t, topic: &str) -> Option<Handle> {
        let name = CString::new(topic).ok()?;
        // SAFETY: the caller's promise; the name is copied, no configuration means the producer's own.
        let topic = unsafe { native::rd_kafka_topic_new(client, name.as_ptr(), std::ptr::null_mut()) };
        Some(Handle {
            client: NonNull::new(client)?,
            topic: NonNull::new(topic)?,
        })
    }

    /// Gives a record to the producer.
    ///
    /// # Safety
    /// The payload stays where it is until the record's report has come or the producer is destroyed.
    pub(crate) unsafe fn send(&self, parcel: Parcel<'_>) -> Result<(), RDKafkaErrorCode> {
        use native::rd_kafka_vtype_t as v;
        let (traced, trace) = match parcel.traceparent {
            Some(trace) => (v::RD_KAFKA_VTYPE_HEADER, trace),
            // What follows the end is not read.
            None => (v::RD_KAFKA_VTYPE_END, ""),
        };
        // SAFETY: the types of the arguments are those that each tag asks for; opaque is only a number to it.
        let answer = unsafe {
            native::rd_kafka_producev(
                self.client.as_ptr(),
                v::RD_KAFKA_VTYPE_RKT,
                self.topic.as_ptr(),
                v::RD_KAFKA_VTYPE_PARTITION,
                parcel.partition,
                v::RD_KAFKA_VTYPE_MSGFLAGS,
                0,
                v::RD_KAFKA_VTYPE_VALUE,
                parcel.payload.as_ptr(),
                parcel.payload.len(),
                v::RD_KAFKA_VTYPE_KEY,
                parcel.key.as_ptr(),
                parcel.key.len(),
                v::RD_KAFKA_VTYPE_OPAQUE,
                parcel.index,
                v::RD_KAFKA_VTYPE_TIMESTAMP,
                parcel.timestamp_ms,
                v::RD_KAFKA_VTYPE_HEADER,
                HEADER_C.as_ptr(),
                parcel.line.as_ptr(),
                parcel.line.len(),
                traced,
                c"traceparent".as_ptr(),
                trace.as_ptr(),
                trace.len(),
                v::RD_KAFKA_VTYPE_END,
            )
        };
        match RDKafkaErrorCode::from(answer) {
            RDKafkaErrorCode::NoError => Ok(()),
            refused => Err(refused),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: ours since `new`, while the producer lives.
        unsafe { native::rd_kafka_topic_destroy(self.topic.as_ptr()) };
    }
}
