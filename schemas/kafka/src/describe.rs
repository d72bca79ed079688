//! DescribeTopics, which rdkafka does not wrap: the one way to a topic's id.

use std::ffi::CString;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::bindings as native;
use rdkafka::client::Client;
use rdkafka::types::RDKafkaErrorCode;
use uuid::Uuid;

use crate::admin::{Owned, Question, code};
use crate::error::{TopicError, refused};

/// A topic as the cluster has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Another one when the topic is deleted and made anew.
    pub id: Uuid,
    /// How many partitions.
    pub partitions: u32,
    /// Copies of the partition that has the fewest.
    pub replicas: u32,
}

/// What the cluster says about a topic, asked by any client (a producer's, a consumer's). Blocks for at most twice
/// `patience` and half a second.
///
/// # Errors
/// [`TopicError::Missing`]; [`TopicError::Refused`] with the cluster's code, or a time-out.
pub fn describe<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    patience: Duration,
) -> Result<Topic, TopicError> {
    // SAFETY: `read` is given a description whose event is still there.
    let described = unsafe { ask(client, topic, patience, false, read) };
    described.map_err(|code| refused("describe", topic, code))
}

/// Asks for the description of a topic and reads it while it is there; with what our user may do on request.
///
/// # Safety
/// `read` must not keep the pointer.
pub(crate) unsafe fn ask<C: ClientContext, T>(
    client: &Client<C>,
    topic: &str,
    patience: Duration,
    with_rights: bool,
    read: impl FnOnce(*const native::rd_kafka_TopicDescription_t) -> Result<T, RDKafkaErrorCode>,
) -> Result<T, RDKafkaErrorCode> {
    let name = CString::new(topic).map_err(|_| RDKafkaErrorCode::InvalidTopic)?;
    let mut names = [name.as_ptr()];
    let question = Question::new(
        client,
        native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
        patience,
        with_rights,
    )?;
    // SAFETY: every pointer is valid for the call, and what is made is freed by the `Owned` that takes it; the event
    // outlives all that is read from it.
    unsafe {
        let names = Owned::new(
            native::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), 1),
            native::rd_kafka_TopicCollection_destroy,
        )?;
        let (handle, options, queue) = question.pointers();
        native::rd_kafka_DescribeTopics(handle, names.ptr(), options, queue);
        let event = question.answer()?;
        let result = native::rd_kafka_event_DescribeTopics_result(event.ptr());
        let mut count = 0;
        let topics = native::rd_kafka_DescribeTopics_result_topics(result, &mut count);
        if topics.is_null() || count == 0 {
            return Err(RDKafkaErrorCode::UnknownTopicOrPartition);
        }
        read(*topics)
    }
}

/// `described` is one of a result whose event is still there.
fn read(described: *const native::rd_kafka_TopicDescription_t) -> Result<Topic, RDKafkaErrorCode> {
    // SAFETY: as this function's; counts are set together with their arrays.
    unsafe {
        code(native::rd_kafka_error_code(
            native::rd_kafka_TopicDescription_error(described),
        ))?;
        let mut partitions = 0;
        let each = native::rd_kafka_TopicDescription_partitions(described, &mut partitions);
        let mut replicas = usize::MAX;
        for index in 0..partitions {
            let mut count = 0;
            native::rd_kafka_TopicPartitionInfo_replicas(*each.add(index), &mut count);
            replicas = replicas.min(count);
        }
        let id = native::rd_kafka_TopicDescription_topic_id(described);
        let id = Uuid::from_u64_pair(
            native::rd_kafka_Uuid_most_significant_bits(id).cast_unsigned(),
            native::rd_kafka_Uuid_least_significant_bits(id).cast_unsigned(),
        );
        Ok(Topic {
            id,
            partitions: u32::try_from(partitions).unwrap_or(u32::MAX),
            replicas: u32::try_from(replicas).unwrap_or(0),
        })
    }
}
