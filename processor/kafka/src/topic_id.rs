//! The id of a topic. The library has no safe way to ask for it.

use footfall_topics::Right;
use rdkafka::bindings as native;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use std::ffi::{CStr, CString};
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::Duration;

/// Why the id is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicIdError {
    /// There is no such topic.
    #[error("ask for the id of topic {0}: there is no such topic")]
    Missing(String),
    /// Our user may not see it.
    #[error("{0}")]
    Denied(String),
    /// No broker has answered in time, or not with an id.
    #[error("ask for the id of topic {topic}: {why}")]
    Unanswered {
        /// Its name.
        topic: String,
        /// What the client says.
        why: RDKafkaErrorCode,
    },
}

/// A question that has been asked; the answer is fetched from here.
pub(crate) struct Question<C: ConsumerContext> {
    topic: String,
    queue: NonNull<native::rd_kafka_queue_t>,
    /// The queue is its client's.
    _consumer: Arc<BaseConsumer<C>>,
}

// SAFETY: librdkafka's queues may be used from any thread; the pointer is in one place at a time.
unsafe impl<C: ConsumerContext> Send for Question<C> {}

impl<C: ConsumerContext> Question<C> {
    /// Asks. `None` if the name is no name, or memory is short.
    pub(crate) fn ask(consumer: &Arc<BaseConsumer<C>>, topic: &str, patience: Duration) -> Option<Self> {
        let name = CString::new(topic).ok()?;
        let mut names = [name.as_ptr()];
        let millis = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
        let client = consumer.client().native_ptr();
        // SAFETY: the client outlives the queue (the question holds it); the collection copies the name; options and
        // collection are destroyed after the request has taken what it needs of them, as librdkafka documents.
        unsafe {
            let queue = NonNull::new(native::rd_kafka_queue_new(client))?;
            let topics = native::rd_kafka_TopicCollection_of_topic_names(names.as_mut_ptr(), 1);
            let options = native::rd_kafka_AdminOptions_new(
                client,
                native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
            );
            native::rd_kafka_AdminOptions_set_request_timeout(options, millis, std::ptr::null_mut(), 0);
            native::rd_kafka_DescribeTopics(client, topics, options, queue.as_ptr());
            native::rd_kafka_AdminOptions_destroy(options);
            native::rd_kafka_TopicCollection_destroy(topics);
            Some(Self {
                topic: topic.to_owned(),
                queue,
                _consumer: Arc::clone(consumer),
            })
        }
    }

    /// The answer, if it comes within `patience`.
    pub(crate) fn answer(&self, patience: Duration) -> Option<Result<String, TopicIdError>> {
        let millis = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the queue is ours; the event is destroyed once, after everything in it was copied.
        unsafe {
            let event = NonNull::new(native::rd_kafka_queue_poll(self.queue.as_ptr(), millis))?;
            let answer = self.read(event);
            native::rd_kafka_event_destroy(event.as_ptr());
            Some(answer)
        }
    }

    /// # Safety
    /// `event` must be alive.
    unsafe fn read(&self, event: NonNull<native::rd_kafka_event_t>) -> Result<String, TopicIdError> {
        let failed = |why| match why {
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                TopicIdError::Missing(self.topic.clone())
            }
            RDKafkaErrorCode::TopicAuthorizationFailed => {
                TopicIdError::Denied(Right::Read.missing(&self.topic))
            }
            why => TopicIdError::Unanswered {
                topic: self.topic.clone(),
                why,
            },
        };
        // SAFETY: by the caller's promise; what librdkafka gives out here lives as long as the event.
        unsafe {
            let code = RDKafkaErrorCode::from(native::rd_kafka_event_error(event.as_ptr()));
            if code != RDKafkaErrorCode::NoError {
                return Err(failed(code));
            }
            let result = native::rd_kafka_event_DescribeTopics_result(event.as_ptr());
            let mut count = 0;
            let topics = native::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
            if result.is_null() || topics.is_null() || count == 0 {
                return Err(failed(RDKafkaErrorCode::BadMessage));
            }
            let topic = *topics;
            let error = native::rd_kafka_TopicDescription_error(topic);
            let code = RDKafkaErrorCode::from(native::rd_kafka_error_code(error));
            if code != RDKafkaErrorCode::NoError {
                return Err(failed(code));
            }
            let text = native::rd_kafka_Uuid_base64str(native::rd_kafka_TopicDescription_topic_id(topic));
            if text.is_null() {
                return Err(failed(RDKafkaErrorCode::BadMessage));
            }
            Ok(CStr::from_ptr(text).to_string_lossy().into_owned())
        }
    }
}

impl<C: ConsumerContext> Drop for Question<C> {
    fn drop(&mut self) {
        // SAFETY: made by `ask`, destroyed once.
        unsafe { native::rd_kafka_queue_destroy(self.queue.as_ptr()) }
    }
}

/// Asks and waits.
pub(crate) fn topic_id<C: ConsumerContext>(
    consumer: &Arc<BaseConsumer<C>>,
    topic: &str,
    patience: Duration,
) -> Result<String, TopicIdError> {
    let unanswered = || TopicIdError::Unanswered {
        topic: topic.to_owned(),
        why: RDKafkaErrorCode::OperationTimedOut,
    };
    let question = Question::ask(consumer, topic, patience).ok_or_else(unanswered)?;
    // The request has its own time-out; this one is for a client that cannot even send it.
    question
        .answer(patience + Duration::from_secs(1))
        .unwrap_or_else(|| Err(unanswered()))
}
