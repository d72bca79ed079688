//! What our user may do, as the cluster says it. Brokers without an authorizer permit everything.

use std::ffi::CString;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::bindings as native;
use rdkafka::bindings::rd_kafka_AclOperation_t as Operation;
use rdkafka::client::Client;
use rdkafka::types::RDKafkaErrorCode;

use crate::admin::{Question, code};
use crate::describe::ask;

/// A right that a service needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Write to the topic: ingests, and whoever sends something again.
    Write,
    /// Read the topic: processors.
    Read,
    /// Be a member of the group, and commit: processors.
    Group,
    /// Delete records of the topic: ingests, those of the days' salts.
    Delete,
}

impl Right {
    /// What our user may or may not do, before the name of the topic or the group.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Right::Write => "write to the topic",
            Right::Read => "read the topic",
            Right::Group => "be in the group",
            Right::Delete => "delete records of the topic",
        }
    }

    /// The command that gives it for this topic or group.
    #[must_use]
    pub fn remedy(self, name: &str) -> String {
        let flags = match self {
            Right::Write => "--producer --topic",
            Right::Read => "--operation Read --topic",
            Right::Group => "--operation Read --group",
            Right::Delete => "--operation Delete --topic",
        };
        format!("kafka-acls.sh --add --allow-principal User:… {flags} {name}")
    }

    /// The line for a log where it is missing.
    #[must_use]
    pub fn missing(self, name: &str) -> String {
        format!(
            "our user may not {} {name}; permit it: `{}`",
            self.what(),
            self.remedy(name)
        )
    }

    /// Which one a producer lacks. Before its first record it asks for an id, which is the cluster's to give and comes
    /// with the right to write to any topic.
    #[must_use]
    pub fn of_producer(code: RDKafkaErrorCode) -> Option<Right> {
        let denied = matches!(
            code,
            RDKafkaErrorCode::TopicAuthorizationFailed | RDKafkaErrorCode::ClusterAuthorizationFailed
        );
        denied.then_some(Right::Write)
    }

    /// Which one a consumer lacks.
    #[must_use]
    pub fn of_consumer(code: RDKafkaErrorCode) -> Option<Right> {
        match code {
            RDKafkaErrorCode::TopicAuthorizationFailed => Some(Right::Read),
            RDKafkaErrorCode::GroupAuthorizationFailed => Some(Right::Group),
            _ => None,
        }
    }
}

/// What our user may do; `None`: the cluster does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Read the topic: processors.
    pub read: Option<bool>,
    /// Write to it: ingests.
    pub write: Option<bool>,
    /// Be a member of the group, and commit: processors.
    pub group: Option<bool>,
    /// Delete records of the topic: ingests, those of the days' salts.
    pub delete: Option<bool>,
}

/// Asks for the rights on a topic and on a group. Blocks for at most twice `patience` and a second.
pub(crate) fn rights<C: ClientContext>(
    client: &Client<C>,
    topic: &str,
    group: &str,
    patience: Duration,
) -> Rights {
    // SAFETY: the pointer is not kept.
    let on_topic = unsafe {
        ask(client, topic, patience, true, |described| {
            code(native::rd_kafka_error_code(
                native::rd_kafka_TopicDescription_error(described),
            ))?;
            let mut count = 0;
            let list = native::rd_kafka_TopicDescription_authorized_operations(described, &mut count);
            Ok(operations(list, count))
        })
    };
    let on_topic = match on_topic {
        Ok(found) => found,
        Err(RDKafkaErrorCode::TopicAuthorizationFailed) => Some(Vec::new()),
        Err(_) => None,
    };
    let on_group = match of_group(client, group, patience) {
        Ok(found) => found,
        Err(RDKafkaErrorCode::GroupAuthorizationFailed) => Some(Vec::new()),
        Err(_) => None,
    };
    let may = |found: &Option<Vec<u32>>, wanted: Operation| {
        let found = found.as_ref()?;
        let all = Operation::RD_KAFKA_ACL_OPERATION_ALL as u32;
        Some(found.contains(&(wanted as u32)) || found.contains(&all))
    };
    Rights {
        read: may(&on_topic, Operation::RD_KAFKA_ACL_OPERATION_READ),
        write: may(&on_topic, Operation::RD_KAFKA_ACL_OPERATION_WRITE),
        delete: may(&on_topic, Operation::RD_KAFKA_ACL_OPERATION_DELETE),
        group: may(&on_group, Operation::RD_KAFKA_ACL_OPERATION_READ),
    }
}

fn of_group<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    patience: Duration,
) -> Result<Option<Vec<u32>>, RDKafkaErrorCode> {
    let name = CString::new(group).map_err(|_| RDKafkaErrorCode::InvalidGroupId)?;
    let mut names = [name.as_ptr()];
    let question = Question::new(
        client,
        native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS,
        patience,
        true,
    )?;
    // SAFETY: every pointer is valid for the call; the event outlives all that is read from it.
    unsafe {
        let (handle, options, queue) = question.pointers();
        native::rd_kafka_DescribeConsumerGroups(handle, names.as_mut_ptr(), 1, options, queue);
        let event = question.answer()?;
        let result = native::rd_kafka_event_DescribeConsumerGroups_result(event.ptr());
        let mut count = 0;
        let groups = native::rd_kafka_DescribeConsumerGroups_result_groups(result, &mut count);
        if groups.is_null() || count == 0 {
            return Ok(None);
        }
        let error = native::rd_kafka_ConsumerGroupDescription_error(*groups);
        if !error.is_null() {
            code(native::rd_kafka_error_code(error))?;
        }
        let mut count = 0;
        let list = native::rd_kafka_ConsumerGroupDescription_authorized_operations(*groups, &mut count);
        Ok(operations(list, count))
    }
}

/// A list of librdkafka's; none where it was not told. As numbers: a newer broker may know more than our enum.
fn operations(list: *const Operation, count: usize) -> Option<Vec<u32>> {
    if list.is_null() {
        return None;
    }
    // SAFETY: the list has as many entries as were counted with it, each of a C enum's size, and is copied at once.
    Some(unsafe { std::slice::from_raw_parts(list.cast::<u32>(), count) }.to_vec())
}
