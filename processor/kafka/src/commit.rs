//! Commits: positions with their metadata, in one synchronous request, and what its answer means.

use crate::identity::Identity;
use footfall_delivery::{CommitOutcome, Entry};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// The request for these entries, named with the topic as it is now.
pub(crate) fn request(
    topic: &str,
    identity: &Identity,
    entries: &[Entry],
) -> KafkaResult<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(entries.len());
    for entry in entries {
        let (Ok(partition), Ok(position)) = (i32::try_from(entry.partition), i64::try_from(entry.position))
        else {
            return Err(KafkaError::SetPartitionOffset(RDKafkaErrorCode::InvalidArgument));
        };
        let mut element = list.add_partition(topic, partition);
        element.set_offset(Offset::Offset(position))?;
        element.set_metadata(identity.outgoing(entry.meta.clone()).encode());
    }
    Ok(list)
}

/// librdkafka gives one code for the whole request, and a request is not all or nothing. The three codes of a lost
/// membership are the broker's answer to *every* element, so nothing of it is in. Any other may stand for one bad element
/// beside good ones, or for a request that is still on its way.
pub(crate) fn outcome(result: &KafkaResult<()>) -> CommitOutcome {
    let Err(error) = result else {
        return CommitOutcome::Accepted;
    };
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::UnknownMemberId
            | RDKafkaErrorCode::IllegalGeneration
            | RDKafkaErrorCode::RebalanceInProgress
            | RDKafkaErrorCode::FencedInstanceId,
        ) => CommitOutcome::Refused,
        _ => CommitOutcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::{outcome, request};
    use crate::identity::Identity;
    use footfall_delivery::{CommitOutcome, Entry, Meta};
    use rdkafka::error::{KafkaError, RDKafkaErrorCode};
    use rdkafka::topic_partition_list::Offset;

    #[test]
    fn only_a_lost_membership_is_a_refusal() {
        let of = |code| outcome(&Err(KafkaError::ConsumerCommit(code)));
        assert_eq!(outcome(&Ok(())), CommitOutcome::Accepted);
        for code in [
            RDKafkaErrorCode::UnknownMemberId,
            RDKafkaErrorCode::IllegalGeneration,
            RDKafkaErrorCode::RebalanceInProgress,
        ] {
            assert_eq!(of(code), CommitOutcome::Refused, "{code:?}");
        }
        for code in [
            RDKafkaErrorCode::WaitingForCoordinator,
            RDKafkaErrorCode::OffsetMetadataTooLarge,
            RDKafkaErrorCode::UnknownTopicOrPartition,
            RDKafkaErrorCode::RequestTimedOut,
            RDKafkaErrorCode::BrokerTransportFailure,
            RDKafkaErrorCode::NotCoordinator,
        ] {
            assert_eq!(of(code), CommitOutcome::Unknown, "{code:?}");
        }
    }

    #[test]
    fn a_request_says_the_topic_that_is_there_now() {
        let mut identity = Identity::new("first".to_owned());
        identity.set("second".to_owned());
        let entry = Entry {
            partition: 3,
            position: 17,
            meta: Meta::Closed {
                topic: "first".to_owned(),
            },
        };
        let list = request("events", &identity, &[entry]).unwrap();
        let elements = list.elements();
        assert_eq!(
            (elements[0].partition(), elements[0].offset()),
            (3, Offset::Offset(17))
        );
        assert_eq!(elements[0].metadata(), "footfall1 closed second");
    }
}
